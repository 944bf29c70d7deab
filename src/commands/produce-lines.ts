import { parse, stringify } from 'lossless-json'
import { ObslabError } from '../errors.js'
import type { NewRecord } from '../source/record-producer.js'

/** How lines are read as records. */
export interface LineFormat {
  /** What stands between key and value; without one the whole line is the value. */
  keySeparator?: string
  /** Whether each line is an object with `key`, `value` and perhaps `headers`. */
  jsonLines?: boolean
}

/** A record with the number of its line, from 1. */
export interface NumberedRecord extends NewRecord {
  line: number
}

const lineFeed = 0x0a
const carriageReturn = 0x0d

/** Cuts bytes into lines, whatever pieces they come in. */
export class LineSplitter {
  #rest: Buffer = Buffer.alloc(0)

  /** The lines that are complete now, without their ends. */
  push(bytes: Buffer): Buffer[] {
    const all = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes])
    const lines: Buffer[] = []
    let at = 0
    for (let end = all.indexOf(lineFeed); end >= 0; end = all.indexOf(lineFeed, at)) {
      lines.push(withoutReturn(all.subarray(at, end)))
      at = end + 1
    }
    this.#rest = all.subarray(at)
    return lines
  }

  /** The last line, when it had no end. */
  end(): Buffer[] {
    return this.#rest.length === 0 ? [] : [withoutReturn(this.#rest)]
  }
}

function withoutReturn(line: Buffer): Buffer {
  return line.at(-1) === carriageReturn ? line.subarray(0, -1) : line
}

/** Reads one line as a record. What does not fit is an `option-invalid` error that names the line, not its content. */
export function recordOfLine(bytes: Buffer, line: number, format: LineFormat): NumberedRecord {
  if (format.jsonLines) return { line, ...recordOfJson(bytes, line) }
  const { keySeparator } = format
  if (keySeparator === undefined) {
    if (bytes.length > 0) return { line, key: null, value: bytes }
    throw invalid(
      line,
      'it is empty, and a tombstone needs a key. Give --key-separator, or leave the line out.',
    )
  }
  const at = bytes.indexOf(keySeparator)
  if (at < 0)
    throw invalid(line, `expected a key, '${keySeparator}' and a value, found no '${keySeparator}'.`)
  const value = bytes.subarray(at + Buffer.byteLength(keySeparator))
  return { line, key: bytes.subarray(0, at), value: value.length === 0 ? null : value }
}

const members: ReadonlySet<string> = new Set(['key', 'value', 'headers'])

function recordOfJson(bytes: Buffer, line: number): NewRecord {
  const record = parseObject(bytes, line)
  const other = Object.keys(record).find(name => !members.has(name))
  if (other !== undefined)
    throw invalid(line, 'expected the members key, value and headers only, found another.')
  if (record.value === undefined)
    throw invalid(line, 'expected a value; write "value": null for a tombstone.')
  const key = bytesOf(record.key)
  const value = bytesOf(record.value)
  if (key === null && value === null) throw invalid(line, 'a tombstone needs a key.')
  const { headers } = record
  if (headers === undefined) return { key, value }
  if (!isTextRecord(headers)) throw invalid(line, 'expected headers to be an object of texts.')
  return { key, value, headers }
}

function parseObject(bytes: Buffer, line: number): Record<string, unknown> {
  let parsed: unknown
  try {
    parsed = parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    throw invalid(line, 'it is not JSON.')
  }
  if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed))
    return parsed as Record<string, unknown>
  throw invalid(line, 'expected an object with key and value.')
}

/** Text as it is; anything else as compact JSON, numbers with all their digits. */
function bytesOf(value: unknown): Buffer | null {
  if (value === null || value === undefined) return null
  return Buffer.from(typeof value === 'string' ? value : (stringify(value) ?? ''))
}

function isTextRecord(value: unknown): value is Record<string, string> {
  return typeof value === 'object' && value !== null && Object.values(value).every(v => typeof v === 'string')
}

function invalid(line: number, why: string): ObslabError {
  return new ObslabError('option-invalid', `Line ${line} cannot be produced: ${why}`)
}
