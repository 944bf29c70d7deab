import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { buildSync } from 'esbuild'
import type { PipelineSlice } from '../../src/export/slice.js'
import * as job from '../../src/job.js'
import type { Pipeline } from '../../src/pipeline/pipeline.js'

/** The pipeline of a slice that was written to a folder, bundled by esbuild and run, with this very obslab. */
export function loadSlice(slice: PipelineSlice, folder: string): Pipeline<object> {
  const root = mkdtempSync(join(folder, 'slice-'))
  const entry = join(root, `${slice.exportName}.ts`)
  writeFileSync(entry, slice.text)
  for (const { path, text } of slice.files) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  const { outputFiles } = buildSync({
    entryPoints: [entry],
    bundle: true,
    write: false,
    format: 'cjs',
    platform: 'node',
    external: ['obslab/job'],
    logLevel: 'silent',
    tsconfigRaw: { compilerOptions: { verbatimModuleSyntax: true } },
  })
  return exportsOf(outputFiles[0]!.text)[slice.exportName] as Pipeline<object>
}

/** What JavaScript of CommonJS exports. */
export function exportsOf(code: string, modules: Record<string, unknown> = {}): Record<string, unknown> {
  const module = { exports: {} as Record<string, unknown> }
  const require = (name: string): unknown => (name === 'obslab/job' ? job : modules[name])
  new Function('module', 'exports', 'require', code)(module, module.exports, require)
  return module.exports
}
