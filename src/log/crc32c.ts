import { crc32c as wasmCrc32c } from '@platformatic/wasm-utils'

/** The CRC-32C (Castagnoli) of `bytes[from, to)`, as an unsigned 32-bit integer. */
export function crc32c(bytes: Uint8Array, from: number = 0, to: number = bytes.length): number {
  return to <= from ? 0 : wasmCrc32c(bytes.subarray(from, to))
}
