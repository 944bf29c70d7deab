import { basename, extname } from 'node:path'
import type { Table } from 'apache-arrow'
import type { DataFrame } from 'danfojs-node'
import type { ColumnKind, Row, Value } from '../change/column-type.js'
import { ObslabError } from '../errors.js'
import { printAs } from '../inspect.js'
import { loadPackage } from '../optional-package.js'
import type { Aggregate, Aggregated } from './aggregate.js'
import { toArrow } from './arrow.js'
import { type Column, takeColumns } from './column.js'
import { concatColumns } from './concat.js'
import { csvLines } from './csv.js'
import { columnsOfDanfo, type DanfoOptions, toDanfo } from './danfo.js'
import { type Derived, deriveColumn } from './derive.js'
import { type DescribeOptions, type Description, describeColumns } from './describe.js'
import { encodeColumns } from './encode.js'
import { type ExportOptions, exposeColumns } from './expose.js'
import { filterRows } from './filter.js'
import { groupColumns } from './group-by.js'
import { frameHtml, type HtmlOptions } from './html.js'
import { type Joined, type JoinOptions, joinColumns } from './join.js'
import { jsonLines } from './json-lines.js'
import { type JsonScalar, jsonValue } from './json-value.js'
import { columnNamed, type Name } from './names.js'
import { columnsOfRows } from './rows.js'
import { type SortKey, sortRows } from './sort.js'
import { frameText, type TextOptions } from './text.js'
import { writeFileWhole } from './write-file.js'

/**
 * Immutable named columns of one length, in Arrow's layout. Every verb gives a new frame; values are shared, not
 * copied. `R` is the type of a row. Displays and exports mask sensitive columns; `rows`, `row` and `column` give
 * the values themselves.
 */
export class Frame<R extends object = Row> implements Iterable<R> {
  /** The columns, in order. */
  readonly columns: readonly Column[]
  /** The number of rows. */
  readonly length: number

  private constructor(columns: readonly Column[], length: number) {
    this.columns = columns
    this.length = length
  }

  /**
   * A frame of row objects. Columns are all names that occur, in the order of appearance; a name missing in a row is
   * null. The kinds of `kinds` are used, and its names are columns even of no rows; other kinds are inferred: whole
   * numbers are `int`, strings `text`. A value that does not fit its column is a `frame-invalid` error.
   */
  static from<R extends object = Row>(
    rows: Iterable<R>,
    kinds: { readonly [K in Name<R>]?: ColumnKind } = {},
  ): Frame<R> {
    return Frame.fromColumns<R>(columnsOfRows(rows, kinds))
  }

  /**
   * A frame of columns, which have the same length and different names: else a `frame-invalid` error. The caller
   * vouches that they are the columns of `R`.
   */
  static fromColumns<R extends object = Row>(columns: readonly Column[]): Frame<R> {
    const length = columns[0]?.length ?? 0
    const names = new Set<string>()
    for (const column of columns) {
      if (names.has(column.name)) {
        throw new ObslabError('frame-invalid', `Two columns are named '${column.name}': rename one.`)
      }
      names.add(column.name)
      if (column.length !== length) {
        throw new ObslabError(
          'frame-invalid',
          `Columns of a frame have one length: '${columns[0]!.name}' has ${length} rows, ` +
            `'${column.name}' has ${column.length}.`,
        )
      }
    }
    return new Frame<R>([...columns], length)
  }

  /**
   * A frame of a danfo.js DataFrame. Numbers are `int` or `double`, text is `text`; `kinds` reads bigints, times and
   * bytes back from the text that `danfo()` wrote. Missing values and NaN become null.
   */
  static fromDanfo<R extends object = Row>(
    frame: DataFrame,
    kinds: { readonly [K in Name<R>]?: ColumnKind } = {},
  ): Frame<R> {
    return Frame.fromColumns<R>(columnsOfDanfo(frame, kinds))
  }

  /** The names of the columns, in order. */
  get names(): readonly string[] {
    return this.columns.map(column => column.name)
  }

  /** The column of that name; none is a `column-unknown` error that names the nearest. */
  column(name: Name<R>): Column {
    return columnNamed(this.columns, name)
  }

  /** Row `i`, counted from 0, as a plain object. A row that is not there is a `frame-invalid` error. */
  row(i: number): R {
    const row: Record<string, Value> = {}
    for (const column of this.columns) row[column.name] = column.at(i)
    return row as R
  }

  /** The rows as plain objects with their real values, the first `limit` of them (default: all). */
  rows(options: { limit?: number } = {}): R[] {
    const length = Math.min(this.length, options.limit ?? this.length)
    return Array.from({ length }, (_, i) => this.row(i))
  }

