import type { Change, SourcePosition } from '../../src/change/change.js'
import type { Row } from '../../src/change/column-type.js'
import { Redelivery } from '../../src/change/run.js'
import type { Table } from '../../src/frame/table.js'
import { TableBuilder, type TableOptions } from '../../src/frame/table-builder.js'
import { type PlayedRow, topicOf } from '../change/legal-log.js'

/** A definition of the tables of a legal log: a voided row counts as deleted. */
export const playedDefinition: { key: string[]; deleted: string[]; sensitive: string[] } = {
  key: ['id'],
  deleted: ['voided'],
  sensitive: [],
}

/** The table of the changes of one topic, judged by the redelivery rule. */
export function tableOf(changes: readonly Change[], options: Partial<TableOptions> = {}): Table {
  const topic = options.topic ?? changes[0]?.topic ?? topicOf(0)
  const builder = new TableBuilder({ topic, ...options })
  const rule = new Redelivery()
  for (const change of changes) if (change.topic === topic) builder.append(change, rule.accept(change))
  return builder.finish()
}

/** The table of one of the tables of a legal log. */
export function playedTable(records: readonly Change[], table = 0, whole = true): Table {
  return tableOf(records, {
    topic: topicOf(table),
    definition: playedDefinition,
    read: {
      partitions: [0, 1].map(partition => ({ partition, start: 0, from: 0, to: 0 })),
      whole,
      compacted: false,
    },
  })
}

/** Rows as a frame gives them: in the order of keys. */
export function sortedRows(rows: Iterable<PlayedRow | Row>): Row[] {
  return [...rows].map(row => ({ ...row })).sort((a, b) => (a.id as number) - (b.id as number)) as Row[]
}

/** A full snapshot as the naive re-run follows it. */
interface Followed {
  starts: Map<number, number>
  past: Set<number>
  ended: boolean
}

/**
 * The rows after some changes in the plainest way: one after the other with the redelivery rule, and in the end without
 * those that a completed snapshot did not read again, in partitions that are known to be past it.
 */
export function naiveRows(changes: readonly Change[], isAtEnd: (partition: number) => boolean): Row[] {
  const rule = new Redelivery()
  const rows = new Map<string, { row: Row; partition: number; at: number }>()
  const snapshots = new Map<string, Followed>()
  const open = new Map<number, Followed>()
  for (const [at, change] of changes.entries()) {
    if (rule.accept(change) !== 'applied') continue
    const { partition } = change
    if (change.kind === 'truncate') rows.clear()
    if (change.kind === 'tombstone' || change.kind === 'quarantined') rows.delete(JSON.stringify(change.key))
    if (change.kind !== 'tombstone' && change.source !== null && !isFull(change))
      open.get(partition)?.past.add(partition)
    if (isFull(change)) follow(snapshots, open, change, at)
    if (change.kind !== 'row') continue
    if (change.after === null) rows.delete(JSON.stringify(change.key))
    else rows.set(JSON.stringify(change.key), { row: change.after, partition, at })
  }
  const floors = [...snapshots.values()].filter(({ ended }) => ended)
  const isGone = ({ partition, at }: { partition: number; at: number }): boolean =>
    floors.some(({ starts, past }) => {
      const start = starts.get(partition)
      return start !== undefined && at < start && (past.has(partition) || isAtEnd(partition))
    })
  return sortedRows([...rows.values()].filter(one => !isGone(one)).map(({ row }) => row))
}

function isFull(change: Change): change is Change & { source: SourcePosition } {
  if (change.kind === 'tombstone' || change.kind === 'truncate') return false
  return change.source !== null && !['false', 'incremental'].includes(change.source.snapshot)
}

function follow(
  snapshots: Map<string, Followed>,
  open: Map<number, Followed>,
  { source, partition }: Change & { source: SourcePosition },
  at: number,
): void {
  const name = `${source.file}:${source.pos}`
  const snapshot = snapshots.get(name) ?? { starts: new Map(), past: new Set(), ended: false }
  snapshots.set(name, snapshot)
  if (!snapshot.starts.has(partition)) snapshot.starts.set(partition, at)
  open.set(partition, snapshot)
  if (!source.snapshot.startsWith('last')) return
  snapshot.ended = true
  snapshot.past.add(partition)
}
