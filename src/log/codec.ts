import { constants, gunzipSync, gzipSync } from 'node:zlib'
import { ObslabError } from '../errors.js'
import { corruptFrame, tooLarge } from './codec-error.js'
import { compressLz4, decompressLz4 } from './lz4.js'
import { decompressSnappy } from './snappy.js'
import { compressZstd, decompressZstd, loadZstd } from './zstd.js'

/** The codecs of Kafka's record batches; the index of a name is its number in the batch's attributes. */
export const codecNames = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const

/** One of the codecs that batches are read in. */
export type CodecName = (typeof codecNames)[number]

/** One of the codecs that batches are written in. */
export type WritableCodec = Exclude<CodecName, 'snappy'>

/** How far a batch may expand unless the caller says otherwise: 128 MiB. */
export const defaultMaxBatchBytes: number = 128 * 1024 * 1024

/**
 * Makes every codec ready: zstd is WebAssembly and loads asynchronously. Both sources await it when they open. Safe
 * to call many times: it loads once. Using zstd without it is a `batch-unsupported` error.
 */
export function loadCodecs(): Promise<void> {
  return loadZstd()
}

/**
 * Expands compressed records to at most `limit` bytes. Beyond that it is a `batch-too-large` error, given before the
 * memory is taken; bytes that are not what the codec writes are a `batch-corrupt` error. `none` gives `bytes` back.
 */
export function decompress(
  codec: CodecName,
  bytes: Uint8Array,
  limit: number = defaultMaxBatchBytes,
): Uint8Array {
  switch (codec) {
    case 'none':
      return bytes
    case 'gzip':
      return decompressGzip(bytes, limit)
    case 'snappy':
      return decompressSnappy(bytes, limit)
    case 'lz4':
      return decompressLz4(bytes, limit)
    case 'zstd':
      return decompressZstd(bytes, limit)
  }
}

/** Compresses records. Snappy is only read. `none` gives `bytes` back. */
export function compress(codec: WritableCodec, bytes: Uint8Array): Uint8Array {
  switch (codec) {
    case 'none':
      return bytes
    case 'gzip':
      return gzipSync(bytes)
    case 'lz4':
      return compressLz4(bytes)
    case 'zstd':
      return compressZstd(bytes)
  }
}

/** The name of a codec number, or a `batch-unsupported` error. */
export function codecName(id: number): CodecName {
  const name = codecNames[id]
  if (name !== undefined) return name
  throw new ObslabError(
    'batch-unsupported',
    `Expected a codec of ${codecNames.join(', ')} (0 to 4), found codec number ${id}: a codec newer than obslab, or damaged ` +
      'bytes. Have the topic written in one of these codecs, or copy it again.',
  )
}

function decompressGzip(bytes: Uint8Array, limit: number): Uint8Array {
  // zlib's own 16 KiB pieces cost most of the time on large batches; small ones should not pay for a large piece.
  const chunkSize = Math.min(Math.max(bytes.length * 8, 16 * 1024), 1024 * 1024)
  try {
    return gunzipSync(bytes, { maxOutputLength: limit, chunkSize, finishFlush: constants.Z_FINISH })
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
    if (code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge('gzip', limit)
    throw corruptFrame('gzip', 'a stream that zlib refuses', cause)
  }
}