  *[Symbol.iterator](): Iterator<R> {
    for (let i = 0; i < this.length; i++) yield this.row(i)
  }

  /** The first `n` rows, 10 when left out. */
  head(n = 10): Frame<R> {
    return this.take(Int32Array.from({ length: Math.min(Math.max(n, 0), this.length) }, (_, i) => i))
  }

  /** The rows at `indices`, in that order, as often as they are named. */
  take(indices: ArrayLike<number>): Frame<R> {
    return new Frame<R>(takeColumns(this.columns, indices), indices.length)
  }

  /** The named columns, in the order named. */
  select<K extends Name<R>>(...names: K[]): Frame<Pick<R, K>> {
    return Frame.fromColumns<Pick<R, K>>(names.map(name => this.column(name)))
  }

  /**
   * Adds a column for each function: what it returns for each row. A column of the same name is replaced. The kind
   * is inferred from the values unless `kinds` gives it. The column is sensitive when one the function read is.
   */
  derive<D extends Record<string, (row: R, i: number) => Value>>(
    functions: D,
    kinds: { readonly [K in keyof D]?: ColumnKind } = {},
  ): Frame<Derived<R, D>> {
    const derived = Object.entries(functions).map(([name, of]) =>
      deriveColumn(name, of, this.columns, this.length, kinds[name]),
    )
    const replaced = new Map(derived.map(column => [column.name, column]))
    const kept = this.columns.map(column => replaced.get(column.name) ?? column)
    const added = derived.filter(column => !kept.includes(column))
    return new Frame<Derived<R, D>>([...kept, ...added], this.length)
  }

  /** The rows for which `test` is truthy. It reads only the columns it asks for. */
  filter(test: (row: R, i: number) => unknown): Frame<R> {
    return this.take(filterRows(this.columns, this.length, test))
  }

  /**
   * The rows ordered by the columns named, or `desc('column')`; equal rows stay in their order. As in MySQL null is
   * smaller than every value: first in ascending order, last in descending. Decimals and times are ordered by what
   * they mean, other text by code point.
   */
  sort(...keys: (Name<R> | SortKey<Name<R>>)[]): Frame<R> {
    const resolved = keys.map(key => {
      const sortKey: SortKey<Name<R>> = typeof key === 'object' ? key : { column: key }
      return { column: this.column(sortKey.column), order: sortKey.order ?? 'asc' }
    })
    return this.take(sortRows(resolved, this.length))
  }

  /** Each different row once, in the order of first appearance; of the named columns only, if some are named. */
  distinct<K extends Name<R> = Name<R>>(...names: K[]): Frame<Pick<R, K>> {
    const columns = names.length === 0 ? this.columns : names.map(name => this.column(name))
    const { first } = encodeColumns(columns, this.length)
    return new Frame<Pick<R, K>>(takeColumns(columns, first), first.length)
  }

  /**
   * The rows of both frames side by side where the columns of `on` are equal, in the order of the left rows. Null
   * equals nothing. Of key columns with one name the left one is kept. Other names that both frames have are a
   * `frame-invalid` error unless `suffix` says what is appended to the right ones.
   */
  join<
    O extends object,
    On extends Name<R> & Name<O> = never,
    How extends 'inner' | 'left' = 'inner',
    S extends string = '',
    // A parameter and not the result itself: named there, a Frame<Obs> would not be taken where any Frame is.
    J extends object = Joined<R, O, On, How, S>,
  >(other: Frame<O>, options: JoinOptions<R, O, On, How, S>): Frame<J> {
    const { on, how = 'inner', suffix = '' } = options ?? {}
    const columns = on as readonly string[] | Record<string, string>
    return Frame.fromColumns(joinColumns(this.columns, other?.columns, { on: columns, how, suffix }))
  }

  /** The groups of rows with equal values in the named columns; without names, all rows are one group. */
  groupBy<K extends Name<R>>(...names: K[]): GroupedFrame<R, K> {
    return new GroupedFrame<R, K>(this, names)
  }

  /** The rows of this frame and of `others`, one below the other. All have the same columns. */
  concat(...others: readonly Frame<R>[]): Frame<R> {
    return Frame.fromColumns<R>(concatColumns([this, ...others].map(frame => frame.columns)))
  }

  /** One row a column: its count, nulls, distinct values, smallest, largest, mean. */
  describe(options: DescribeOptions = {}): Frame<Description> {
    return Frame.fromColumns<Description>(describeColumns(this.columns, options))
  }

