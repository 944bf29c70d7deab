import type { RowChange } from '../../src/change/change.js'
import type { Row } from '../../src/change/column-type.js'
import { Engine } from '../../src/pipeline/engine.js'
import type { ChangeLog, Version } from './chaos-log.js'
import type { SeenRows } from './chaos-readers.js'

/**
 * A part of an output row that depends on some partitions only, and what it can be: it is computed for every combination of
 * prefixes of those partitions. Rows that it does not depend on are fixed.
 */
export interface Part {
  /** Rows that are there all the time. */
  fixed: readonly { topic: string; key: Row; row: Row }[]
  /** Every version of the rows that it depends on. */
  versions: readonly Version[]
  /** The part's value in an output row. */
  of(row: Row): string
}

/** How an output row is put together of parts that depend on different partitions. */
export type PartsOf = (key: Row) => readonly Part[] | null

/** What came of looking for rows that a pipeline never produces. */
export interface Reachability {
  /** Rows seen, equal ones of one key once. */
  seen: number
  /** Those that are in one order of all changes, taken one by one. */
  inOrder: number
  /** Those that take another interleaving of the partitions. */
  interleaved: number
  /** Those that no combination of prefixes gives: what must never be. */
  never: { key: string; row: string }[]
  /** Keys with more combinations than are looked through. */
  undecided: string[]
}

/** Combinations that are looked through for one part. */
const combinations = 500_000

/**
 * Looks for each row that a reader saw in what the pipeline's engine gives for prefixes of the partitions: first taking all
 * changes one by one in the order of their times; for what is not in that, every combination of prefixes of the partitions
 * that the row's key depends on, for a job may read them in any order.
 */
export function reachability(log: ChangeLog, readers: readonly SeenRows[], partsOf: PartsOf): Reachability {
  const inOrder = rowsInOrder(log)
  const result: Reachability = { seen: 0, inOrder: 0, interleaved: 0, never: [], undecided: [] }
  const rest = new Map<string, Set<string>>()
  for (const { rows } of readers) {
    for (const [key, seen] of rows) {
      for (const row of seen) {
        result.seen++
        if (inOrder.get(key)?.has(row)) result.inOrder++
        else rest.set(key, (rest.get(key) ?? new Set()).add(row))
      }
    }
  }
  for (const [key, rows] of rest) {
    const parts = partsOf(JSON.parse(key) as Row)
    const values = parts?.map(part => valuesOf(log, key, part))
    if (values?.some(one => one === null)) {
      result.undecided.push(key)
      continue
    }
    for (const row of rows) {
      const parsed = JSON.parse(row) as Row
      const isReachable = parts?.every((part, i) => values![i]!.has(part.of(parsed))) ?? false
      if (isReachable) result.interleaved++
      else result.never.push({ key, row })
    }
  }
  return result
}

/** What each key's row is after each change, all partitions' changes in the order of their times. */
function rowsInOrder(log: ChangeLog): Map<string, Set<string>> {
  const engine = new Engine(log.plan)
  const rows = new Map<string, Set<string>>()
  for (const { change } of log.versions) {
    engine.apply([change])
    for (const { keyText, rowText } of engine.flush()) {
      if (rowText === null) continue
      const seen = rows.get(keyText)
      if (seen === undefined) rows.set(keyText, new Set([rowText]))
      else seen.add(rowText)
    }
  }
  return rows
}

/** The values of a part over all combinations of prefixes; null when there are too many to look through. */
function valuesOf(log: ChangeLog, keyText: string, { fixed, versions, of }: Part): Set<string> | null {
  const partitions = new Set(versions.map(({ partition }) => partition))
  const dimensions = [...partitions].map(name => withBefore(versions.filter(one => one.partition === name)))
  const count = dimensions.reduce((product, { length }) => product * (length + 1), 1)
  if (count > combinations) return null
  const engine = new Engine(log.plan)
  const values = new Set<string>()
  let current: string | null = null
  const visit = (): void => {
    for (const upsert of engine.flush()) if (upsert.keyText === keyText) current = upsert.rowText
    if (current !== null) values.add(of(JSON.parse(current) as Row))
  }
  for (const { topic, key, row } of fixed) engine.apply([changeTo(topic, 0, key, row)])
  const at = dimensions.map(() => 0)
  // Back and forth through each partition, so that two combinations in a row differ by one change.
  const walk = (d: number): void => {
    const events = dimensions[d]
    if (events === undefined) {
      visit()
      return
    }
    walk(d + 1)
    const forward = at[d] === 0
    for (let i = 0; i < events.length; i++) {
      const event = events[forward ? at[d]!++ : --at[d]!]!
      engine.apply([forward ? event.after : event.before])
      walk(d + 1)
    }
  }
  walk(0)
  return values
}

/** Each version of one partition's rows in order, as the change to it and the change back to the one before. */
function withBefore(versions: readonly Version[]): { before: RowChange; after: RowChange }[] {
  const ordered = [...new Set(versions)].sort((a, b) => a.place - b.place)
  const last = new Map<string, Row | null>()
  return ordered.map(({ topic, id, row, change }, place) => {
    const name = `${topic} ${id}`
    const before = last.get(name) ?? null
    last.set(name, row)
    const to = (version: Row | null): RowChange =>
      changeTo(topic, change.partition, change.key!, version, place)
    return { before: to(before), after: to(row) }
  })
}

function changeTo(topic: string, partition: number, key: Row, row: Row | null, offset = 0): RowChange {
  const about = {
    before: null,
    source: null,
    transaction: null,
    newKey: null,
    oldKey: null,
    processedAt: null,
  }
  const at = { topic, partition, offset, timestamp: 0, headers: [] }
  return { kind: 'row', op: row === null ? 'd' : 'u', key, after: row, ...about, ...at }
}
