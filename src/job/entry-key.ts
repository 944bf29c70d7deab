import { createHash } from 'node:crypto'
import type { RowId } from '../pipeline/row-identity.js'

/** How an identity is written as a key of LMDB, by its first byte. */
const kind = { number: 1, ascii: 2, text: 3, hashed: 4 } as const

/** LMDB takes keys of up to 1,978 bytes. */
const longest = 1900

const scratch = Buffer.allocUnsafeSlow(4 * longest)

/**
 * The key of an entry: numbers in their order, text as it is. A text that is too long for a key has its hash instead, and
 * stands in front of its entry: {@link isHashed}. The bytes are good until the next call.
 */
export function entryKey(id: RowId): Buffer {
  if (typeof id === 'number') {
    scratch[0] = kind.number
    // Map and Set take −0 for 0.
    scratch.writeDoubleBE(id + 0, 1)
    return scratch.subarray(0, 9)
  }
  if (id.length <= longest / 2) {
    const size = scratch.write(id, 1, 'utf8')
    const isAscii = size === id.length
    scratch[0] = isAscii ? kind.ascii : kind.text
    return scratch.subarray(0, 1 + (isAscii ? size : scratch.write(id, 1, 'utf16le')))
  }
  scratch[0] = kind.hashed
  createHash('sha256').update(id, 'utf16le').digest().copy(scratch, 1)
  return scratch.subarray(0, 33)
}

/** Whether a key does not say the identity, which stands in front of the entry then. */
export function isHashed(key: Uint8Array): boolean {
  return key[0] === kind.hashed
}

/** The identity of a key that is not {@link isHashed}. */
export function idOfKey(key: Uint8Array): RowId {
  const bytes = Buffer.from(key.buffer, key.byteOffset, key.byteLength)
  if (bytes[0] === kind.number) return bytes.readDoubleBE(1)
  return bytes[0] === kind.ascii ? bytes.toString('latin1', 1) : bytes.toString('utf16le', 1)
}
