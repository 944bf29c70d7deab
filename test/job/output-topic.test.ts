import { expect, test } from 'vitest'
import { jsonLog } from '../../src/job/log.js'
import { readOutput } from '../../src/job/output-topic.js'
import { record } from '../log/batches.js'
import { WrittenSource } from '../source/written-source.js'

const lines: string[] = []
const log = jsonLog({ write: line => lines.push(line) })

test('each key keeps its last row, and a tombstone takes it away', async () => {
  const records = [record(0, 'a', '1'), record(1, 'b', '2'), record(2, 'a', '3'), record(3, 'b', null)]
  const source = new WrittenSource({ vitals: { records, cleanupPolicy: 'compact' } })
  expect(await readOutput(source, 'vitals', log)).toEqual(new Map([['a', '3']]))
  expect(lines).toEqual([])
})

test('a record without a key is no row of a job, and is told with its position', async () => {
  const source = new WrittenSource({ vitals: { records: [record(4, null, '1')], cleanupPolicy: 'compact' } })
  await expect(readOutput(source, 'vitals', log)).rejects.toMatchObject({
    code: 'output-foreign',
    position: { topic: 'vitals', partition: 0, offset: 4 },
  })
})

test('a topic that is not compacted is warned of', async () => {
  await readOutput(new WrittenSource({ vitals: { records: [] } }), 'vitals', log)
  expect(JSON.parse(lines.at(-1)!)).toMatchObject({ level: 'warn', topic: 'vitals', cleanupPolicy: 'delete' })
})
