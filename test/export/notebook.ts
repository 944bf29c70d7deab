import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** A code cell of a test: its source, or more of it. */
export type TestCell =
  | string
  | { source: string; id?: string; outputs?: unknown[]; execution_count?: number; cell_type?: string }

/** Writes a notebook of literal cells and gives its path. */
export function writeNotebook(
  folder: string,
  cells: readonly TestCell[],
  name: string = 'one.ipynb',
): string {
  const path = join(folder, name)
  const written = cells.map(cell => {
    const { source, ...rest } = typeof cell === 'string' ? { source: cell } : cell
    return { cell_type: 'code', ...rest, source: source.split(/(?<=\n)/) }
  })
  writeFileSync(path, JSON.stringify({ nbformat: 4, nbformat_minor: 5, cells: written }))
  return path
}
