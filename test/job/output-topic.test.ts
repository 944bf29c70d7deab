import { expect, test } from 'vitest'
import { readOutput } from '../../src/job/output-topic.js'
import type { LogRecord } from '../../src/log/record-batch.js'
import type { TopicOffsets } from '../../src/source/source.js'
import { record } from '../log/batches.js'
import { WrittenSource } from '../source/written-source.js'

test('each key keeps its last row, and a tombstone takes it away', async () => {
  const records = [record(0, 'a', '1'), record(1, 'b', '2'), record(2, 'a', '3'), record(3, 'b', null)]
  const source = new WrittenSource({ vitals: { records, cleanupPolicy: 'compact' } })
  expect(await readOutput(source, 'vitals')).toEqual(new Map([['a', '3']]))
})

test('a record without a key is no row of a job, and is told with its position', async () => {
  const source = new WrittenSource({ vitals: { records: [record(4, null, '1')], cleanupPolicy: 'compact' } })
  await expect(readOutput(source, 'vitals')).rejects.toMatchObject({
    code: 'output-foreign',
    position: { topic: 'vitals', partition: 0, offset: 4 },
  })
})

test('what was committed just now is waited for, until the broker gives it to readers', async () => {
  const source = new SettlingSource([record(0, 'a', '1'), record(1, 'a', '2')])
  const held = await readOutput(source, 'vitals', { now: () => 0, sleep: async () => source.settle() })
  expect(held).toEqual(new Map([['a', '2']]))
})

test('a transaction of somebody else that does not end is waited for ten seconds', async () => {
  const source = new SettlingSource([record(0, 'a', '1'), record(1, 'a', '2')])
  let now = 0
  const clock = {
    now: () => now,
    sleep: async (ms: number) => {
      now += ms
    },
  }
  expect(await readOutput(source, 'vitals', clock)).toEqual(new Map([['a', '1']]))
  expect(now).toBeGreaterThan(10_000)
})

/** Its last record is in a transaction that has not ended. */
class SettlingSource extends WrittenSource {
  #settled = false

  constructor(records: LogRecord[]) {
    super({ vitals: { records } })
  }

  settle(): void {
    this.#settled = true
  }

  override async topics(names?: readonly string[]): Promise<readonly TopicOffsets[]> {
    const topics = await super.topics(names)
    return topics.map(topic => ({
      ...topic,
      partitions: topic.partitions.map(partition => ({
        ...partition,
        stable: this.#settled ? partition.end : partition.end - 1,
      })),
    }))
  }
}
