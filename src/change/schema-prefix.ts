import { isUtf8 } from 'node:buffer'
import { ObslabError } from '../errors.js'
import { type ConnectSchema, isConnectSchema } from './connect-schema.js'
import { isJsonObject, type JsonValue, parseJson } from './json.js'

/** A schema that records carry. Records with the same schema carry the same object, so it can be a cache's key. */
export interface KnownSchema {
  readonly schema: ConnectSchema
}

/** The parsed payload of a record's key or value, with the schema it carried, if any. */
export interface Payload {
  schema: KnownSchema | null
  payload: JsonValue
}

/** What reads keys and values that are not JSON: those that begin with a zero byte. */
export interface BinaryParser {
  parse(bytes: Buffer): Payload
}

interface KnownPrefix {
  bytes: Buffer
  known: KnownSchema | null
}

const opening = Buffer.from('{"schema":')
const between = Buffer.from(',"payload":')
/** Topics have one or two schemas at a time; a bound keeps a topic whose every record differs from growing. */
const remembered = 32

/**
 * Takes `{"schema": …, "payload": …}` apart. The schema is the same bytes in record after record, five sixths of an
 * OpenMRS value: it is compared with the ones met before instead of being parsed again.
 */
export class SchemaPrefixes {
  #prefixes: KnownPrefix[] = []
  readonly #bySchema = new Map<string, KnownSchema>()
  readonly #binary: BinaryParser | null

  /** `binary` reads what is not JSON; without it, that is an error. */
  constructor(binary: BinaryParser | null = null) {
    this.#binary = binary
  }

  /**
   * Parses a key or value, with or without schema. Bytes that are neither UTF-8 JSON nor what the binary parser reads are
   * an `envelope-unknown` error, or that parser's.
   */
  parse(bytes: Uint8Array): Payload {
    const buffer = Buffer.isBuffer(bytes)
      ? bytes
      : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    if (buffer[0] === 0 && this.#binary !== null) return this.#binary.parse(buffer)
    const prefix = this.#prefixOf(buffer)
    if (prefix !== null) {
      return {
        schema: prefix.known,
        payload: parseBytes(buffer.subarray(prefix.bytes.length, buffer.length - 1)),
      }
    }
    const value = parseBytes(buffer)
    if (!isWrapped(value)) return { schema: null, payload: value }
    return {
      schema: isConnectSchema(value.schema) ? this.#known(value.schema) : null,
      payload: value.payload,
    }
  }

  /** How many bytes of a key or value are not its payload: a schema block, or the five of the wire format of Avro. */
  overheadOf(bytes: Uint8Array): number {
    if (bytes[0] === 0 && bytes.length > 5) return 5
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    return (this.#prefixOf(buffer)?.bytes.length ?? -1) + 1
  }

  #prefixOf(buffer: Buffer): KnownPrefix | null {
    if (!startsWith(buffer, opening) || buffer[buffer.length - 1] !== 0x7d) return null
    const at = this.#prefixes.findIndex(prefix => startsWith(buffer, prefix.bytes))
    if (at === 0) return this.#prefixes[0] as KnownPrefix
    const found = at > 0 ? (this.#prefixes.splice(at, 1)[0] as KnownPrefix) : this.#learn(buffer)
    if (found !== null) this.#prefixes = [found, ...this.#prefixes].slice(0, remembered)
    return found
  }

  #learn(buffer: Buffer): KnownPrefix | null {
    const end = endOfObject(buffer, opening.length)
    if (end === -1 || !startsWith(buffer.subarray(end), between)) return null
    const schema = parseBytes(buffer.subarray(opening.length, end))
    if (!isConnectSchema(schema)) return null
    return { bytes: Buffer.from(buffer.subarray(0, end + between.length)), known: this.#known(schema) }
  }

  #known(schema: ConnectSchema): KnownSchema {
    const text = JSON.stringify(schema, (_, value) => (typeof value === 'bigint' ? `${value}n` : value))
    let known = this.#bySchema.get(text)
    if (known === undefined) {
      known = { schema }
      this.#bySchema.set(text, known)
    }
    return known
  }
}

/** A wrapper is exactly a schema and a payload; a bare row with columns of those names has no object in them. */
function isWrapped(value: JsonValue): value is { schema: JsonValue; payload: JsonValue } {
  if (!isJsonObject(value) || Object.keys(value).length !== 2 || value.payload === undefined) return false
  if (value.schema === null) return isJsonObject(value.payload) || value.payload === null
  return isConnectSchema(value.schema)
}

function startsWith(buffer: Buffer, prefix: Buffer): boolean {
  return buffer.length >= prefix.length && buffer.compare(prefix, 0, prefix.length, 0, prefix.length) === 0
}

/** Where the JSON object that begins at `start` ends, or -1 when none begins or ends there. */
function endOfObject(buffer: Buffer, start: number): number {
  if (buffer[start] !== 0x7b) return -1
  let depth = 0
  let inString = false
  for (let i = start; i < buffer.length; i++) {
    const byte = buffer[i]
    if (inString) {
      if (byte === 0x5c) i++
      else if (byte === 0x22) inString = false
    } else if (byte === 0x22) inString = true
    else if (byte === 0x7b) depth++
    else if (byte === 0x7d && --depth === 0) return i + 1
  }
  return -1
}

function parseBytes(buffer: Buffer): JsonValue {
  const text = buffer.toString('utf8')
  // Decoding puts U+FFFD where bytes are not UTF-8; only text that has one is worth a second, strict look.
  if (text.includes('\ufffd') && !isUtf8(buffer)) {
    throw new ObslabError('envelope-unknown', 'Expected JSON in UTF-8, found bytes that are not UTF-8.')
  }
  return parseJson(text)
}
