import { basename } from 'node:path'
import { buildFile } from './build-file.js'
import { dockerfile, dockerIgnore, gitIgnore } from './dockerfile.js'
import type { Fixture } from './fixture.js'
import { lockFile } from './lock-file.js'
import type { PackageFile } from './package-file.js'
import type { PackedObslab } from './packed-obslab.js'
import type { PipelineSlice } from './pipeline-slice.js'
import { type ProvenanceParts, provenanceText } from './provenance.js'
import { readme } from './readme.js'
import type { TopicsFile } from './topics-file.js'

/** What a project is made of. */
export interface ProjectParts extends ProvenanceParts {
  slice: PipelineSlice
  job: PackageFile
  obslab: PackedObslab
  topics: TopicsFile
  fixture: Fixture
  /** The package-lock.json to keep; null for the one that comes with obslab. */
  lock: string | null
}

/** The files of an exported job by their paths, with their contents; those of the slice are written already. */
export async function projectFiles(parts: ProjectParts): Promise<Map<string, string | Buffer>> {
  const { slice, job, obslab, topics, fixture, lock, run, forced } = parts
  const { exportName } = slice
  const about = {
    name: job.name,
    file: job.obslab.pipeline,
    notebook: basename(slice.source),
    exportName,
    run,
    topics,
    obslab: obslab.file,
    fixture: fixture.counts,
    forced,
  }
  return new Map<string, string | Buffer>([
    ['src/main.ts', mainText(exportName)],
    [`test/${exportName}.test.ts`, testText(exportName)],
    ['test/fixture.jsonl', fixture.changes],
    ['test/expected.jsonl', fixture.expected],
    ['package.json', jsonText(job)],
    ['package-lock.json', lock ?? (await lockFile(job, obslab))],
    [obslab.file, obslab.content],
    ['build.js', buildFile],
    ['tsconfig.json', jsonText(tsconfig)],
    ['topics.json', jsonText(topics)],
    ['provenance.json', provenanceText(parts)],
    ['README.md', readme(about)],
    ['Dockerfile', dockerfile(obslab.file)],
    ['.dockerignore', dockerIgnore],
    ['.gitignore', gitIgnore],
  ])
}

function mainText(name: string): string {
  return `import { startJob } from 'obslab/job'
import { ${name} } from './${name}.js'

await startJob(${name})
`
}

function testText(name: string): string {
  return `import { readFileSync } from 'node:fs'
import { outputOf } from 'obslab/job'
import { expect, test } from 'vitest'
import { ${name} } from '../src/${name}.js'

const read = (file: string): string => readFileSync(new URL(file, import.meta.url), 'utf8')

test('${name} gives the rows expected for the recorded changes, byte for byte', () => {
  expect(outputOf(${name}, read('fixture.jsonl'))).toBe(read('expected.jsonl'))
})
`
}

const tsconfig = {
  compilerOptions: {
    target: 'ES2023',
    lib: ['ES2023'],
    module: 'NodeNext',
    moduleResolution: 'NodeNext',
    types: ['node'],
    strict: true,
    verbatimModuleSyntax: true,
    resolveJsonModule: true,
    skipLibCheck: true,
    noEmit: true,
  },
  include: ['src', 'test'],
}

function jsonText(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`
}
