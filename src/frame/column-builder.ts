import type { ColumnKind, Value } from '../change/column-type.js'
import { ObslabError } from '../errors.js'
import { BinaryWriter, BitsWriter } from './binary-writer.js'
import { type Chunk, chunkAt, chunkBytes, chunkRows } from './chunk.js'
import type { ChunkWriter } from './chunk-writer.js'
import { Column } from './column.js'
import { plainText } from './format.js'
import { BigintWriter, NumberWriter } from './number-writer.js'
import { TextWriter } from './text-writer.js'
import { convertValue, unifiedKind } from './unified-kind.js'

/** What a {@link ColumnBuilder} is told about its column. */
export interface ColumnBuilderOptions {
  /**
   * What the column holds. Left out, it is inferred from the values: whole numbers are `int`, a fraction makes the
   * column `double`, a bigint among whole numbers makes it `bigint`, strings are `text`.
   */
  kind?: ColumnKind | undefined
  /** Whether displays and exports mask the values. Default false. */
  sensitive?: boolean | undefined
  /**
   * Let a value that does not fit change the kind, for columns whose type was altered on the way: `int` becomes
   * `double` or `bigint`, anything else `text`. Default false: it is an error.
   */
  lenient?: boolean | undefined
}

/** Builds one {@link Column}, value by value. After `finish` it is used up. */
export class ColumnBuilder {
  readonly name: string
  readonly #sensitive: boolean
  readonly #inferred: boolean
  readonly #lenient: boolean
  #kind: ColumnKind | undefined
  /** What the values to come are; undefined when nobody said. */
  #coming: ColumnKind | undefined
  #onlyNulls = true
  #chunks: Chunk[] = []
  #sealedRows = 0
  #sealedBytes = 0
  /** Null until the kind is known; the rows before are all null. */
  #writer: ChunkWriter | null
  #leadingNulls = 0

  constructor(name: string, options: ColumnBuilderOptions = {}) {
    this.name = name
    this.#kind = options.kind
    this.#inferred = options.kind === undefined
    this.#lenient = options.lenient ?? false
    this.#sensitive = options.sensitive ?? false
    this.#writer = options.kind === undefined ? null : newWriter(options.kind)
  }

  /** How many values were appended, nulls included. */
  get length(): number {
    return this.#sealedRows + this.#leadingNulls + (this.#writer?.length ?? 0)
  }

  /** What the column holds; undefined while it is to be inferred and every value was null. */
  get kind(): ColumnKind | undefined {
    return this.#kind
  }

  /** Bytes held so far; text in dictionaries is estimated. */
  get byteLength(): number {
    return this.#sealedBytes + (this.#writer?.byteLength ?? 0)
  }

