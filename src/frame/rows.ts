import type { ColumnKind, Value } from '../change/column-type.js'
import type { Column } from './column.js'
import { ColumnBuilder, type ColumnBuilderOptions } from './column-builder.js'

/**
 * Builds columns from row objects. A name is a column from the first row that has it; the rows before it, and those
 * after that lack it, are null in it.
 */
export class RowsBuilder {
  readonly #options: (name: string) => ColumnBuilderOptions | null
  readonly #builders: Map<string, ColumnBuilder | null> = new Map()
  /** What was said of columns to come. */
  readonly #kinds: Map<string, ColumnKind> = new Map()
  #length = 0
  /** The names of the last row, whose builders need no look-up when the next row has the same. */
  #shape: readonly string[] = []
  #shapeBuilders: readonly (ColumnBuilder | null)[] = []

  /** `options` is asked once for each name that occurs; null leaves the column out. */
  constructor(options: (name: string) => ColumnBuilderOptions | null) {
    this.#options = options
  }

  /** How many rows were appended. */
  get length(): number {
    return this.#length
  }

  /** Bytes held so far, text in dictionaries estimated. */
  get byteLength(): number {
    let bytes = 0
    for (const builder of this.#builders.values()) bytes += builder?.byteLength ?? 0
    return bytes
  }

  /** All names that occurred, in the order of appearance, those left out too. */
  get names(): readonly string[] {
    return [...this.#builders.keys()]
  }

  /**
   * Says of which kinds the values of the rows to come are. A column whose kind was another becomes what holds both; one
   * that is not there yet will be of this kind.
   */
  expect(kinds: Iterable<{ readonly name: string; readonly kind: ColumnKind }>): void {
    for (const { name, kind } of kinds) {
      this.#kinds.set(name, kind)
      this.#builders.get(name)?.expect(kind)
    }
  }

  /** Appends a row; null appends a row of nulls. */
  append(row: object | null): void {
    const values = (row ?? {}) as Record<string, Value | undefined>
    const names = Object.keys(values)
    if (!this.#isShape(names)) this.#learn(names)
    for (let i = 0; i < names.length; i++) this.#shapeBuilders[i]?.append(values[names[i]!])
    this.#length++
    if (names.length < this.#builders.size) this.#fill()
  }

  /** Makes `name` a column even if no row has it. */
  declare(name: string): void {
    if (!this.#builders.has(name)) this.#builders.set(name, this.#newBuilder(name))
  }

  /** The columns of all rows appended, in the order of appearance. */
  finish(): Column[] {
    return [...this.#builders.values()].flatMap(builder => (builder === null ? [] : [builder.finish()]))
  }

  #isShape(names: readonly string[]): boolean {
    if (names.length !== this.#shape.length) return false
    for (let i = 0; i < names.length; i++) if (names[i] !== this.#shape[i]) return false
    return true
  }

  #learn(names: readonly string[]): void {
    for (const name of names) this.declare(name)
    this.#shape = names
    this.#shapeBuilders = names.map(name => this.#builders.get(name)!)
  }

  #newBuilder(name: string): ColumnBuilder | null {
    const options = this.#options(name)
    if (options === null) return null
    const builder = new ColumnBuilder(name, { ...options, kind: this.#kinds.get(name) ?? options.kind })
    builder.appendNulls(this.#length)
    return builder
  }

  /** Nulls in the columns that the last row lacked. */
  #fill(): void {
    for (const builder of this.#builders.values()) {
      if (builder !== null && builder.length < this.#length) builder.append(null)
    }
  }
}

/** The columns of row objects, with the kinds given and the others inferred. A name with a kind is a column anyway. */
export function columnsOfRows(
  rows: Iterable<object>,
  kinds: Readonly<Record<string, ColumnKind | undefined>>,
): Column[] {
  const builder = new RowsBuilder(name => ({ kind: kinds[name] }))
  for (const row of rows) builder.append(row)
  for (const name of Object.keys(kinds)) builder.declare(name)
  return builder.finish()
}
