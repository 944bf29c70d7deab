import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Change } from '../../src/change/change.js'
import { readChanges, wholeTopic } from '../../src/change/change-stream.js'
import { openmrs } from '../../src/openmrs/openmrs.js'
import { pipeline } from '../../src/pipeline/pipeline.js'
import { planTopics, renameTopics } from '../../src/pipeline/plan.js'
import { openRecording } from '../../src/source/recording.js'
import { CurrentTables } from '../../src/validate/current-tables.js'
import { type Delivery, Judge } from '../../src/validate/delivery.js'
import {
  compacted,
  type Fault,
  interleaving,
  lostTombstones,
  type RecordedLog,
  replayedBlock,
  reSnapshot,
  restart,
} from '../../src/validate/faults.js'
import { Random } from '../../src/validate/random.js'
import { logOf } from './log.js'

const start = pipeline('both')
const both = start
  .from(openmrs.obs)
  .select('uuid')
  .union(start.from(openmrs.visit).select('uuid'))
  .to('both', { key: ['uuid'] })
const plan = renameTopics(both.plan, topic => `dbserver1.openmrs.${topic}`)

/** The obs and visits of a recording that has a block delivered twice, snapshots, deletes and a key change. */
async function recorded(): Promise<RecordedLog> {
  const source = await openRecording('datasets/openmrs')
  const changes: Change[] = []
  const topics = planTopics(plan.root)
  const asked = topics.map(definition => ({ topic: definition.topic, definition }))
  const offsets = await source.topics(asked.map(({ topic }) => topic))
  const ranges = asked.map((one, i) => ({
    ...one,
    ranges: wholeTopic(offsets.find(({ topic }) => topic === one.topic) ?? offsets[i]!),
  }))
  for await (const chunk of readChanges(source, ranges)) {
    for (const { change } of chunk.changes)
      if ('key' in change || change.kind === 'truncate') changes.push(change as Change)
  }
  return logOf({ plan } as never, changes)
}

const log = await recorded()

function tablesOf(changes: Iterable<Change>): string {
  const tables = new CurrentTables(log.topics)
  const judge = new Judge()
  for (const change of changes) if (judge.counts(change)) tables.apply(change)
  return log.topics
    .flatMap(({ topic, key }) =>
      Array.from(
        tables.all(topic),
        ({ row }) => `${topic} ${key.map(name => row[name])} ${row.uuid} ${row.voided}`,
      ),
    )
    .sort()
    .join('\n')
}

const expected = tablesOf(log.changes)
const inPartition = (delivery: Delivery, partition: string): Change[] =>
  delivery.map(({ change }) => change).filter(change => `${change.topic}:${change.partition}` === partition)
const partitions = [...new Set(log.changes.map(({ topic, partition }) => `${topic}:${partition}`))]

const faults: [string, Fault][] = [
  ['a replayed block', replayedBlock],
  ['another interleaving', interleaving],
  ['a restart', restart],
  ['a second snapshot', reSnapshot],
  ['lost tombstones', lostTombstones],
  ['compaction', compacted],
]

test.each(faults)('%s leaves the tables as they are, whatever the seed', (_, fault) => {
  fc.assert(
    fc.property(fc.nat(), seed => {
      const delivery = fault(log, new Random(seed))
      expect(tablesOf(delivery.map(({ change }) => change)) === expected).toBe(true)
    }),
    { numRuns: 3 },
  )
})

test('the recording has what the faults are about', () => {
  expect(partitions).toHaveLength(4)
  expect(log.changes.filter(({ kind }) => kind === 'tombstone').length).toBeGreaterThan(100)
})

test('interleavings and restarts keep the order of each partition, and every change', () => {
  for (const fault of [interleaving, restart]) {
    const delivery = fault(log, new Random(5))
    for (const partition of partitions) {
      const original = log.changes.filter(({ topic, partition: p }) => `${topic}:${p}` === partition)
      expect(inPartition(delivery, partition)).toEqual(original)
    }
  }
  expect(interleaving(log, new Random(5)).some(({ change }, i) => change !== log.changes[i])).toBe(true)
  expect(restart(log, new Random(5)).filter(({ restart: ends }) => ends)).toHaveLength(2)
})

test('every fault does something, and the same seed does the same', () => {
  const lengths = faults.map(([, fault]) => fault(log, new Random(9)).length - log.changes.length)
  const [replayed, interleaved, restarted, read, lost, left] = lengths as [
    number,
    number,
    number,
    number,
    number,
    number,
  ]
  expect(replayed).toBeGreaterThan(0)
  expect([interleaved, restarted]).toEqual([0, 0])
  expect(read).toBeGreaterThan(1000)
  expect(lost).toBeLessThan(-50)
  expect(left).toBeLessThan(-1000)
  const told = (delivery: Delivery): string =>
    delivery.map(({ change: { topic, offset }, cut }) => `${topic}:${offset}${cut}`).join()
  for (const [, fault] of faults) {
    const [one, again] = [fault(log, new Random(9)), fault(log, new Random(9))]
    expect(told(one) === told(again)).toBe(true)
  }
})
