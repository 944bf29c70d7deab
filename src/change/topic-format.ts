import { isUtf8 } from 'node:buffer'
import { ObslabError } from '../errors.js'
import { isJsonObject, type JsonValue } from './json.js'
import type { SchemaPrefixes } from './schema-prefix.js'

/**
 * How the bytes of a key or a value are to be read: JSON, bare or beside its Connect schema, of Debezium's envelope or of
 * the row that a transform took out of it; Avro in the wire format of Confluent's schema registry; text; other bytes; or
 * none at all.
 */
export type DataFormat =
  | 'json'
  | 'json+schema'
  | 'unwrapped json'
  | 'unwrapped json+schema'
  | 'avro'
  | 'text'
  | 'bytes'
  | 'none'

/** Tells how a key or value is written, by itself. `schemas` remembers the schemas met. */
export function formatOf(bytes: Uint8Array | null, schemas: SchemaPrefixes): DataFormat {
  if (bytes === null) return 'none'
  // The magic byte of the wire format, and the four of the schema's id.
  if (bytes.length > 5 && bytes[0] === 0) return 'avro'
  if (!isUtf8(bytes)) return 'bytes'
  try {
    const { schema, payload } = schemas.parse(bytes)
    if (schema !== null) return isUnwrapped(payload) ? 'unwrapped json+schema' : 'json+schema'
    if (typeof payload !== 'object') return 'text'
    return isUnwrapped(payload) ? 'unwrapped json' : 'json'
  } catch (error) {
    if (!(error instanceof ObslabError)) throw error
    return 'text'
  }
}

function isUnwrapped(payload: JsonValue): boolean {
  return isJsonObject(payload) && ('__op' in payload || '__deleted' in payload)
}

/** The formats of several keys or values in a word: `none` only where there is nothing else. */
export function formatsText(formats: Iterable<DataFormat>): string {
  const found = [...new Set(formats)].filter(format => format !== 'none').sort()
  return found.length === 0 ? 'none' : found.join(', ')
}
