import type { Data, DataType, RecordBatch, Table } from 'apache-arrow'
import type { Chunk, Float64Chunk } from './chunk.js'
import { chunkAt, isValid } from './chunk.js'
import type { Column } from './column.js'
import { columnOf } from './column-builder.js'
import { type ExportOptions, exposeColumns } from './expose.js'

type Arrow = typeof import('apache-arrow')

/** One column as Arrow has it: a type and one Data a chunk. */
interface ArrowColumn {
  type: DataType
  chunks: Data[]
}

/**
 * Columns as an Arrow table. What is laid out as Arrow has it is not copied: numbers, bigints, booleans, bytes,
 * UTF-8 text, dictionary codes of one chunk. Each field's metadata says the `kind` and whether it is `sensitive`.
 *
 * - `int` is Int32, or Float64 where a value needs it; `double` is Float64; `boolean` Bool; `bytes` Binary.
 * - `bigint` is Int64, or Uint64, or text where neither holds all values.
 * - `datetime` is a Timestamp without zone and `timestamp` one in UTC, in milliseconds, or microseconds where there
 *   are some; if microseconds do not hold a value exactly, the column stays Float64 milliseconds.
 * - Text, decimals, dates, times and JSON are Utf8 or a Dictionary of it. A lone surrogate becomes U+FFFD.
 */
export function toArrow(
  arrow: Arrow,
  columns: readonly Column[],
  length: number,
  options: ExportOptions,
): Table {
  const exposed = exposeColumns(columns, options).map(compact)
  const converted = exposed.map(column => arrowColumn(arrow, column))
  const fields = exposed.map((column, c) => {
    const metadata = new Map([
      ['kind', column.kind],
      ['sensitive', String(column.sensitive)],
    ])
    return new arrow.Field(column.name, converted[c]!.type, true, metadata)
  })
  const schema = new arrow.Schema(fields)
  const batches: RecordBatch[] = []
  for (let row = 0, at = 0; row < length; at++) {
    const children = converted.map(column => column.chunks[at]!)
    const rows = children[0]!.length
    const struct = arrow.makeData({ type: new arrow.Struct(fields), length: rows, nullCount: 0, children })
    batches.push(new arrow.RecordBatch(schema, struct))
    row += rows
  }
  return batches.length === 0 ? new arrow.Table(schema) : new arrow.Table(schema, batches)
}

/** The column without a selection: its chunks are its rows. */
function compact(column: Column): Column {
  if (column.rows === null) return column
  return columnOf(column.name, column, { kind: column.kind, sensitive: column.sensitive })
}

function arrowColumn(arrow: Arrow, column: Column): ArrowColumn {
  const { chunks, kind } = column
  switch (kind) {
    case 'int':
    case 'double':
      return numbers(arrow, chunks)
    case 'datetime':
    case 'timestamp':
      return times(arrow, chunks, kind === 'timestamp' ? 'UTC' : null)
    case 'bigint':
      return bigints(arrow, chunks)
    case 'boolean':
      return sameLayout(arrow, new arrow.Bool(), chunks)
    case 'bytes':
      return heaps(arrow, new arrow.Binary(), chunks)
    default:
      return texts(arrow, chunks)
  }
}

/** Chunks whose values are already the buffer that the type wants. */
function sameLayout(arrow: Arrow, type: DataType, chunks: readonly Chunk[]): ArrowColumn {
  return {
    type,
    chunks: chunks.map(chunk => fixedData(arrow, type, chunk, 'values' in chunk ? chunk.values : [])),
  }
}

function fixedData(arrow: Arrow, type: DataType, chunk: Chunk, data: unknown): Data {
  return makeData(arrow, { type, data, ...rowsOf(chunk) })
}

/** `makeData` picks its overload by the type's class, which is known at run time only. */
function makeData(arrow: Arrow, props: object): Data {
  return (arrow.makeData as (props: object) => Data)(props)
}

function rowsOf({ length, nullCount, validity }: Chunk): object {
  return { length, nullCount, ...(validity === null ? {} : { nullBitmap: validity }) }
}

function heaps(arrow: Arrow, type: DataType, chunks: readonly Chunk[]): ArrowColumn {
  const converted = chunks.map(chunk => {
    const { offsets: valueOffsets, data } = heapOf(chunk)
    return makeData(arrow, { type, valueOffsets, data, ...rowsOf(chunk) })
  })
  return { type, chunks: converted }
}

