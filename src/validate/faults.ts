import type { Change, RowChange, SourcePosition } from '../change/change.js'
import { comparePositions } from '../change/position.js'
import { CurrentTables, keyOf, type TableTopic } from './current-tables.js'
import { byLane, type Delivered, deliver, Judge, type LaneOf } from './delivery.js'
import type { Random } from './random.js'

/** The changes that were recorded, in the order read, and what is known of their topics. */
export interface RecordedLog {
  readonly changes: readonly Change[]
  readonly topics: readonly TableTopic[]
  readonly laneOf: LaneOf
}

/**
 * Another way in which what was recorded could have come: a legal one, after which the tables are the same. It never
 * moves a change before one of its own partition. Cases are numbered from 0; without a number it is one by chance.
 */
export type Fault = (log: RecordedLog, random: Random, number?: number) => Delivered[]

/** Kafka Connect was killed and began again from an older offset: what it had written last comes a second time. */
export const replayedBlock: Fault = ({ changes }, random) => {
  const end = 1 + random.below(changes.length)
  const length = 1 + random.below(Math.min(end, 500))
  const block = changes.slice(end - length, end)
  const all = [...changes.slice(0, end), ...block, ...changes.slice(end)]
  return deliver(all, { compared: [end + Math.ceil(length / 2)] })
}

/** The partitions are read at other paces; in case 0 one after the other, the last first. */
export const interleaving: Fault = ({ changes, laneOf }, random, number) => {
  if (number === 0) return deliver(byLane(changes, laneOf).reverse().flat())
  const lanes = byLane(changes, laneOf).map(lane => ({ lane, next: 0 }))
  const merged: Change[] = []
  while (lanes.length > 0) {
    const at = random.below(lanes.length)
    const { lane, next } = lanes[at]!
    const run = 1 + random.below(random.below(4) === 0 ? 500 : 8)
    const end = Math.min(lane.length, next + run)
    for (let i = next; i < end; i++) merged.push(lane[i]!)
    if (end === lane.length) lanes.splice(at, 1)
    else lanes[at] = { lane, next: end }
  }
  return deliver(merged, { cuts: random.some(4, 1, merged.length) })
}

/** The process is killed and begins again, twice: it has what was written, and reads the topics from their beginnings. */
export const restart: Fault = ({ changes }, random) =>
  deliver(changes, { restarts: random.some(2, 1, changes.length) })

/** The connector takes a full snapshot in the middle: every row of the tables of that moment is read again. */
export const reSnapshot: Fault = (log, random) => {
  const { at, reached } = snapshotPlace(log.changes, random)
  const lanes = byLane(log.changes, log.laneOf).map(lane => {
    const first = lane.findIndex(change => !reached(change))
    return first === -1
      ? { before: lane, after: [] }
      : { before: lane.slice(0, first), after: lane.slice(first) }
  })
  const before = lanes.flatMap(lane => lane.before)
  const reads = rowsRead(log.topics, before, at)
  const all = [...before, ...reads, ...lanes.flatMap(lane => lane.after)]
  return deliver(all, { compared: [before.length + Math.ceil(reads.length / 2)] })
}

/** Tombstones are not written (`tombstones.on.delete=false`), or were lost between a delete and a crash. */
export const lostTombstones: Fault = ({ changes, topics }, random) => {
  const keys = new Map(topics.map(topic => [topic.topic, topic]))
  const deleted = new Set<string>()
  const kept = changes.filter(change => {
    const topic = keys.get(change.topic)
    const key = topic === undefined ? null : keyOf(change, topic)
    if (key === null) return true
    const name = `${change.topic}:${change.partition}:${JSON.stringify(Object.values(key).map(String))}`
    if (change.kind === 'tombstone') return !deleted.delete(name) || random.below(4) === 0
    if (change.kind === 'row' && change.op === 'd') deleted.add(name)
    else deleted.delete(name)
    return true
  })
  return deliver(kept, { cuts: random.some(2, 1, kept.length) })
}

/** A topic that Kafka has compacted: of some keys only the newest record is left, and no create. */
export const compacted: Fault = ({ changes, topics }, random) => {
  const keys = new Map(topics.map(topic => [topic.topic, topic]))
  const judge = new Judge()
  const counts = changes.map(change => judge.counts(change))
  const newest = new Set<string>()
  const kept: Change[] = []
  const chance = new Map<string, boolean>()
  for (let i = changes.length - 1; i >= 0; i--) {
    const change = changes[i]!
    const topic = keys.get(change.topic)
    const key = topic === undefined ? null : keyOf(change, topic)
    const name =
      key === null
        ? null
        : `${change.topic}:${change.partition}:${JSON.stringify(Object.values(key).map(String))}`
    if (name === null || !counts[i]) {
      if (name === null) kept.push(change)
      continue
    }
    if (!chance.has(name)) chance.set(name, random.below(2) === 0)
    if (!newest.has(name) || !chance.get(name)) kept.push(change)
    newest.add(name)
  }
  kept.reverse()
  return deliver(kept, { cuts: random.some(2, 1, kept.length) })
}

/** Where in the database's log a snapshot is taken, and which changes had been written by then. */
function snapshotPlace(
  changes: readonly Change[],
  random: Random,
): { at: SourcePosition | null; reached: (change: Change) => boolean } {
  const streamed = changes.filter(isStreamed)
  if (streamed.length === 0) return { at: null, reached: () => true }
  const at = streamed[random.below(streamed.length)]!.source
  const isAfter = (change: Change): boolean => isStreamed(change) && comparePositions(change.source, at) > 0
  return { at, reached: change => !isAfter(change) }
}

function isStreamed(change: Change): change is RowChange & { source: SourcePosition } {
  return change.kind === 'row' && change.source !== null && change.source.snapshot === 'false'
}

function rowsRead(
  topics: readonly TableTopic[],
  before: readonly Change[],
  at: SourcePosition | null,
): RowChange[] {
  const judge = new Judge()
  const tables = new CurrentTables(topics)
  const last = new Map<string, Change>()
  for (const change of before) {
    last.set(`${change.topic}:${change.partition}`, change)
    if (judge.counts(change)) tables.apply(change)
  }
  return topics.flatMap(({ topic }) =>
    Array.from(tables.all(topic), ({ key, row, partition }): RowChange => {
      const { offset, timestamp } = last.get(`${topic}:${partition}`)!
      return {
        kind: 'row',
        ...{ topic, partition, offset, timestamp },
        op: 'r',
        key,
        before: null,
        after: row,
        source: at === null ? null : { ...at, row: 0, gtid: null, snapshot: 'true' },
        transaction: null,
        newKey: null,
        oldKey: null,
        processedAt: null,
        headers: [],
      }
    }),
  )
}
