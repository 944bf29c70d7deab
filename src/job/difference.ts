import { ObslabError } from '../errors.js'
import type { OutputRecord } from './sink.js'

/** What has to be written for an output that holds something to hold what it should. */
export interface Difference {
  records: readonly OutputRecord[]
  /** Rows that are right already. */
  unchanged: number
}

/** What {@link difference} compares: encoded keys to encoded rows. */
export interface Outputs {
  held: ReadonlyMap<string, string>
  wanted: ReadonlyMap<string, string>
  /** Any key that the job has computed, of a row that is gone again too; null when it never computed one. */
  ownKey: string | null
}

/**
 * The records that turn the output `held` into `wanted`, in the order of their keys: rows that are new or changed, and
 * tombstones for those that are gone.
 * A key that would have to go and has other columns than the job's keys is an `output-foreign` error, for it is somebody
 * else's; so is any key when the job never computed one.
 */
export function difference({ held, wanted, ownKey }: Outputs): Difference {
  const changed = [...wanted].filter(([key, row]) => held.get(key) !== row)
  const gone = [...held.keys()].filter(key => !wanted.has(key))
  for (const key of gone) requireOwn(key, ownKey)
  const records = [...changed.map(([key, row]) => ({ key, row })), ...gone.map(key => ({ key, row: null }))]
  return { records: records.sort(byKey), unchanged: wanted.size - changed.length }
}

function byKey(a: OutputRecord, b: OutputRecord): number {
  return a.key < b.key ? -1 : 1
}

function requireOwn(key: string, ownKey: string | null): void {
  const found = columnsOf(key)
  const expected = ownKey === null ? null : columnsOf(ownKey)
  if (found !== null && found === expected) return
  throw new ObslabError(
    'output-foreign',
    `${expected === null ? 'Expected an empty output, for the inputs never gave a row' : `Expected an output keyed by ${expected}, as this job writes it`}, ` +
      `found ${found === null ? 'a key that is no JSON object' : `rows keyed by ${found}`}. Nothing was written: name ` +
      'another topic in .to(…), or remove this one if it is an older form of the same output.',
  )
}

function columnsOf(key: string): string | null {
  try {
    const parsed: unknown = JSON.parse(key)
    return typeof parsed === 'object' && parsed !== null ? Object.keys(parsed).join(', ') : null
  } catch {
    return null
  }
}
