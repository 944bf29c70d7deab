import type { z } from 'zod'
import type { Row } from '../change/column-type.js'
import { misfitsOf } from '../change/row-misfit.js'
import { ObslabError } from '../errors.js'
import type { Cell, CellRow } from './cell.js'
import type { Plan } from './plan.js'
import { StepFailure } from './step-failure.js'

const step = '.to(…)'

/** Makes the rows of an output what they are declared to be, or throws a failure of `.to(…)`. */
export class OutputRow {
  readonly #output: string
  readonly #schema: z.ZodObject | null
  readonly #columns: readonly string[]
  readonly #known: ReadonlySet<string>

  constructor({ output, schema }: Pick<Plan, 'output' | 'schema'>) {
    this.#output = output
    this.#schema = schema ?? null
    this.#columns = Object.keys(schema?.shape ?? {})
    this.#known = new Set(this.#columns)
  }

  /**
   * The row as it is written: with the declared columns, in their order, NaN and infinities null. The reason why one does
   * not fit names columns and what was expected, never a value.
   */
  of(row: CellRow): CellRow {
    if (this.#schema === null) return row
    const extra = Object.keys(row).filter(column => !this.#known.has(column))
    const written = this.#isWritten(row) ? row : this.#written(row)
    const misfits = [
      ...extra.map(column => `column ${column}: there is none in the schema`),
      // A cell that is a list or an object is checked as any other value.
      ...misfitsOf(this.#schema, written as Row),
    ]
    if (misfits.length === 0) return written
    throw StepFailure.refused(
      step,
      new ObslabError(
        'value-invalid',
        `Expected a row that fits the schema of ${this.#output}, but ${misfits.slice(0, 3).join('; ')}. ` +
          'Correct the schema if it is wrong, or the step that makes the column.',
      ),
    )
  }

  #isWritten(row: CellRow): boolean {
    let i = 0
    for (const column in row) {
      const cell = row[column]
      if (column !== this.#columns[i++] || cell === undefined || isNotFinite(cell)) return false
    }
    return i === this.#columns.length
  }

  #written(row: CellRow): CellRow {
    const written: Record<string, Cell> = {}
    for (const column of this.#columns) {
      const cell = row[column] ?? null
      written[column] = isNotFinite(cell) ? null : cell
    }
    return written
  }
}

function isNotFinite(cell: Cell): boolean {
  return typeof cell === 'number' && !Number.isFinite(cell)
}
