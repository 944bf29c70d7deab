import { inspect } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { connect, type Lab } from '../src/lab.js'
import { batchHeaders } from '../src/log/batch-header.js'
import { RecordReader } from '../src/source/record.js'

let lab: Lab
let contract: Lab
beforeAll(async () => {
  lab = await connect()
  contract = await connect('test/source/recordings/contract')
})
afterAll(async () => {
  await lab.close()
  await contract.close()
})

test('one record has its change, position, times and sizes, and prints with all of them, masked', async () => {
  const rows = (await lab.replay('person_name')).changes().rows()
  const update = rows.find(row => row._op === 'u')!
  const record = await lab.at(`person_name:${update._partition}:${update._offset}`)
  expect(record).toMatchObject({
    topic: 'dbserver1.openmrs.person_name',
    partition: update._partition,
    offset: update._offset,
    timestamp: update._timestamp,
    op: 'u',
    redelivered: null,
    source: { file: update._file, pos: update._pos, time: update._source_time },
  })
  expect(record.after).toMatchObject({ family_name: update.family_name })
  expect(record.keyBytes).toBeGreaterThan(10)
  expect(record.valueBytes).toBeGreaterThan(500)
  expect(inspect(record)).toMatch(
    /^position +dbserver1\.openmrs\.person_name:0:\d+\nop +u, a row was updated/,
  )
  expect(inspect(record)).toContain('__debezium')
  expect(inspect(record)).not.toContain(update.family_name as string)
})

test('a tombstone has its key and no value', async () => {
  const rows = (await lab.replay('obs', { columns: [] })).changes().rows()
  const tombstone = rows.find(row => row._op === 'tombstone')!
  const record = await lab.at(`obs:${tombstone._partition}:${tombstone._offset}`)
  expect(record).toMatchObject({ op: 'tombstone', valueBytes: null, key: { obs_id: tombstone.obs_id } })
})

test.each([
  ['obs:0', 'option-invalid', 'topic:partition:offset'],
  ['obs:x:1', 'option-invalid', 'topic:partition:offset'],
  ['obs:9:1', 'option-invalid', 'has no partition 9; it has 0, 1, 2'],
  ['obz:0:1', 'topic-unknown', 'dbserver1.openmrs.obs'],
  ['obs:0:99999999', 'offset-out-of-range', 'is not there yet: the last one is'],
])('%s is refused: %s', async (place, code, told) => {
  await expect(lab.at(place)).rejects.toMatchObject({ code, message: expect.stringContaining(told) })
})

test('every offset without a record says why: a mark, aborted, compacted away, or still open', async () => {
  const topics = await contract.source.topics()
  const told = new Set<string>()
  for (const { topic, partitions } of topics) {
    for (const { partition, start, stable, end } of partitions) {
      const range = { topic, partition, from: start, to: stable }
      const reader = new RecordReader(topic, partition, range)
      const offsets = new Set<number>()
      const marks = new Set<number>()
      for await (const chunk of contract.source.read({ ranges: [range] })) {
        for (const { offset } of reader.read(chunk)) offsets.add(offset)
        for (const header of batchHeaders(chunk.bytes)) if (header.control) marks.add(header.baseOffset)
      }
      for (let offset = start; offset < Math.min(end, start + 200); offset++) {
        const place = `${topic}:${partition}:${offset}`
        if (offsets.has(offset)) continue
        const why = await contract.at(place).then(
          () => 'a record',
          error => error.message as string,
        )
        const expected =
          offset >= stable
            ? 'is not committed yet'
            : marks.has(offset)
              ? 'is the mark of a transaction’s end'
              : topic.includes('compacted')
                ? 'a newer record of its key replaced it'
                : 'was aborted'
        expect([place, why]).toEqual([place, expect.stringContaining(expected)])
        told.add(expected)
      }
    }
  }
  expect(told.size).toBe(4)
})
