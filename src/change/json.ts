import { parse as parseLossless } from 'lossless-json'
import { ObslabError } from '../errors.js'

/** What JSON text stands for: what `JSON.parse` gives, but an integer beyond 2^53 is a bigint. */
export type JsonValue = null | boolean | number | bigint | string | JsonValue[] | JsonObject

/** A JSON object. */
export interface JsonObject {
  [name: string]: JsonValue
}

/** Whether a JSON value is an object: not null, not an array. */
export function isJsonObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/**
 * Parses JSON text exactly: an integer written without fraction or exponent whose size is beyond 2^53 becomes a
 * bigint, everything else is what `JSON.parse` gives. One exception, for speed: the `ts_us` and `ts_ns` that Debezium
 * itself writes into every envelope and its source block may be rounded; columns of those names never are. Text that
 * is not JSON is an `envelope-unknown` error that does not quote the text.
 */
export function parseJson(text: string): JsonValue {
  const value = parsePlain(text)
  if (!isBeyond(value)) return value
  return parseLossless(text, undefined, {
    parseNumber: exactNumber,
    onDuplicateKey: ({ newValue }) => newValue,
  }) as JsonValue
}

function parsePlain(text: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue
  } catch (error) {
    const at = /position (\d+)/.exec(error instanceof Error ? error.message : '')
    const where = at === null ? 'its end' : `character ${at[1]}`
    throw new ObslabError(
      'envelope-unknown',
      `Expected JSON text, found text that stops being JSON at ${where}.`,
    )
  }
}

function exactNumber(text: string): number | bigint {
  const value = Number(text)
  return Number.isSafeInteger(value) || !/^-?\d+$/.test(text) ? value : BigInt(text)
}

/**
 * Whether a parsed value has a number of 2^53 or more in it. Every integer that `JSON.parse` rounds is one, so looking at
 * the numbers misses none; a large double is one too and only costs the second parse.
 */
function isBeyond(value: JsonValue): boolean {
  if (typeof value === 'number') return value > Number.MAX_SAFE_INTEGER || value < Number.MIN_SAFE_INTEGER
  if (typeof value !== 'object' || value === null) return false
  if (Array.isArray(value)) return value.some(isBeyond)
  const isEnvelope = hasDebeziumTimes(value)
  for (const name in value) {
    const member = value[name] as JsonValue
    if (typeof member === 'string' || member === null) continue
    if (isEnvelope && ownTimes.has(name)) continue
    if (isEnvelope && name === 'source' ? isSourceBeyond(member as JsonObject) : isBeyond(member)) return true
  }
  return false
}

const ownTimes: ReadonlySet<string> = new Set(['ts_us', 'ts_ns'])

/** Whether an object is an envelope: no row has an object named `source` with a connector in it. */
function hasDebeziumTimes(value: JsonObject): boolean {
  return (
    typeof value.op === 'string' && isJsonObject(value.source) && typeof value.source.connector === 'string'
  )
}

function isSourceBeyond(source: JsonObject): boolean {
  for (const name in source) {
    if (!ownTimes.has(name) && isBeyond(source[name] as JsonValue)) return true
  }
  return false
}
