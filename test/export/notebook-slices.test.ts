import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildSync } from 'esbuild'
import { afterAll, expect, test } from 'vitest'
import { notebookModule } from '../../src/commands/notebook-file.js'
import { checkSlice } from '../../src/export/check-slice.js'
import { sameAsRun } from '../../src/export/same-as-run.js'
import { slicePipeline } from '../../src/export/slice.js'
import * as obslab from '../../src/index.js'
import type { Pipeline } from '../../src/pipeline/pipeline.js'
import { previewPipeline } from '../../src/preview.js'
import { openSource } from '../../src/source/open-source.js'
import { exportsOf, loadSlice } from './run-slice.js'

const folder = mkdtempSync(join(tmpdir(), 'obslab-slices-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** Everything that a notebook declares, run as one module. */
async function declared(path: string): Promise<Record<string, unknown>> {
  const { code } = await notebookModule(path)
  const stdin = { contents: code, resolveDir: 'notebooks' }
  const { outputFiles } = buildSync({
    stdin,
    bundle: true,
    write: false,
    format: 'cjs',
    external: ['obslab'],
  })
  return exportsOf(outputFiles[0]!.text, { obslab })
}

test.each([
  [
    '04-prototype',
    'changes',
    ["In strict TypeScript, cell 4, line 13: 'm.kg' is possibly 'null'. (TS18047)"],
  ],
  [
    '04-prototype',
    'doubtful',
    ["In strict TypeScript, cell 6, line 3: 'o.value_numeric' is possibly 'null'. (TS18047)"],
  ],
  [
    '04-prototype',
    'remarks',
    ["In strict TypeScript, cell 7, line 4: 'o.comments' is possibly 'null'. (TS18047)"],
  ],
  ['05-vitals', 'vitals', []],
  ['06-flat-obs', 'documents', []],
  ['06-flat-obs', 'flatObs', []],
])(
  'of %s, %s gives what its preview in the notebook does, and the types that strict TypeScript doubts are told',
  async (notebook, name, doubts) => {
    const path = `notebooks/${notebook}.ipynb`
    const slice = await slicePipeline(path, name)
    expect(slice.text).not.toMatch(/show\(|explain\(|validate\(|connect\(|\blab\b|await/)
    expect(slice.packages).toEqual([])
    expect((await checkSlice(slice)).map(({ sentence }) => sentence)).toEqual(doubts)

    const sliced = loadSlice(slice, folder)
    const own = ((await declared(path))[name] ??
      (obslab as Record<string, unknown>)[name]) as Pipeline<object>
    expect(sameAsRun(own.plan, sliced.plan)).toEqual({ same: true, differences: [] })
    const source = await openSource('datasets/openmrs')
    const quiet = { onFindings: () => undefined }
    const [expected, found] = [
      await previewPipeline(source, own, quiet),
      await previewPipeline(source, sliced, quiet),
    ]
    expect(found.jsonLines({ unmask: true })).toBe(expected.jsonLines({ unmask: true }))
    expect(found.length).toBeGreaterThan(name === 'doubtful' ? -1 : 0)
  },
)
