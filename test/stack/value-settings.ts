import type { ColumnKind, Row } from '../../src/change/column-type.js'
import type { ValueColumn } from './value-columns.js'
import { cutBeyondExact, type StoredRow, shownForm, storedForm } from './value-tables.js'

/** One way to configure a connector, and what it cannot hold. */
export interface ValueSetting {
  name: string
  config: Readonly<Record<string, string>>
  /** What arrives instead of a stored value; the value itself when nothing is lost. */
  arrives: (stored: string, type: string, snapshot: boolean) => string | null
}

const isDecimal = (type: string): boolean => /^(DECIMAL|NUMERIC)/.test(type)
const isTime = (type: string): boolean => /^TIME(\(\d\))?$/.test(type)
const outsideOneDay = (time: string): boolean => time.startsWith('-') || Number(time.slice(0, -13)) >= 24

/** The default, and each other value of `decimal`, `time`, `binary` and `bigint` settings in one of the rest. */
export const valueSettings: readonly ValueSetting[] = [
  { name: 'default', config: {}, arrives: stored => stored },
  {
    name: 'texts',
    config: {
      'decimal.handling.mode': 'string',
      'time.precision.mode': 'isostring',
      'binary.handling.mode': 'hex',
      'bigint.unsigned.handling.mode': 'precise',
    },
    arrives: (stored, type) => (isTime(type) && outsideOneDay(stored) ? null : stored),
  },
  {
    name: 'connect',
    config: {
      'decimal.handling.mode': 'double',
      'time.precision.mode': 'connect',
      'binary.handling.mode': 'base64',
    },
    arrives: (stored, type) => {
      if (isDecimal(type)) return asDouble(stored)
      if (isTime(type) && outsideOneDay(stored)) return null
      return isTime(type) || type === 'DATETIME(6)' ? `${stored.slice(0, -3)}000` : stored
    },
  },
  {
    name: 'micros',
    config: { 'time.precision.mode': 'microseconds', 'binary.handling.mode': 'base64-url-safe' },
    arrives: stored => stored,
  },
  {
    name: 'nanos',
    config: { 'time.precision.mode': 'nanoseconds' },
    arrives: (stored, type) => (type.startsWith('DATETIME') ? wrapped(stored) : stored),
  },
]

/**
 * The values that are not what the database stores, or not what a setting leaves of it: each in a sentence. The first
 * half of the rows was read by a snapshot.
 */
export function valueDifferences(
  setting: ValueSetting,
  columns: readonly ValueColumn[],
  stored: readonly StoredRow[],
  shown: { rows: readonly Row[]; kindOf: (column: string) => ColumnKind },
): readonly string[] {
  return shown.rows.flatMap((row, i) =>
    columns.flatMap(({ name, type }) => {
      const kind = shown.kindOf(name)
      const found = comparedAs(setting, shownForm(row[name] ?? null, kind, type), kind)
      const here = storedForm(stored[i]?.[name] ?? null, type)
      const expected = expectedForm(setting, here, type, i < stored.length / 2)
      if (found === expected) return []
      return [`${name} ${type} of row ${i}: ${short(found)} is not ${short(expected)}`]
    }),
  )
}

const short = (text: string | null): string => (text === null ? 'null' : `'${text.slice(0, 60)}'`)

/** What is to be seen of a stored value under a setting. */
function expectedForm(
  setting: ValueSetting,
  stored: string | null,
  type: string,
  snapshot: boolean,
): string | null {
  if (stored === null) return null
  const arrives = setting.arrives(stored, type, snapshot)
  if (type === 'FLOAT' && snapshot) return String(Math.fround(Number(Number(arrives).toPrecision(6))))
  if (/^(ENUM|SET)/.test(type) && !snapshot) return arrives?.replaceAll('😀', '?') ?? null
  if (type === 'UUID' && !snapshot && arrives !== null) return shifted(arrives)
  return type.startsWith('DATETIME') ? cutBeyondExact(arrives) : arrives
}

/** Decimals that were doubles are compared as such. */
function comparedAs(setting: ValueSetting, shown: string | null, kind: ColumnKind): string | null {
  const isDouble = setting.config['decimal.handling.mode'] === 'double' && kind === 'decimal'
  return isDouble && shown !== null ? asDouble(shown) : shown
}

function asDouble(text: string): string {
  return String(Number(text))
}

/** A UUID that ends in zero bytes is streamed with them in front. */
function shifted(uuid: string): string {
  const hex = uuid
    .replaceAll('-', '')
    .replace(/(00)+$/, '')
    .padStart(32, '0')
  return hex.replace(/(.{8})(.{4})(.{4})(.{4})(.{12})/, '$1-$2-$3-$4-$5')
}

/** A signed 64-bit number of nanoseconds begins anew beyond 2262 and before 1677. */
function wrapped(datetime: string): string {
  const [seconds, micros] = datetime.split('.') as [string, string]
  const nanos = BigInt(Date.parse(`${seconds.replace(' ', 'T')}Z`)) * 1_000_000n + BigInt(micros) * 1000n
  const us = (BigInt.asIntN(64, nanos) - (((BigInt.asIntN(64, nanos) % 1000n) + 1000n) % 1000n)) / 1000n
  const fine = ((us % 1_000_000n) + 1_000_000n) % 1_000_000n
  const iso = new Date(Number((us - fine) / 1000n)).toISOString().slice(0, 19)
  return `${iso.replace('T', ' ')}.${String(fine).padStart(6, '0')}`
}
