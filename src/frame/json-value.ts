import type { Value } from '../change/column-type.js'

/** What stands for a value of a row in an object that `JSON.stringify` is given. */
export type JsonScalar = null | number | boolean | string

/**
 * A value as `JSON.stringify` can write it: a bigint as a number where a number holds it and as text beyond, bytes as
 * base64, NaN and the infinities as null.
 */
export function jsonValue(value: Value): JsonScalar {
  if (typeof value === 'bigint') {
    return Number.isSafeInteger(Number(value)) ? Number(value) : value.toString()
  }
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
  return typeof value === 'number' && !Number.isFinite(value) ? null : value
}
