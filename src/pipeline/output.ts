import type { Row, Value } from '../change/column-type.js'
import { ObslabError } from '../errors.js'

/** One record of a pipeline's output topic: the row of `key` is now `row`, or is gone when `row` is null. */
export interface Upsert {
  key: Row
  row: Row | null
}

/**
 * The bytes of an output key: a compact JSON object in the declared order, UTF-8, the very bytes of Debezium's
 * schemaless key, so that an output topic is partitioned as its input is. A null or NaN part is refused.
 */
export function encodeKey(key: Row): Buffer {
  for (const [column, value] of Object.entries(key)) {
    if (value === null || Number.isNaN(value)) {
      throw new ObslabError(
        'key-missing',
        `An output key needs a value in every column, but ${column} is ${value === null ? 'null' : 'NaN'}. ` +
          `Leave such rows out first: .filter(row => row.${column} !== null).`,
      )
    }
  }
  return encodeRow(key)
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
