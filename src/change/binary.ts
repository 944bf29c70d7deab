/** The bytes of base64 text in either alphabet, `+/` or `-_`, padded to fours; null when it is not that. */
export function bytesOfBase64(text: string): Uint8Array | null {
  return isBase64(text) ? bytesOf(text, 'base64') : null
}

/** The bytes of base64 text in the alphabet for URLs, padded or not; null when it is not that. */
export function bytesOfBase64url(text: string): Uint8Array | null {
  return /^[\w-]*={0,2}$/.test(text) ? bytesOf(text, 'base64url') : null
}

/** The bytes of hexadecimal text; null when it is not that. */
export function bytesOfHex(text: string): Uint8Array | null {
  return /^([0-9a-f]{2})*$/i.test(text) ? bytesOf(text, 'hex') : null
}

/** Whether text can be base64, in either alphabet. */
export function isBase64(text: string): boolean {
  return text.length % 4 === 0 && /^[\w+/-]*={0,2}$/.test(text)
}

/** Bytes of their own memory: small buffers share a pool that a kept row would keep alive. */
function bytesOf(text: string, encoding: BufferEncoding): Uint8Array {
  return new Uint8Array(Buffer.from(text, encoding))
}
