import type { FullSnapshot } from '../change/full-snapshot.js'
import type { TopicFindings } from '../change/topic-findings.js'
import { Emptied, type LogIndex } from './as-of.js'
import { effect, effectBits } from './change-log.js'
import { endCut } from './cut.js'

/** What was read of a topic for its table. */
export interface TopicRead {
  /** Each partition read: the first offset there is, and from which offset to which it was read. */
  readonly partitions: readonly { partition: number; start: number; from: number; to: number }[]
  /** Whether each partition was read to the end that was fixed for all of them in one round. */
  readonly whole: boolean
  /** Whether the topic is compacted. */
  readonly compacted: boolean
}

/** What a table knows of its topic when all of it was read. */
export interface TableFacts {
  read: TopicRead | null
  /** How many records were read. */
  records: number
  splitKeys: number
  /** Rows updated or deleted that no earlier record had brought. */
  neverSeen: number
  snapshots: readonly FullSnapshot[]
}

/** Adds what a table's keys, its snapshots and the offsets it was read from tell about its topic. */
export function addTableFindings(findings: TopicFindings, facts: TableFacts): void {
  const { read, records, splitKeys, neverSeen, snapshots } = facts
  if (splitKeys > 0) findings.add('key-in-several-partitions', { at: null, count: splitKeys })
  if (neverSeen > 0) findings.add('row-never-seen', { at: null, count: neverSeen })
  const last = snapshots.at(-1)
  if (last?.marked && last.ended < 0) findings.add('snapshot-unfinished', { at: null })
  if (read === null) return
  if (read.compacted && read.whole) {
    const offsets = read.partitions.reduce((sum, { from, to }) => sum + Math.max(0, to - from), 0)
    const gone = offsets - records
    if (gone > 0) findings.add('history-compacted', { at: null, count: gone })
    return
  }
  if (snapshots.some(({ ended }) => ended >= 0)) return
  for (const { partition, start } of read.partitions) {
    if (start > 0) findings.add('history-incomplete', { at: { partition, offset: start } })
  }
}

/** Adds how many rows are gone only because a full snapshot did not find them. */
export function addRowsNotReadAgain(findings: TopicFindings, index: LogIndex): void {
  const { log } = index
  if (log.snapshots.length === 0 || findings.has('rows-not-read-again')) return
  const emptied = new Emptied(index, endCut(log))
  const last = new Int32Array(log.keyCount).fill(-1)
  log.effects.forEach((bits, row) => {
    const does = bits & effectBits
    const id = log.keyIds[row]!
    if (does !== effect.none && id >= 0) last[id] = does === effect.put ? row : -1
  })
  const gone = last.filter(row => row >= 0 && emptied.between(row, null)?.op === 'r').length
  if (gone > 0) findings.add('rows-not-read-again', { at: null, count: gone })
}
