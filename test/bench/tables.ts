import type { Row } from '../../src/change/column-type.js'
import type { TopicEvent } from '../../src/change/message.js'
import { chunkBytes } from '../../src/frame/chunk.js'
import type { Column } from '../../src/frame/column.js'
import type { Table } from '../../src/frame/table.js'
import { TableBuilder } from '../../src/frame/table-builder.js'
import { openmrs } from '../../src/openmrs/openmrs.js'
import { ObsTopic } from './data.js'
import { collectGarbage, medians, Took } from './measure.js'
import { type Result, times } from './results.js'

/** How often the recording's changes of obs are played, each time to other rows: about a million. */
const rounds = 28

const limit = 'the limit that was set for it'

/** What the table of a million changes costs, against the limits that were set for it. */
export async function tableResults(): Promise<Result[]> {
  const obs = await ObsTopic.open('datasets/openmrs', 1)
  const { table, changes, bytes } = measuredTable(obs)
  const length = changes.toLocaleString('en')
  const times50 = { aim: 1, peerName: limit }
  const offsets = { offsets: Math.floor(changes / 6) }
  const sourceTime = { sourceTime: middleTime(table) }
  const gtid = { gtid: middleGtids(table) }
  for (const moment of [offsets, sourceTime, gtid]) table.asOf(moment)
  const ms = await medians({
    current: () => cpu(() => table.current()),
    offsets: () => cpu(() => table.asOf(offsets)),
    sourceTime: () => cpu(() => table.asOf(sourceTime)),
    gtid: () => cpu(() => table.asOf(gtid)),
  })
  const asOf = (id: 'offsets' | 'sourceTime' | 'gtid'): Result =>
    times(
      {
        id: `table.as-of-${id}`,
        work: `asOf({ ${id} }), ${length} changes of obs, processor time`,
        ...times50,
      },
      { ours: ms[id], peer: 50 },
    )
  return [
    times(
      { id: 'table.current', work: `current(), ${length} changes of obs, processor time`, ...times50 },
      { ours: ms.current, peer: 300 },
    ),
    asOf('offsets'),
    asOf('sourceTime'),
    asOf('gtid'),
    {
      id: 'table.memory',
      work: 'memory of a change of obs, beside its text',
      ours: bytes,
      peer: 250,
      peerName: limit,
      unit: 'B',
      ratio: Number((250 / bytes).toPrecision(3)),
      aim: 1,
    },
  ]
}

/** The processor's time that a work took, which is what a limit is of: others may use the machine. */
function cpu(work: () => unknown): Took {
  const before = process.cpuUsage()
  work()
  const { user, system } = process.cpuUsage(before)
  return new Took((user + system) / 1000)
}

/** The table, and the bytes it keeps for each change beside text, by what the process uses before and after. */
function measuredTable(obs: ObsTopic): { table: Table; changes: number; bytes: number } {
  const read = readAll(obs)
  collectGarbage()
  const before = usedBytes()
  const { table, changes } = manyChanges(obs, read)
  collectGarbage()
  const columns = [...table.changes().columns]
  const text = columns.reduce((sum, column) => sum + textBytes(column), 0)
  return { table, changes, bytes: Math.round((usedBytes() - before - text) / changes) }
}

function usedBytes(): number {
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

/** Bytes of a text column beyond one 32-bit number a row. */
function textBytes(column: Column): number {
  return column.chunks
    .filter(({ storage }) => storage === 'dictionary' || storage === 'utf8')
    .reduce((sum, chunk) => sum + chunkBytes(chunk) - 4 * chunk.length, 0)
}

interface Read {
  change: TopicEvent
  redelivered: boolean
}

function readAll(obs: ObsTopic): Read[] {
  const reader = obs.reader()
  return [...obs.records()].flatMap(records => records.map(record => reader.read(record)))
}

/** The changes again and again, each time later in the log and to other rows. */
function manyChanges(obs: ObsTopic, read: readonly Read[]): { table: Table; changes: number } {
  const builder = new TableBuilder({
    topic: obs.topic,
    definition: openmrs.obs,
    kindOf: name => kinds.get(name),
  })
  const reader = obs.reader()
  for (const records of obs.records()) for (const record of records) reader.read(record)
  const kinds = new Map(reader.columns.map(({ name, kind }) => [name, kind]))
  for (let round = 0; round < rounds; round++) {
    for (const { change, redelivered } of read)
      builder.append(shifted(change, round), redelivered ? 'redelivered' : 'applied')
  }
  return { table: builder.finish() as unknown as Table, changes: rounds * read.length }
}

const dayMs = 86_400_000

function shifted(change: TopicEvent, round: number): TopicEvent {
  const offset = change.offset + round * 20_000
  const timestamp = change.timestamp + round * dayMs
  if (change.kind === 'tombstone') return { ...change, offset, timestamp, key: shiftedRow(change.key, round) }
  if (change.kind !== 'row') return { ...change, offset, timestamp }
  const { op, key, before, after, source } = change
  return {
    ...change,
    op: round > 0 && op === 'r' ? 'c' : op,
    offset,
    timestamp,
    key: shiftedRow(key, round),
    before: shiftedRow(before, round),
    after: shiftedRow(after, round),
    source: source && {
      ...source,
      snapshot: round > 0 ? 'false' : source.snapshot,
      serverId: 1,
      file: `mysql-bin.${String(2 + round).padStart(6, '0')}`,
      time: source.time + round * dayMs,
      gtid: source.gtid?.replace(/\d+$/, number => String(Number(number) + round * 50_000)) ?? null,
    },
  }
}

function shiftedRow(row: Row | null, round: number): Row | null {
  return row && { ...row, obs_id: (row.obs_id as number) + round * 100_000 }
}

function middleTime(table: Table): number {
  const times = table.changes().column('_source_time')
  return times.at(Math.floor(times.length / 2)) as number
}

function middleGtids(table: Table): string {
  const gtids = table.changes().column('_gtid')
  let row = Math.floor(gtids.length / 2)
  while (gtids.isNull(row)) row++
  return (gtids.at(row) as string).replace(/:(\d+)$/, ':1-$1')
}
