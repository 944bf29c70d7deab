import { afterAll, beforeAll, expect, test } from 'vitest'
import type { ReadChange } from '../../src/change/change-reader.js'
import { readChanges, wholeTopic } from '../../src/change/change-stream.js'
import { followChanges } from '../../src/change/follow-changes.js'
import { openmrs } from '../../src/openmrs/openmrs.js'
import { openRecording } from '../../src/source/recording.js'
import type { OffsetRange, Source } from '../../src/source/source.js'
import { FakeClock } from '../fake-clock.js'

const topic = 'dbserver1.openmrs.orders'
let source: Source
let ranges: OffsetRange[]
beforeAll(async () => {
  source = await openRecording('datasets/openmrs')
  ranges = (await source.topics([topic])).flatMap(wholeTopic)
})
afterAll(() => source.close())

test('following gives the changes that reading gives, of the same types and with the same verdicts', async () => {
  const read: Omit<ReadChange, 'columns'>[] = []
  for await (const { changes } of readChanges(source, [{ topic, ranges, definition: openmrs.orders }]))
    read.push(...changes.map(({ change, redelivered }) => ({ change, redelivered })))
  const followed: Omit<ReadChange, 'columns'>[] = []
  const { signal } = new AbortController()
  for await (const changes of followChanges(source, {
    topic,
    definition: openmrs.orders,
    positions: ranges,
    signal,
    clock: new FakeClock(),
    speed: Number.POSITIVE_INFINITY,
  })) {
    for (const { change, redelivered, record, columns, keyColumns } of changes) {
      followed.push({ change, redelivered })
      expect(record.offset).toBe(change.offset)
      if (change.kind !== 'row') continue
      expect(columns.map(({ name }) => name)).toEqual(Object.keys(change.after ?? change.before ?? {}))
      expect(keyColumns.map(({ name }) => name)).toEqual(['order_id'])
    }
  }
  expect(followed).toEqual(read)
  expect(read.length).toBeGreaterThan(100)
})
