import { ObslabError } from '../errors.js'

/** The `batch-corrupt` error of compressed bytes that are not what their codec writes. */
export function corruptFrame(codec: string, found: string, cause?: unknown): ObslabError {
  return new ObslabError(
    'batch-corrupt',
    `Expected ${codec} compressed records, found ${found}. The batch was damaged before its checksum was taken.`,
    { cause },
  )
}

/** The `batch-too-large` error of compressed bytes that would expand beyond `limit` bytes. */
export function tooLarge(codec: string, limit: number, size?: number): ObslabError {
  const found = size === undefined ? 'more' : `${size}`
  return new ObslabError(
    'batch-too-large',
    `Expected a ${codec} batch that expands to at most ${limit} bytes, found ${found}. ` +
      'Raise the limit only when the producer is trusted: a few kilobytes can be made to expand to gigabytes.',
  )
}