function numbers(arrow: Arrow, chunks: readonly Chunk[]): ArrowColumn {
  if (chunks.every(chunk => chunk.storage === 'int32')) return sameLayout(arrow, new arrow.Int32(), chunks)
  const type = new arrow.Float64()
  const wide = chunks.map(chunk =>
    fixedData(
      arrow,
      type,
      chunk,
      chunk.storage === 'int32' ? Float64Array.from(chunk.values) : values(chunk),
    ),
  )
  return { type, chunks: wide }
}

function values(chunk: Chunk): Float64Array {
  return (chunk as Float64Chunk).values
}

function times(arrow: Arrow, chunks: readonly Chunk[], zone: string | null): ArrowColumn {
  const unit = timeUnit(chunks)
  if (unit === null) return sameLayout(arrow, new arrow.Float64(), chunks)
  const type = unit === 1 ? new arrow.TimestampMillisecond(zone) : new arrow.TimestampMicrosecond(zone)
  const converted = chunks.map(chunk =>
    fixedData(
      arrow,
      type,
      chunk,
      BigInt64Array.from(values(chunk), ms => BigInt(Math.round(ms * unit))),
    ),
  )
  return { type, chunks: converted }
}

/** Units in a millisecond that hold every value exactly: 1, else 1000, else null. */
function timeUnit(chunks: readonly Chunk[]): 1 | 1000 | null {
  const every = (exact: (ms: number) => boolean): boolean => chunks.every(chunk => values(chunk).every(exact))
  if (every(Number.isSafeInteger)) return 1
  const inMicros = every(ms => {
    const micros = Math.round(ms * 1000)
    return Number.isSafeInteger(micros) && micros / 1000 === ms
  })
  return inMicros ? 1000 : null
}

function bigints(arrow: Arrow, chunks: readonly Chunk[]): ArrowColumn {
  if (chunks.every(chunk => chunk.storage === 'int64')) return sameLayout(arrow, new arrow.Int64(), chunks)
  const unsigned = chunks.every(
    chunk => chunk.storage === 'uint64' || (chunk.storage === 'int64' && chunk.values.every(v => v >= 0n)),
  )
  if (!unsigned) return heaps(arrow, new arrow.Utf8(), chunks)
  const type = new arrow.Uint64()
  const data = chunks.map(chunk => {
    const { buffer, byteOffset, length } = (chunk as { values: BigInt64Array }).values
    return fixedData(arrow, type, chunk, new BigUint64Array(buffer, byteOffset, length))
  })
  return { type, chunks: data }
}

function texts(arrow: Arrow, chunks: readonly Chunk[]): ArrowColumn {
  if (!chunks.every(chunk => chunk.storage === 'dictionary')) return heaps(arrow, new arrow.Utf8(), chunks)
  const codeOf = new Map<string, number>()
  const codes = chunks.map(chunk => {
    const places = Int32Array.from(chunk.dictionary, text => {
      const code = codeOf.get(text) ?? codeOf.size
      codeOf.set(text, code)
      return code
    })
    return places.every((code, place) => code === place) ? chunk.codes : chunk.codes.map(c => places[c] ?? 0)
  })
  const utf8 = new arrow.Utf8()
  const { offsets: valueOffsets, data } = encodeTexts([...codeOf.keys()])
  const dictionary = new arrow.Vector([
    arrow.makeData({ type: utf8, length: codeOf.size, nullCount: 0, valueOffsets, data }),
  ])
  const type = new arrow.Dictionary(utf8, new arrow.Int32())
  const converted = chunks.map((chunk, c) =>
    makeData(arrow, { type, data: codes[c]!, dictionary, ...rowsOf(chunk) }),
  )
  return { type, chunks: converted }
}

/** The chunk's values as bytes with offsets: as they are, or encoded as UTF-8 text. */
function heapOf(chunk: Chunk): { offsets: Int32Array; data: Uint8Array } {
  if (chunk.storage === 'utf8' || chunk.storage === 'binary') return chunk
  const texts = Array.from({ length: chunk.length }, (_, j) =>
    isValid(chunk, j) ? String(chunkAt(chunk, j)) : '',
  )
  return encodeTexts(texts)
}

function encodeTexts(texts: readonly string[]): { offsets: Int32Array; data: Uint8Array } {
  const encoded = texts.map(text => Buffer.from(text))
  const offsets = new Int32Array(texts.length + 1)
  for (let i = 0; i < encoded.length; i++) offsets[i + 1] = offsets[i]! + encoded[i]!.length
  return { offsets, data: Buffer.concat(encoded) }
}
