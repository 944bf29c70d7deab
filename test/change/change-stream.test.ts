import { expect, test } from 'vitest'
import type { RowChange } from '../../src/change/change.js'
import { type ChangeChunk, ChangeStream, wholeTopic } from '../../src/change/change-stream.js'
import { record } from '../log/batches.js'
import { GrowingSource } from '../source/growing-source.js'
import { WrittenSource } from '../source/written-source.js'

const at = (pos: number): string =>
  `{"file":"bin.1","pos":${pos},"row":0,"server_id":1,"snapshot":"false","ts_ms":${pos}}`
const created = (id: number, pos: number): string =>
  `{"op":"c","before":null,"after":{"id":${id},"n":1},"source":${at(pos)}}`

/** The DDL of `db.box`, whose column n is of `type` from `pos` on. */
function ddl(type: string, pos: number): string {
  const column = (name: string, typeName: string): string =>
    `{"name":"${name}","typeName":"${typeName}","typeExpression":"${typeName}","optional":true}`
  const table = `{"primaryKeyColumnNames":["id"],"columns":[${column('id', 'INT')},${column('n', type)}]}`
  return `{"source":${at(pos)},"databaseName":"db","ddl":"DDL at ${pos}","tableChanges":[{"type":"CREATE","id":"\\"db\\".\\"box\\"","table":${table}}]}`
}

const box = {
  records: [
    record(0, '{"id":1}', created(1, 10)),
    record(1, '{"id":2}', created(2, 20)),
    record(2, '{"id":2}', created(2, 20)),
    record(3, '{"id":1}', created(1, 10)),
    record(4, '{"id":3}', created(3, 40)),
  ],
}

test('what is followed goes on where reading ended: redelivery, counts and positions included', async () => {
  for (let cut = 0; cut <= box.records.length; cut++) {
    const source = new GrowingSource(new WrittenSource({ 'x.db.box': box }), () => cut)
    const ranges = (await source.topics(['x.db.box'])).flatMap(wholeTopic)
    const stream = new ChangeStream(source, [{ topic: 'x.db.box', ranges, definition: null }])
    const seen: [number, boolean][] = []
    let next = 0
    const take = async (chunks: AsyncIterable<ChangeChunk>): Promise<void> => {
      for await (const chunk of chunks) {
        for (const { change, redelivered } of chunk.changes) seen.push([change.offset, redelivered])
        next = chunk.next
      }
    }
    await take(stream.read())
    expect(next).toBe(cut)
    await take(stream.follow(new AbortController().signal))
    expect([cut, next, seen]).toEqual([
      cut,
      5,
      [
        [0, false],
        [1, false],
        [2, false],
        [3, true],
        [4, false],
      ],
    ])
  }
})

test('a row that is followed is decoded by the DDL that was written before it', async () => {
  const topics = {
    x: { records: [record(0, '{}', ddl('INT', 1)), record(1, '{}', ddl('BIGINT', 30))] },
    'x.db.box': box,
  }
  let written = 1
  const source = new GrowingSource(new WrittenSource(topics), topic => (topic === 'x' ? written : 3))
  const ranges = (await source.topics(['x.db.box'])).flatMap(wholeTopic)
  const stream = new ChangeStream(source, [{ topic: 'x.db.box', ranges, definition: null }])
  const values: unknown[] = []
  const take = async (chunks: AsyncIterable<ChangeChunk>): Promise<void> => {
    for await (const { changes } of chunks)
      values.push(...changes.map(({ change }) => (change as RowChange).after?.n))
  }
  await take(stream.read())
  written = 2
  await take(stream.follow(new AbortController().signal))
  expect(values).toEqual([1, 1, 1, 1, 1n])
})
