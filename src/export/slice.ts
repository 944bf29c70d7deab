import { BesideFiles, type JobSpecifier } from './beside-files.js'
import { findPipeline } from './find-pipeline.js'
import { NeededParts } from './needed-parts.js'
import { obslabNames } from './obslab-names.js'
import type { PipelineSlice } from './pipeline-slice.js'
import { placeIn, readSliceSource } from './slice-source.js'
import { sliceText } from './slice-text.js'
import { topStatements } from './top-statements.js'
import { loadTypeScript } from './typescript.js'

export type { PipelineSlice, SlicedCell, SlicedFile, SliceOrigin } from './pipeline-slice.js'

/**
 * Takes from a notebook, or from a TypeScript file, the pipeline `name` (of the variable, or of `pipeline('name')`) and
 * what it follows from: declarations as the author wrote them, with comments and types, and imports of the names used, with
 * `obslab/job` in the place of `obslab`. What shows, awaits or runs something else stays behind.
 *
 * A pipeline that follows from something else than declarations is an `export-refused` error with cell, line and what to
 * do: a value that is awaited, a variable assigned to or changed, a name that several cells declare or none, a name that
 * only notebooks have. Needs the optional package typescript.
 */
export async function slicePipeline(file: string, name: string): Promise<PipelineSlice> {
  const ts = await loadTypeScript()
  const source = await readSliceSource(ts, file)
  const names = await obslabNames(ts)
  const statements = topStatements(ts, source.cells)
  const found = findPipeline(ts, source, statements, name)
  const needed = new NeededParts(ts, source, statements, names)
  if (found.imported === null) needed.gather(found.name)
  else needed.gatherImport(found.name)
  const imports = [...needed.imports.values()]
  const beside = new BesideFiles(ts, names, source.folder, ['main', found.name])
  const specifiers = new Map<string, JobSpecifier>()
  for (const { given, statement } of imports) {
    const place = placeIn(statement.cell, statement.node.getStart())
    if (!specifiers.has(given.specifier)) {
      specifiers.set(given.specifier, await beside.add(given.specifier, { folder: source.folder, place }))
    }
  }
  const parts = { source, statements, kept: needed.statements, imports, specifiers, found }
  const used = new Set(
    [...needed.statements, ...imports.map(({ statement }) => statement)].map(({ cell }) => cell),
  )
  return {
    ...sliceText(ts, parts),
    exportName: found.name,
    packages: beside.packages,
    files: beside.files,
    cells: source.cells
      .filter(cell => used.has(cell))
      .map(({ number, id, hash }) => ({ number: number ?? 1, id, hash })),
    notebookHash: source.hash,
    source: source.file,
  }
}
