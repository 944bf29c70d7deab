import type { Value } from '../change/column-type.js'

/** Rows of a full chunk. Every chunk of a column is full but the last, so that row i is in chunk i >>> 16. */
export const chunkRows = 65_536

/** What every chunk has. */
export interface ChunkBase {
  readonly length: number
  readonly nullCount: number
  /** Arrow's validity bitmap, least significant bit first, 1 for a value; null when there are no nulls. */
  readonly validity: Uint8Array | null
}

/** `int` where every value fits in 32 bits. */
export interface Int32Chunk extends ChunkBase {
  readonly storage: 'int32'
  readonly values: Int32Array
}

/** `double`, `datetime`, `timestamp`, and `int` beyond 32 bits. */
export interface Float64Chunk extends ChunkBase {
  readonly storage: 'float64'
  readonly values: Float64Array
}

/** `bigint` where every value fits in a signed 64-bit integer. */
export interface Int64Chunk extends ChunkBase {
  readonly storage: 'int64'
  readonly values: BigInt64Array
}

/** `bigint` without negative values and with some beyond int64: BIGINT UNSIGNED. */
export interface Uint64Chunk extends ChunkBase {
  readonly storage: 'uint64'
  readonly values: BigUint64Array
}

/** `bigint` that fits in neither 64-bit type: results of sums. Nulls are 0n here. */
export interface BigintChunk extends ChunkBase {
  readonly storage: 'bigint'
  readonly values: readonly bigint[]
}

/** `boolean`, one bit a value, least significant bit first. */
export interface BitsChunk extends ChunkBase {
  readonly storage: 'bits'
  readonly values: Uint8Array
}

/** Text with repeated values: a code a row, and each distinct value once. */
export interface DictionaryChunk extends ChunkBase {
  readonly storage: 'dictionary'
  readonly codes: Int32Array
  readonly dictionary: readonly string[]
}

/** Text whose values are mostly distinct: UTF-8, row i at offsets[i] to offsets[i + 1]. */
export interface Utf8Chunk extends ChunkBase {
  readonly storage: 'utf8'
  readonly offsets: Int32Array
  readonly data: Buffer
}

/** `bytes`: row i at offsets[i] to offsets[i + 1]. */
export interface BinaryChunk extends ChunkBase {
  readonly storage: 'binary'
  readonly offsets: Int32Array
  readonly data: Uint8Array
}

/** Up to {@link chunkRows} values of one column, in Arrow's layout. Immutable by agreement: kernels only read. */
export type Chunk =
  | Int32Chunk
  | Float64Chunk
  | Int64Chunk
  | Uint64Chunk
  | BigintChunk
  | BitsChunk
  | DictionaryChunk
  | Utf8Chunk
  | BinaryChunk

/** Whether row `j` of the chunk holds a value. */
export function isValid(chunk: Chunk, j: number): boolean {
  return chunk.validity === null || ((chunk.validity[j >>> 3]! >>> (j & 7)) & 1) === 1
}

/** The value in row `j` of the chunk; `j` is not checked. */
export function chunkAt(chunk: Chunk, j: number): Value {
  if (!isValid(chunk, j)) return null
  switch (chunk.storage) {
    case 'int32':
    case 'float64':
    case 'int64':
    case 'uint64':
    case 'bigint':
      return chunk.values[j]!
    case 'dictionary':
      return chunk.dictionary[chunk.codes[j]!]!
    case 'bits':
      return ((chunk.values[j >>> 3]! >>> (j & 7)) & 1) === 1
    case 'utf8':
      return chunk.data.toString('utf8', chunk.offsets[j]!, chunk.offsets[j + 1]!)
    case 'binary':
      return chunk.data.slice(chunk.offsets[j]!, chunk.offsets[j + 1]!)
  }
}

/** What a distinct dictionary text costs beside its characters: string header, array slot, hash entry. */
export const textOverhead = 48

/** Bytes the chunk keeps alive, estimated for text in a dictionary. */
export function chunkBytes(chunk: Chunk): number {
  const validity = chunk.validity?.byteLength ?? 0
  switch (chunk.storage) {
    case 'int32':
    case 'float64':
    case 'int64':
    case 'uint64':
    case 'bits':
      return validity + chunk.values.byteLength
    case 'bigint':
      return validity + chunk.values.length * 32
    case 'dictionary':
      return (
        validity +
        chunk.codes.byteLength +
        chunk.dictionary.reduce((total, text) => total + text.length + textOverhead, 0)
      )
    case 'utf8':
    case 'binary':
      return validity + chunk.offsets.byteLength + chunk.data.byteLength
  }
}
