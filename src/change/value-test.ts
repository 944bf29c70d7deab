import type { ColumnKind, Value } from './column-type.js'

/** Whether the value of a column is the one looked for. */
export type ValueTest = (found: Value) => boolean

/** What is to be given to find a value of a column of each kind. */
const givenAs: Readonly<Record<ColumnKind, string>> = {
  int: 'a whole number',
  bigint: 'a whole number or a bigint',
  double: 'a number',
  decimal: "a decimal as text ('7.90') or a number",
  datetime: 'milliseconds since the epoch',
  timestamp: 'milliseconds since the epoch',
  date: "an ISO date as text ('2026-03-01')",
  time: "a time as text ('12:34:56')",
  boolean: 'true or false',
  bytes: 'a Uint8Array',
  json: 'the text of a document',
  text: 'a text',
}

/** What finds a value in columns of `kind`, in words. */
export function valueExpected(kind: ColumnKind): string {
  return givenAs[kind]
}

/**
 * The test for `wanted` in a column of `kind`; null when no value of that kind can be it. What is the same number is the
 * same value: 7 and 7n, and 7.9 and '7.90' in a DECIMAL; true is 1 in an integer, and 1 true in a BIT(1). A text is not
 * taken for a number, except in a DECIMAL, nor a number for a text.
 */
export function valueTest(kind: ColumnKind, wanted: Value): ValueTest | null {
  if (wanted === null) return found => found === null
  switch (kind) {
    case 'int':
    case 'bigint':
      return integerTest(wanted)
    case 'double':
    case 'datetime':
    case 'timestamp':
      return typeof wanted === 'number' || typeof wanted === 'bigint' ? sameAs(Number(wanted)) : null
    case 'decimal':
      return decimalTest(wanted)
    case 'boolean':
      if (wanted === 0 || wanted === 1) return sameAs(wanted === 1)
      return typeof wanted === 'boolean' ? sameAs(wanted) : null
    case 'bytes':
      if (!(wanted instanceof Uint8Array)) return null
      return found => found instanceof Uint8Array && Buffer.compare(found, wanted) === 0
    case 'date':
    case 'time':
    case 'json':
    case 'text':
      return typeof wanted === 'string' ? sameAs(wanted) : null
  }
}

function sameAs(wanted: Value): ValueTest {
  return found => found === wanted
}

function integerTest(wanted: Value): ValueTest | null {
  if (typeof wanted !== 'bigint' && typeof wanted !== 'boolean' && !Number.isInteger(wanted)) return null
  const integer = BigInt(wanted as number | bigint | boolean)
  return found => (typeof found === 'number' || typeof found === 'bigint') && BigInt(found) === integer
}

function decimalTest(wanted: Value): ValueTest | null {
  if (typeof wanted !== 'string' && typeof wanted !== 'number' && typeof wanted !== 'bigint') return null
  const decimal = plainDecimal(String(wanted))
  return decimal === null ? null : found => found !== null && plainDecimal(String(found)) === decimal
}

/** `-007.90` as `-7.9`; null for what is not written as digits and a point. */
function plainDecimal(text: string): string | null {
  const match = /^([+-]?)0*(\d+?)(?:\.(\d*?)0*)?$/.exec(text)
  if (match === null) return null
  const [, sign, whole, fraction = ''] = match
  const digits = fraction === '' ? whole! : `${whole}.${fraction}`
  return sign === '-' && digits !== '0' ? `-${digits}` : digits
}
