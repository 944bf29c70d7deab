import type { Row, Value } from '../change/column-type.js'
import { ObslabError } from '../errors.js'

/** One record of a pipeline's output topic: the row of `key` is now `row`, or is gone when `row` is null. */
export interface Upsert {
  key: Row
  row: Row | null
}

/**
 * The bytes of an output key: a compact JSON object in the declared order, UTF-8, the very bytes of Debezium's
 * schemaless key, so that an output topic is partitioned as its input is. A null or NaN part is refused; `given` says of
 * which input column a key's column is given, where the key is one of `groupBy`.
 */
export function encodeKey(key: Row, given: ReadonlyMap<string, string> | null = null): Buffer {
  for (const [column, value] of Object.entries(key)) {
    if (value === null || Number.isNaN(value)) {
      throw new ObslabError(
        'key-missing',
        `An output key needs a value in every column, but ${column} is ${value === null ? 'null' : 'NaN'}. ` +
          missingAdvice(column, value, given),
      )
    }
  }
  return encodeRow(key)
}

function missingAdvice(column: string, value: Value, given: ReadonlyMap<string, string> | null): string {
  const input = given === null ? column : given.get(column)
  if (input === undefined) {
    return `Leave out, in a .filter(…) before .groupBy(…), the rows whose key has no ${column}.`
  }
  const row = /^[A-Za-z_$][\w$]*$/.test(input) ? `row.${input}` : `row[${JSON.stringify(input)}]`
  const test = value === null ? `${row} !== null` : `!Number.isNaN(${row})`
  return `Leave such rows out${given === null ? '' : ' before .groupBy(…)'}: .filter(row => ${test}).`
}

/**
 * The bytes of an output value: flat JSON in the declared order, nulls present, a bigint as a JSON integer, a decimal as
 * text, times as milliseconds, bytes as base64. NaN and the infinities, which JSON has no form for, are null.
 */
export function encodeRow(row: Row): Buffer {
  const fields = Object.entries(row).map(
    ([column, value]) => `${JSON.stringify(column)}:${encodeValue(value)}`,
  )
  return Buffer.from(`{${fields.join(',')}}`)
}

function encodeValue(value: Value): string {
  if (typeof value === 'bigint') return value.toString()
  if (value instanceof Uint8Array) return JSON.stringify(Buffer.from(value).toString('base64'))
  return JSON.stringify(value)
}
