import { beforeAll, describe, expect, test } from 'vitest'
import { readChanges, wholeTopic } from '../../src/change/change-stream.js'
import type { Row } from '../../src/change/column-type.js'
import type { TopicEvent } from '../../src/change/message.js'
import { compareKeys, rowKey } from '../../src/change/row-key.js'
import { isDeleted, type TypedTopic } from '../../src/change/topic.js'
import type { Table } from '../../src/frame/table.js'
import { asOf } from '../../src/frame/tables.js'
import { connect, type Lab } from '../../src/lab.js'
import { openmrs } from '../../src/openmrs/openmrs.js'

interface Read {
  change: TopicEvent
  redelivered: boolean
}

async function readAll(lab: Lab, topic: string): Promise<Read[]> {
  const offsets = await lab.source.topics([topic])
  const read: Read[] = []
  const asked = offsets.map(one => ({ topic, ranges: wholeTopic(one), definition: null }))
  for await (const chunk of readChanges(lab.source, asked)) read.push(...chunk.changes)
  return read
}

/** The rows after some changes in the plainest way: the recordings have one full snapshot, at their beginning. */
function naiveRows(read: readonly Read[], definition: TypedTopic<never>): Row[] {
  const rows = new Map<string, Row>()
  for (const { change, redelivered } of read) {
    if (redelivered || (change.kind !== 'row' && change.kind !== 'tombstone')) continue
    const key = rowKey(change.key!, definition.key)
    if (change.kind === 'tombstone' || change.after === null) rows.delete(key)
    else rows.set(key, change.after)
  }
  return [...rows.values()]
    .filter(row => !isDeleted(definition, row))
    .sort((a, b) => compareKeys(a, b, definition.key))
}

describe.each([
  ['obs', openmrs.obs],
  ['person', openmrs.person],
  ['encounter', openmrs.encounter],
] as [string, TypedTopic<never>][])('the recording of %s', (_, definition) => {
  let table: Table
  let read: Read[]
  beforeAll(async () => {
    const lab = await connect()
    table = (await lab.replay(definition as unknown as TypedTopic<Row>, { progress: false })) as Table
    read = await readAll(lab, table.topic)
    await lab.close()
  })

  const ends = (): number[] => {
    const next: number[] = []
    for (const { change } of read) next[change.partition] = change.offset + 1
    return next
  }

  test('as of offsets here and there, the table equals a re-run up to there', () => {
    for (let i = 1; i <= 4; i++) {
      const offsets = Object.fromEntries(
        ends().map((end, p) => [p, Math.floor((end * ((i * 37 + p * 53) % 100)) / 100)]),
      )
      const prefix = read.filter(({ change }) => change.offset < offsets[change.partition]!)
      if (prefix.length > 0) expect(table.asOf({ offsets }).rows()).toEqual(naiveRows(prefix, definition))
    }
  })

  test('as of the end, by each clock, the table is the current one', () => {
    const current = table.current().rows()
    expect(current).toEqual(naiveRows(read, definition))
    const gtids = (table.changes().column('_gtid').toArray() as (string | null)[]).filter(
      gtid => gtid !== null,
    )
    const gtid = gtids.at(-1)!.replace(/:\d+$/, ':1-99999999')
    const offsets = Object.fromEntries(ends().entries())
    for (const moment of [{ offsets }, { offsets: 1e9 }, { time: 4e12 }, { sourceTime: 4e12 }, { gtid }])
      expect(table.asOf(moment).rows()).toEqual(current)
  })

  test('as of the snapshot, by source time and by GTID, the table is what the snapshot read', () => {
    const snapshot = read.filter(
      ({ change }) => change.kind === 'row' && change.op === 'r' && change.source?.gtid === null,
    )
    const rows = naiveRows(snapshot, definition)
    const [first] = snapshot
    const { time } = (first!.change as { source: { time: number } }).source
    expect(table.asOf({ sourceTime: time }).rows()).toEqual(rows)
    const gtid = String(table.changes().column('_gtid').toArray().find(Boolean)).replace(/:\d+$/, ':1')
    expect(table.asOf({ gtid }).rows()).toEqual(rows)
    expect(() => table.asOf({ sourceTime: time - 1 })).toThrow('Nothing is known of')
  })

  test('as of each of some transactions, GTID and source time say the same', () => {
    const changes = table.changes()
    const gtids = changes.column('_gtid').toArray() as (string | null)[]
    const times = changes.column('_source_time').toArray() as number[]
    for (const share of [0.3, 0.5, 0.9]) {
      const row = gtids.findIndex((gtid, i) => i >= share * gtids.length && gtid !== null)
      const sourceTime = times[row]!
      const numbers = gtids.flatMap((gtid, i) =>
        gtid !== null && times[i] === sourceTime ? Number(gtid.split(':')[1]) : [],
      )
      const gtid = gtids[row]!.replace(/:\d+$/, `:1-${Math.max(...numbers)}`)
      expect(table.asOf({ gtid }).rows()).toEqual(table.asOf({ sourceTime }).rows())
    }
  })
})

test('tables of one moment share the cut: no obs of an encounter that is not there yet', async () => {
  const lab = await connect()
  const [obs, encounters] = (await lab.replay(['obs', 'encounter'], { progress: false })) as [Table, Table]
  const times = obs.changes().column('_source_time').toArray() as number[]
  for (const share of [0.4, 0.6, 0.8]) {
    const sourceTime = times[Math.floor(times.length * share)]!
    const [o, e] = asOf([obs, encounters], { sourceTime }, { includeDeleted: true })
    const there = new Set(e.column('encounter_id').toArray())
    const orphans = o.rows().filter(({ encounter_id }) => encounter_id !== null && !there.has(encounter_id!))
    expect([sourceTime, orphans.length]).toEqual([sourceTime, 0])
    expect(o.length).toBeGreaterThan(1000)
  }
  expect(() => asOf([obs, encounters], { offsets: 5 })).toThrow('Offsets are those of one topic')
  await lab.close()
})
