import { GtidSet } from '../change/gtid-set.js'
import { ObslabError } from '../errors.js'
import { foundText } from '../options.js'
import { parseTime } from '../source/time.js'
import { groupDigits, isoTime } from './format.js'

/** A time: ISO 8601 text with its zone (`2026-03-01T10:00:00Z`), a Date, or milliseconds as rows hold them. */
export type Time = string | Date | number

/**
 * A moment to see a table as of, by one of four clocks.
 *
 * `offsets`: by what had been read, the offset to read next of each partition, `{ 0: 100, 2: 250 }`, or one number for
 * all. A partition left out is read to its end.
 *
 * `time`: by what had been written to Kafka. Each partition counts up to its first record with a later timestamp.
 *
 * `sourceTime`: by what had been committed in the database. The database's log counts up to the first transaction that
 * was committed later, whatever the times after it. Rows of a full snapshot count from the time it was taken.
 *
 * `gtid`: by the transactions that a server had executed, MySQL's `gtid_executed` or MariaDB's `gtid_binlog_pos`. Rows
 * of a full snapshot, which carry no GTID, belong to every set that has the transactions before them, those of the first
 * snapshot so to every set. Changes from before GTIDs were switched on belong to every set.
 */
export type Moment =
  | { readonly offsets: number | Readonly<Record<number, number>> }
  | { readonly time: Time }
  | { readonly sourceTime: Time }
  | { readonly gtid: string }

/** A moment that was understood. */
export type ParsedMoment =
  | {
      readonly clock: 'offsets'
      readonly of: (partition: number) => number
      readonly named: readonly number[]
    }
  | { readonly clock: 'time' | 'sourceTime'; readonly at: number }
  | { readonly clock: 'gtid'; readonly set: GtidSet }

const clocks = ['offsets', 'time', 'sourceTime', 'gtid'] as const

/** Understands a moment; what is none is an `option-invalid` error that says what was expected. */
export function parseMoment(moment: unknown): ParsedMoment {
  const entries = typeof moment === 'object' && moment !== null ? Object.entries(moment) : []
  const [entry] = entries
  const clock = clocks.find(name => name === entry?.[0])
  if (entry === undefined || entries.length > 1 || clock === undefined) throw notAMoment(moment)
  const [, value] = entry
  switch (clock) {
    case 'offsets':
      return parseOffsets(value)
    case 'gtid':
      if (typeof value !== 'string') throw expected('gtid', 'a GTID set as text', value)
      return { clock, set: GtidSet.parse(value) }
    default:
      return { clock, at: parseInstant(clock, value) }
  }
}

/** What a moment is called in a message. */
export function momentText(moment: ParsedMoment): string {
  switch (moment.clock) {
    case 'offsets':
      return 'these offsets'
    case 'gtid':
      return 'this GTID set'
    default:
      return `${moment.clock} ${isoTime(moment.at, 'Z')}`
  }
}

function parseOffsets(value: unknown): ParsedMoment {
  const isOffset = (offset: unknown): offset is number =>
    Number.isSafeInteger(offset) && (offset as number) >= 0
  if (isOffset(value)) return { clock: 'offsets', of: () => value, named: [] }
  const isMap =
    typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date)
  const entries = isMap ? Object.entries(value) : []
  if (
    entries.length === 0 ||
    !entries.every(([partition, offset]) => /^\d+$/.test(partition) && isOffset(offset))
  )
    throw expected(
      'offsets',
      'a whole number from 0 up, or one for each partition ({ 0: 100, 1: 250 })',
      value,
    )
  const offsets = new Map(entries.map(([partition, offset]) => [Number(partition), offset as number]))
  return {
    clock: 'offsets',
    of: partition => offsets.get(partition) ?? Number.POSITIVE_INFINITY,
    named: [...offsets.keys()],
  }
}

function parseInstant(clock: 'time' | 'sourceTime', value: unknown): number {
  const what = 'a time with its zone, such as 2026-03-01T10:00:00Z, a Date, or milliseconds since the epoch'
  if (typeof value === 'string') {
    const at = parseTime(value)
    if (at === undefined) throw expected(clock, what, value)
    if (!/\d[T ].*(?:Z|[+-]\d\d:?\d\d)$/i.test(value)) throw withoutZone(clock, value, at)
    return at
  }
  const at = value instanceof Date ? value.getTime() : value
  if (typeof at !== 'number' || !Number.isFinite(at)) throw expected(clock, what, value)
  return at
}

function withoutZone(clock: string, value: string, at: number): ObslabError {
  return new ObslabError(
    'option-invalid',
    `${clock}: expected a time with its zone, found '${value}' without. Write ${isoTime(at, 'Z')} if it is UTC, else ` +
      'end it with +03:00 or the like.',
  )
}

function expected(clock: string, what: string, value: unknown): ObslabError {
  const found = typeof value === 'number' ? groupDigits(value) : foundText(value)
  return new ObslabError('option-invalid', `${clock}: expected ${what}, found ${found}.`)
}

function notAMoment(moment: unknown): ObslabError {
  const isObject = typeof moment === 'object' && moment !== null && !(moment instanceof Date)
  const names = isObject ? Object.keys(moment) : []
  const found = names.length === 0 ? foundText(moment) : `{ ${names.join(', ')} }`
  return new ObslabError(
    'option-invalid',
    "Expected a moment by one clock, { offsets: { 0: 100 } }, { time: '2026-03-01T10:00:00Z' }, " +
      `{ sourceTime: '2026-03-01T10:00:00Z' } or { gtid: '<uuid>:1-5' }, found ${found}.`,
  )
}
