/** A cell that went into a slice. */
export interface SlicedCell {
  /** Its place among the notebook's code cells, from 1; 1 for a file. */
  number: number
  /** Its id in the notebook, null where it has none. */
  id: string | null
  /** SHA-256 of its source, in hexadecimal. */
  hash: string
}

/** A file that a slice imports by a relative path, to be written beside it. */
export interface SlicedFile {
  /** Where it goes, relative to the slice: `topics.ts`, `units/weight.ts`. */
  path: string
  /** Where it was read, an absolute path. */
  from: string
  /** What to write: its text, with the specifiers of its imports as an ES module needs them. */
  text: string
}

/** The part of a notebook (or file) that a pipeline follows from. */
export interface PipelineSlice {
  /** TypeScript of the module: header comment, imports, declarations in order with the author's comments and types, the pipeline exported. */
  text: string
  /** The exported name, `vitals`. */
  exportName: string
  /** The packages that it and its files import besides obslab, in alphabetical order. Those of Node are none. */
  packages: readonly string[]
  /** The files that it imports by relative paths, and those that they import, by path. */
  files: readonly SlicedFile[]
  /** The cells that went in, in their order. */
  cells: readonly SlicedCell[]
  /** SHA-256 of the notebook's code cells (not of outputs), or of the file, in hexadecimal. */
  notebookHash: string
  /** For each line of `text` the line of the source it is; null for what obslab wrote. */
  origins: readonly (SliceOrigin | null)[]
  /** The notebook or file it was taken from, an absolute path. */
  source: string
}

/** Where a line of a slice stands in its source. */
export interface SliceOrigin {
  /** How messages name it: `cell 3, line 2`, or `vitals.ts, line 12`. */
  place: string
  /** The cell's number, from 1; null in a file. */
  cell: number | null
  /** The line, from 1. */
  line: number
}