  /** The frame with the named columns no longer sensitive: a decision to show them, to be made knowingly. */
  declassify(...names: Name<R>[]): Frame<R> {
    const named = new Set(names.map(name => this.column(name)))
    const columns = this.columns.map(column => (named.has(column) ? column.withSensitive(false) : column))
    return new Frame<R>(columns, this.length)
  }

  /** The frame as an aligned text table, as it prints. */
  text(options: TextOptions = {}): string {
    return frameText(this.columns, this.length, options)
  }

  /** The frame as an HTML table that needs nothing else. */
  html(options: HtmlOptions = {}): string {
    return frameHtml(this.columns, this.length, options)
  }

  /**
   * The frame as a danfo.js DataFrame, of at most `limit` rows (default 20,000; more are a `too-many-rows` error).
   * Numbers and booleans stay; bigints, decimals, times (ISO) and bytes (hex) are text, so that none is wrong.
   * danfo computes over whole DataFrames in 32-bit floats and its groupby counts null as 0: see its columns for
   * exact arithmetic, and drop nulls first. Needs danfojs-node (`package-missing`).
   */
  danfo(options: DanfoOptions = {}): Promise<DataFrame> {
    return toDanfo(this.columns, this.length, options)
  }

  /**
   * The frame as an apache-arrow Table; numbers and UTF-8 text are shared with it, not copied. Times are Arrow
   * timestamps where those hold them exactly. Needs apache-arrow (`package-missing`).
   */
  async arrow(options: ExportOptions = {}): Promise<Table> {
    const arrow = await loadPackage('apache-arrow', 'arrow()', () => import('apache-arrow'))
    return toArrow(arrow, this.columns, this.length, options)
  }

  /**
   * The frame as CSV (RFC 4180, CRLF). Null is an empty field, empty text `""`; times are ISO text, UTC ones with Z;
   * bytes are base64.
   */
  csv(options: ExportOptions = {}): string {
    return [...csvLines(this.columns, this.length, options)].join('')
  }

  /**
   * The frame as JSON lines: bigints as integers with all digits, decimals as text, times as milliseconds, bytes as
   * base64. NaN is a `frame-invalid` error.
   */
  jsonLines(options: ExportOptions = {}): string {
    return [...jsonLines(this.columns, this.length, options)].join('')
  }

  /**
   * Writes the frame to a file, as CSV if its name ends in `.csv` and as JSON lines if in `.jsonl` or `.ndjson`. The
   * file appears whole or not at all and replaces one that was there. With `unmask` only its owner may read it.
   */
  async toFile(path: string, options: ExportOptions = {}): Promise<void> {
    const write = formats[extname(path).toLowerCase()]
    if (write === undefined) {
      throw new ObslabError(
        'option-invalid',
        `Expected a file name that ends in ${Object.keys(formats).join(', ')}, found '${basename(path)}'.`,
      )
    }
    const mode = options.unmask ? 0o600 : 0o644
    await writeFileWhole(path, write(this.columns, this.length, options), mode)
  }

  /**
   * What `JSON.stringify` writes of the frame: its rows, masked. A bigint is a number where a number holds it and text
   * beyond, bytes are base64, NaN is null. For the values themselves, stringify `rows()`.
   */
  toJSON(): Readonly<Record<string, JsonScalar>>[] {
    const columns = exposeColumns(this.columns, {})
    return Array.from({ length: this.length }, (_, i) =>
      Object.fromEntries(columns.map(column => [column.name, jsonValue(column.at(i))])),
    )
  }

  /** What a notebook shows for the frame: HTML, and text for viewers without. Masked. */
  mimeBundle(): { 'text/html': string; 'text/plain': string } {
    return { 'text/html': this.html(), 'text/plain': this.text() }
  }
}
printAs(Frame, frame => frame.text())

const formats: Readonly<Record<string, typeof csvLines>> = {
  '.csv': csvLines,
  '.jsonl': jsonLines,
  '.ndjson': jsonLines,
}

/** What {@link Frame.groupBy} gives: the rows of a frame in groups. */
export class GroupedFrame<R extends object, K extends Name<R>> {
  readonly #frame: Frame<R>
  readonly #names: readonly K[]

  constructor(frame: Frame<R>, names: readonly K[]) {
    this.#frame = frame
    this.#names = names
  }

  /**
   * One row a group, ordered by the columns grouped by: those columns and one for each aggregate, such as
   * `{ n: count(), average: mean('value_numeric') }`.
   */
  aggregate<A extends Record<string, Aggregate>>(aggregates: A): Frame<Pick<R, K> & Aggregated<A>> {
    const { columns, length } = this.#frame
    return Frame.fromColumns(groupColumns(columns, length, this.#names, aggregates))
  }
}
