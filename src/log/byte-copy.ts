// Below this length a loop beats the call into the runtime that `set` and `copyWithin` are.
const shortCopy = 48

/** Copies `from[at, at + length)` to `to[toAt…]`. The caller has checked both bounds. */
export function copyBytes(from: Uint8Array, at: number, to: Uint8Array, toAt: number, length: number): void {
  if (length > shortCopy) {
    to.set(from.subarray(at, at + length), toAt)
    return
  }
  for (const end = at + length; at < end; ) to[toAt++] = from[at++]!
}

/**
 * Repeats the bytes `distance` back from `at` for `length` bytes, as LZ77 means it: a length above the distance
 * repeats what was just written. The caller has checked both bounds.
 */
export function repeatBytes(bytes: Uint8Array, at: number, distance: number, length: number): void {
  const end = at + length
  if (length > shortCopy && distance >= length) {
    bytes.copyWithin(at, at - distance, end - distance)
    return
  }
  if (length > shortCopy && distance === 1) {
    bytes.fill(bytes[at - 1]!, at, end)
    return
  }
  for (let from = at - distance; at < end; ) bytes[at++] = bytes[from++]!
}
