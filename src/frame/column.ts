import type { ColumnKind, Value } from '../change/column-type.js'
import { ObslabError } from '../errors.js'
import { printAs } from '../inspect.js'
import { type Chunk, chunkAt, chunkBytes, isValid } from './chunk.js'

/** What a {@link Column} is made of. */
export interface ColumnParts {
  name: string
  kind: ColumnKind
  /** Whether displays and exports mask the values unless they are asked not to. */
  sensitive: boolean
  /** All full but the last. */
  chunks: readonly Chunk[]
  /**
   * Which row of the chunks stands in each row of the column, −1 for null; null when the column is the chunks as
   * they are. Columns that were filtered, sorted or joined share their chunks with the column they came from.
   */
  rows: Int32Array | null
}

/** An immutable column of one kind: chunks in Arrow's layout, seen through an optional selection of rows. */
export class Column implements Iterable<Value> {
  readonly name: string
  readonly kind: ColumnKind
  /** Whether displays and exports mask the values unless they are asked not to. */
  readonly sensitive: boolean
  readonly length: number
  /** For kernels: the row of the chunks in each row of the column, −1 for null; null for all rows in order. */
  readonly rows: Int32Array | null
  readonly #chunks: readonly Chunk[]
  #nullCount: number | undefined

  constructor(parts: ColumnParts) {
    this.name = parts.name
    this.kind = parts.kind
    this.sensitive = parts.sensitive
    this.#chunks = parts.chunks
    this.rows = parts.rows
    this.length = parts.rows?.length ?? parts.chunks.reduce((total, chunk) => total + chunk.length, 0)
  }

  /** For kernels: the chunks, all full but the last. */
  get chunks(): readonly Chunk[] {
    return this.#chunks
  }

  /** The value in row `i`, counted from 0. A row that is not there is a `frame-invalid` error. */
  at(i: number): Value {
    if (!(i >= 0 && i < this.length)) throw this.#noRow(i)
    const row = this.rows === null ? i : this.rows[i]!
    return row < 0 ? null : chunkAt(this.#chunks[row >>> 16]!, row & 0xffff)
  }

  /** Whether row `i` is null, without reading the value. */
  isNull(i: number): boolean {
    if (!(i >= 0 && i < this.length)) throw this.#noRow(i)
    const row = this.rows === null ? i : this.rows[i]!
    return row < 0 || !isValid(this.#chunks[row >>> 16]!, row & 0xffff)
  }

  /** How many rows are null. */
  get nullCount(): number {
    if (this.#nullCount === undefined) {
      let nulls = 0
      if (this.rows === null) for (const chunk of this.chunks) nulls += chunk.nullCount
      else for (let i = 0; i < this.length; i++) if (this.isNull(i)) nulls++
      this.#nullCount = nulls
    }
    return this.#nullCount
  }

  /** Bytes kept alive by the column, shared chunks included; text in dictionaries is estimated. */
  get byteLength(): number {
    return this.chunks.reduce((total, chunk) => total + chunkBytes(chunk), this.rows?.byteLength ?? 0)
  }

  /** All values, in order. */
  toArray(): Value[] {
    return Array.from({ length: this.length }, (_, i) => this.at(i))
  }

  *[Symbol.iterator](): Iterator<Value> {
    for (let i = 0; i < this.length; i++) yield this.at(i)
  }

  /** A column of the rows at `indices`, in that order; −1 stands for null. The values are shared, not copied. */
  take(indices: ArrayLike<number>): Column {
    return this.#with({ rows: composeRows(this, indices) })
  }

  /** The same values under another name. */
  rename(name: string): Column {
    return this.#with({ name })
  }

  /** The same values, sensitive or not. */
  withSensitive(sensitive: boolean): Column {
    return this.#with({ sensitive })
  }

  /** What `JSON.stringify` writes of the column: what it is, and none of its values. */
  toJSON(): { name: string; kind: ColumnKind; sensitive: boolean; length: number } {
    const { name, kind, sensitive, length } = this
    return { name, kind, sensitive, length }
  }

  #with(changed: Partial<ColumnParts>): Column {
    const { name, kind, sensitive, chunks, rows } = this
    return new Column({ name, kind, sensitive, chunks, rows, ...changed })
  }

  #noRow(i: number): ObslabError {
    const range = this.length === 0 ? 'it is empty' : `its rows are 0 to ${this.length - 1}`
    return new ObslabError('frame-invalid', `There is no row ${i} in column '${this.name}': ${range}.`)
  }
}

printAs(Column, ({ name, kind, sensitive, length }) => {
  return `Column ${name}: ${kind}${sensitive ? ', masked' : ''}, ${length} rows`
})

/** The rows of the chunks that stand at `indices` of the column. */
function composeRows(column: Column, indices: ArrayLike<number>): Int32Array {
  const { rows, length } = column
  const composed = new Int32Array(indices.length)
  for (let i = 0; i < composed.length; i++) {
    const index = indices[i]!
    if (!(index >= -1 && index < length)) {
      throw new ObslabError('frame-invalid', `There is no row ${index} to take: there are ${length} rows.`)
    }
    composed[i] = index < 0 || rows === null ? index : rows[index]!
  }
  return composed
}

/** {@link Column.take} of several columns of the same length; columns that share a selection go on sharing one. */
export function takeColumns(columns: readonly Column[], indices: ArrayLike<number>): Column[] {
  const taken = new Map<Int32Array | null, Int32Array>()
  return columns.map(column => {
    const rows = taken.get(column.rows) ?? composeRows(column, indices)
    taken.set(column.rows, rows)
    const { name, kind, sensitive, chunks } = column
    return new Column({ name, kind, sensitive, chunks, rows })
  })
}
