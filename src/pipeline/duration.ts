import { ObslabError } from '../errors.js'
import { foundText } from '../options.js'
import type { Duration } from './row-types.js'

const units: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
}

/** Milliseconds of a duration; anything else is an `option-invalid` error that names the option. */
export function milliseconds(duration: Duration, option: string): number {
  if (typeof duration === 'number' && Number.isFinite(duration)) return duration
  const [, amount, unit] = /^(-?\d+(?:\.\d+)?)(ms|s|min|h|d|w)$/.exec(String(duration)) ?? []
  if (typeof duration === 'string' && amount !== undefined) return Number(amount) * units[unit!]!
  throw new ObslabError(
    'option-invalid',
    `Expected ${option} as milliseconds or as a number and its unit (ms, s, min, h, d, w), such as '1d'; ` +
      `found ${foundText(duration)}.`,
  )
}
