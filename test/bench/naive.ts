/** A row as `JSON.parse` gives it. */
export type NaiveRow = Record<string, unknown>

/**
 * The naive design: `JSON.parse` of every value and key, the newest row object of each key in a Map. It tells nothing
 * apart: rounded BIGINTs, no column types, delivered-again changes applied again.
 */
export class NaiveTable {
  readonly rows: Map<string, NaiveRow> = new Map()

  add(key: Buffer | null, value: Buffer | null): void {
    if (key === null) return
    const parsedKey = JSON.parse(key.toString())
    const id = JSON.stringify(parsedKey.payload ?? parsedKey)
    const parsed = value === null ? null : JSON.parse(value.toString())
    const change = parsed?.payload ?? parsed
    if (change === null || change.after === null) this.rows.delete(id)
    else this.rows.set(id, change.after)
  }
}

/** The same bytes as a Buffer, not copied. */
export function bufferOf(bytes: Uint8Array | null): Buffer | null {
  return bytes === null ? null : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
