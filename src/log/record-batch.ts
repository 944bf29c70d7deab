/** A record header: a name and bytes. */
export interface Header {
  key: string
  value: Uint8Array | null
}

/** One record of a batch, its offset and timestamp absolute. */
export interface LogRecord {
  offset: number
  timestamp: number
  key: Uint8Array | null
  value: Uint8Array | null
  headers: readonly Header[]
}
