import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { basename, dirname, extname, relative, resolve } from 'node:path'
import { notebookCells } from './notebook-cells.js'
import { refused } from './slice-problem.js'
import type { TypeScript } from './typescript.js'

/** A cell, or a whole file, as TypeScript. */
export interface SourceCell {
  /** From 1 among the code cells; null for a file. */
  number: number | null
  id: string | null
  /** SHA-256 of its source, in hexadecimal. */
  hash: string
  /** Its text, blanks in the place of shell and magic lines. */
  code: string
  /** Where those lines begin. */
  magics: readonly number[]
  /** How messages name it: `cell 3`, `vitals.ts`. */
  name: string
}

/** What a slice is taken from. */
export interface SliceSource {
  /** An absolute path. */
  file: string
  folder: string
  /** The file's name without its folder. */
  name: string
  isNotebook: boolean
  cells: readonly SourceCell[]
  /** SHA-256 of all cells' sources, or of the file, in hexadecimal. */
  hash: string
}

/** Reads a notebook or a TypeScript file. */
export async function readSliceSource(ts: TypeScript, given: string): Promise<SliceSource> {
  const file = resolve(given)
  const isNotebook = extname(file) === '.ipynb'
  const name = basename(file)
  try {
    const about = { file, folder: dirname(file), name, isNotebook }
    if (isNotebook) {
      const cells = await notebookCells(file)
      const hash = sha256(JSON.stringify(cells.map(({ source }) => source)))
      return { ...about, hash, cells: cells.map(one => cellOf(ts, one.source, one)) }
    }
    const text = await readFile(file, 'utf8')
    return { ...about, hash: sha256(text), cells: [fileCell(text, name)] }
  } catch (cause) {
    const { code, syscall } = cause as NodeJS.ErrnoException
    if (syscall === undefined) throw cause
    const shown = relative('', file)
    throw refused(
      code === 'ENOENT'
        ? `There is no file ${shown}. Name the notebook from the folder you are in.`
        : `${shown} cannot be read (${code}). Name a notebook or a TypeScript file.`,
      cause,
    )
  }
}

/** A file as a source of one cell. */
export function fileCell(text: string, name: string): SourceCell {
  return { number: null, id: null, hash: sha256(text), code: text, magics: [], name }
}

/** How messages name a place in a cell, from its offset: `cell 3, line 2`. */
export function placeIn(cell: SourceCell, offset: number): string {
  return `${cell.name}, line ${lineOf(cell, offset)}`
}

/** The line, from 1, that an offset is on. */
export function lineOf({ code }: SourceCell, offset: number): number {
  return code.slice(0, offset).split('\n').length
}

/** SHA-256 of a text, in hexadecimal. */
export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

function cellOf(
  ts: TypeScript,
  source: string,
  { number, id }: { number: number; id: string | null },
): SourceCell {
  return { number, id, hash: sha256(source), name: `cell ${number}`, ...withoutMagics(ts, source) }
}

/**
 * Puts blanks in the place of `%magic` and `!shell` lines. One is a line that begins with the sign and a word, after code
 * that is complete: within a call or a template literal such a line is code.
 */
function withoutMagics(ts: TypeScript, source: string): { code: string; magics: number[] } {
  const blank = (text: string): string => text.replace(/[^\r\n]/g, ' ')
  if (/^\s*%%/.test(source)) return { code: blank(source), magics: [0] }
  const magics: number[] = []
  let code = ''
  for (const line of source.split(/(?<=\n)/)) {
    if (/^(%[a-z]|!\s*[a-z./~])/i.test(line) && isComplete(ts, code)) {
      magics.push(code.length)
      code += blank(line)
    } else {
      code += line
    }
  }
  return { code, magics }
}

function isComplete(ts: TypeScript, code: string): boolean {
  const compilerOptions = { target: ts.ScriptTarget.ESNext, module: ts.ModuleKind.ESNext }
  const { diagnostics } = ts.transpileModule(code, { reportDiagnostics: true, compilerOptions })
  return diagnostics === undefined || diagnostics.length === 0
}