  /**
   * Says that the values to come are of another kind, because the column's type was altered. The column becomes what holds
   * both, and what is appended is converted to it.
   */
  expect(kind: ColumnKind): void {
    if (kind === this.#coming || (this.#coming === undefined && kind === this.#kind)) return
    const held = this.#kind
    const unified = held === undefined || this.#onlyNulls ? kind : unifiedKind(held, kind)
    this.#coming = undefined
    if (held !== undefined && unified !== held)
      this.#rebuild(unified, value => convertValue(value, held, unified))
    this.#coming = kind
  }

  /** Appends one value. One that does not fit the kind is a `frame-invalid` error that does not show the value. */
  append(value: Value | undefined): void {
    if (this.#writer === null || value === null || value === undefined) {
      this.#appendFirst(value ?? null)
      return
    }
    const fitting =
      this.#coming === undefined || this.#coming === this.#kind
        ? value
        : convertValue(value, this.#coming, this.#kind!)
    this.#onlyNulls = false
    if (this.#writer.length === chunkRows) this.#writer = this.#seal(this.#writer)
    if (!this.#writer.append(fitting)) this.#appendMisfit(fitting)
    else if (this.#kind === 'int' && (this.#inferred || this.#lenient)) this.#checkWhole(fitting as number)
  }

  /** Appends `count` nulls. */
  appendNulls(count: number): void {
    for (let i = 0; i < count; i++) this.append(null)
  }

  /** The column of all values appended. All null without a kind, it is `text`. */
  finish(): Column {
    this.#kind ??= 'text'
    const writer = this.#writer ?? this.#start(this.#kind)
    if (writer.length > 0) this.#chunks.push(writer.finish())
    const { name, kind } = { name: this.name, kind: this.#kind }
    return new Column({ name, kind, sensitive: this.#sensitive, chunks: this.#chunks, rows: null })
  }

  /** A null, or the first value of a column whose kind is to be inferred. */
  #appendFirst(value: Value): void {
    if (value === null) {
      if (this.#writer === null) this.#leadingNulls++
      else this.#current(this.#writer).appendNull()
      return
    }
    this.#kind = inferKind(value)
    this.#writer = this.#start(this.#kind)
    this.append(value)
  }

  /** The first writer, with the nulls that came before the kind was known. */
  #start(kind: ColumnKind): ChunkWriter {
    let writer = newWriter(kind)
    this.#writer = writer
    for (; this.#leadingNulls > 0; this.#leadingNulls--) {
      writer = this.#current(writer)
      writer.appendNull()
    }
    return writer
  }

  #current(writer: ChunkWriter): ChunkWriter {
    if (writer.length < chunkRows) return writer
    this.#writer = this.#seal(writer)
    return this.#writer
  }

  #seal(writer: ChunkWriter): ChunkWriter {
    const chunk = writer.finish()
    this.#chunks.push(chunk)
    this.#sealedRows += chunk.length
    this.#sealedBytes += chunkBytes(chunk)
    return newWriter(this.#kind!)
  }

  #checkWhole(value: number): void {
    if (!Number.isSafeInteger(value)) this.#kind = 'double'
  }

  #appendMisfit(value: Exclude<Value, null>): void {
    const widens = this.#inferred || this.#lenient
    if (widens && this.#kind === 'int' && typeof value === 'bigint') {
      this.#rebuild('bigint', held => BigInt(held as number))
      this.append(value)
    } else if (widens && this.#kind === 'bigint' && Number.isSafeInteger(value)) {
      this.append(BigInt(value as number))
    } else if (this.#lenient) {
      const kind = this.#kind!
      if (!(this.#writer instanceof TextWriter)) this.#rebuild('text', held => plainText(kind, held))
      this.append(plainText('text', value))
    } else {
      throw new ObslabError(
        'frame-invalid',
        `Column '${this.name}' is ${this.#kind}${this.#inferred ? ' by its first values' : ''}, but row ` +
          `${this.length} holds ${describeType(value)}. Give the column's kind, or make its values alike.`,
      )
    }
  }

  /** Goes on as another kind, with the values so far converted. */
  #rebuild(kind: ColumnKind, convert: (value: Exclude<Value, null>) => Value): void {
    const chunks = [...this.#chunks, this.#writer!.finish()]
    this.#kind = kind
    this.#chunks = []
    this.#sealedRows = 0
    this.#sealedBytes = 0
    this.#writer = newWriter(kind)
    for (const chunk of chunks) {
      for (let j = 0; j < chunk.length; j++) {
        const value = chunkAt(chunk, j)
        this.append(value === null ? null : convert(value))
      }
    }
  }
}

/** A column of `values`. */
export function columnOf(
  name: string,
  values: Iterable<Value | undefined>,
  options: ColumnBuilderOptions = {},
): Column {
  const builder = new ColumnBuilder(name, options)
  for (const value of values) builder.append(value)
  return builder.finish()
}

function newWriter(kind: ColumnKind): ChunkWriter {
  switch (kind) {
    case 'int':
      return new NumberWriter(false)
    case 'double':
    case 'datetime':
    case 'timestamp':
      return new NumberWriter(true)
    case 'bigint':
      return new BigintWriter()
    case 'boolean':
      return new BitsWriter()
    case 'bytes':
      return new BinaryWriter()
    case 'text':
    case 'decimal':
    case 'date':
    case 'time':
    case 'json':
      return new TextWriter()
  }
}

function inferKind(value: Exclude<Value, null>): ColumnKind {
  switch (typeof value) {
    case 'number':
      return Number.isSafeInteger(value) ? 'int' : 'double'
    case 'bigint':
      return 'bigint'
    case 'boolean':
      return 'boolean'
    case 'string':
      return 'text'
    default:
      return 'bytes'
  }
}

function describeType(value: unknown): string {
  if (value instanceof Uint8Array) return 'bytes'
  if (Array.isArray(value)) return 'an array'
  if (value instanceof Date) return 'a Date (give its getTime())'
  const type = typeof value
  return type === 'object' ? 'an object' : `a ${type}`
}
