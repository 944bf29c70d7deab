import { readFile } from 'node:fs/promises'
import { ObslabError } from '../errors.js'

/** A code cell of a notebook on disk. */
export interface NotebookCell {
  /** Its place among the code cells, from 1. */
  number: number
  /** Its id, null where it has none that nbformat allows. */
  id: string | null
  source: string
}

/** The code cells of a notebook; a file that is none is a `job-file-invalid` error. */
export async function notebookCells(path: string): Promise<NotebookCell[]> {
  const notebook = parsed(await readFile(path, 'utf8')) as { cells?: unknown } | null
  if (!Array.isArray(notebook?.cells)) {
    throw new ObslabError(
      'job-file-invalid',
      `Expected ${path} to be a notebook, a .ipynb file of format 4; found something else.`,
    )
  }
  const cells = notebook.cells as { cell_type?: string; id?: unknown; source?: string | string[] }[]
  return cells
    .filter(({ cell_type }) => cell_type === 'code')
    .map(({ id, source = '' }, i) => ({
      number: i + 1,
      id: typeof id === 'string' && /^[\w-]{1,64}$/.test(id) ? id : null,
      source: Array.isArray(source) ? source.join('') : source,
    }))
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
