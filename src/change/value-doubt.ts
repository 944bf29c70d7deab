import type { ColumnType, Value } from './column-type.js'
import type { JsonValue } from './json.js'
import { microsOfNanos, msOfIso, msOfMicros } from './temporal.js'
import type { TopicFindingCode } from './topic-finding-codes.js'

/** A reason why a value may not be what the database holds: the code of a finding about its topic. */
export type ValueDoubt = Extract<
  TopicFindingCode,
  | 'zero-date'
  | 'bigint-wrapped'
  | 'bigint-sign-unknown'
  | 'null-as-default'
  | 'microseconds-cut'
  | 'times-lossy'
  | 'decimal-as-double'
  | 'float-rounded'
  | 'binary-as-text'
  | 'binary-mode-doubtful'
  | 'uuid-shifted'
>

/** Tells the doubt about one value, from how it was written and what it was decoded to; null when there is none. */
export type DoubtOf = (raw: JsonValue, value: Value) => ValueDoubt | null

/** What may be wrong with the values of a column: with every one of them, and with some. */
export interface ColumnDoubts {
  readonly always: readonly ValueDoubt[]
  /** Null for the many columns whose values need no look. */
  readonly of: DoubtOf | null
}

/** The doubts about a column's values that follow from its type and from how the connector writes it. */
export function valueDoubts(column: ColumnType): ColumnDoubts {
  const always = (Object.keys(alwaysDoubtful) as ValueDoubt[]).filter(doubt =>
    alwaysDoubtful[doubt]?.(column),
  )
  const tests = [
    zeroDate(column),
    negativeBigint(column),
    defaultForNull(column),
    fineBeyondExact(column),
    hexAsBase64(column),
    shiftedUuid(column),
  ].filter(test => test !== null)
  const of: DoubtOf = (raw, value) => {
    for (const test of tests) {
      const doubt = test(raw, value)
      if (doubt !== null) return doubt
    }
    return null
  }
  return { always, of: tests.length === 0 ? null : (tests.length === 1 && tests[0]) || of }
}

const isType = ({ mysqlType = '' }: ColumnType, type: RegExp): boolean => type.test(mysqlType)

const alwaysDoubtful: Readonly<Partial<Record<ValueDoubt, (column: ColumnType) => boolean>>> = {
  'times-lossy': column => {
    const { kind, encoding } = column
    if (kind === 'time') return encoding === 'iso-time' || encoding === 'time-ms'
    if (kind !== 'datetime') return false
    return encoding === 'epoch-ns' || (encoding === 'epoch-ms' && isType(column, /^DATETIME\([456]\)/))
  },
  'decimal-as-double': ({ kind, encoding, scale = 0 }) =>
    kind === 'decimal' && encoding === 'number' && scale > 0,
  'float-rounded': column => column.kind === 'double' && isType(column, /^FLOAT(\(\d+\))?( UNSIGNED)?$/),
  'binary-as-text': column => column.kind === 'text' && isType(column, /BLOB|BINARY/),
}

/** TIMESTAMP begins one second after the epoch; other columns may hold the epoch, and NOT NULL ones a zero for it. */
function zeroDate(column: ColumnType): DoubtOf | null {
  if (isType(column, /^YEAR/)) return raw => (raw === 1900 ? 'zero-date' : null)
  const { kind, nullable } = column
  if (kind === 'timestamp') return (_, value) => (value === 0 ? 'zero-date' : null)
  if (nullable || (kind !== 'datetime' && kind !== 'date')) return null
  const epoch = kind === 'date' ? '1970-01-01' : 0
  return (_, value) => (value === epoch ? 'zero-date' : null)
}

function negativeBigint(column: ColumnType): DoubtOf | null {
  if (column.kind !== 'bigint' || column.encoding !== 'int64') return null
  const { mysqlType } = column
  if (mysqlType !== undefined && !/UNSIGNED|^SERIAL/.test(mysqlType)) return null
  const doubt: ValueDoubt = mysqlType === undefined ? 'bigint-sign-unknown' : 'bigint-wrapped'
  return raw => ((typeof raw === 'number' || typeof raw === 'bigint') && raw < 0 ? doubt : null)
}

/** JsonConverter writes the default for a null unless it is told not to: one null met shows that it was. */
function defaultForNull(column: ColumnType): DoubtOf | null {
  const { defaultValue, nullable } = column
  if (!nullable || defaultValue === undefined || defaultValue === null) return null
  const isDefault = defaultTest(defaultValue)
  let nullMet = false
  return (raw, value) => {
    if (raw === null) nullMet = true
    return !nullMet && isDefault(raw, value) ? 'null-as-default' : null
  }
}

/** Whether a value is the default, as the record's schema writes values or as DDL does. */
function defaultTest(written: JsonValue): (raw: JsonValue, value: Value) => boolean {
  const text = String(written)
  const numbers = [Number(text), msOfIso(text)]
  const bit = /^(?:b')?([01])'?$/.exec(text)?.[1]
  return (raw, value) => {
    if (raw === written || value === text) return true
    if (typeof value === 'number') return numbers.includes(value)
    if (typeof value === 'boolean') return String(Number(value)) === bit
    if (typeof value === 'string') return numbers[0] === Number(value) && /^-?[\d.]+$/.test(value)
    return typeof value === 'bigint' && String(value) === text
  }
}

/** Microseconds of the years that a number has no room for. */
function fineBeyondExact(column: ColumnType): DoubtOf | null {
  const { kind, encoding } = column
  if (kind !== 'datetime' || (encoding !== 'epoch-us' && encoding !== 'epoch-ns')) return null
  return (raw, value) => {
    if ((typeof raw !== 'number' && typeof raw !== 'bigint') || typeof value !== 'number') return null
    if (value % 1 !== 0) return null
    const micros = BigInt(encoding === 'epoch-us' ? raw : microsOfNanos(raw))
    return micros % 1000n !== 0n && msOfMicros(micros) === value ? 'microseconds-cut' : null
  }
}

/** How many hexadecimal digits in a row, and nothing else, no base64 has by chance. */
const digitsThatShow = 32

/** Hexadecimal text is base64 too, only that it decodes to other bytes. */
function hexAsBase64({ kind, encoding }: ColumnType): DoubtOf | null {
  if (kind !== 'bytes' || encoding !== 'base64') return null
  let digits = 0
  return raw => {
    if (digits === -1 || typeof raw !== 'string') return null
    digits = /^[0-9a-f]*$/.test(raw) ? digits + raw.length : -1
    if (digits < digitsThatShow) return null
    digits = -1
    return 'binary-mode-doubtful'
  }
}

/** Debezium 3.5 streams a MariaDB UUID that ends in zero bytes with them in front. */
function shiftedUuid(column: ColumnType): DoubtOf | null {
  if (!isType(column, /^UUID/)) return null
  return raw => (typeof raw === 'string' && raw.startsWith('00') ? 'uuid-shifted' : null)
}
