import { deserialize, serialize } from 'node:v8'
import { expect, test } from 'vitest'
import type { RowChange } from '../../src/change/change.js'
import { type ChangeChunk, ChangeStream, wholeTopic } from '../../src/change/change-stream.js'
import type { ColumnType } from '../../src/change/column-type.js'
import type { ReaderMemory } from '../../src/change/reader-memory.js'
import { openRecording } from '../../src/source/recording.js'
import type { OffsetRange, Source } from '../../src/source/source.js'
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

/** A change as it was read, as text, and where. */
interface Seen {
  place: string
  redelivered: boolean
  text: string
}

/** A stream that stops after some records of each partition, and one that goes on from what it knew: what both read. */
async function readInParts(source: Source, topics: readonly string[], at: number): Promise<Seen[]> {
  const all = (await source.topics(topics)).flatMap(wholeTopic)
  const seen: Seen[] = []
  const take = async (
    rangeOf: (range: OffsetRange) => OffsetRange,
    kept: Record<string, ReaderMemory>,
  ): Promise<Record<string, ReaderMemory>> => {
    const parts = topics.map(topic => ({
      topic,
      ranges: all.filter(range => range.topic === topic).map(rangeOf),
      definition: null,
    }))
    const stream = new ChangeStream(source, parts, kept)
    for await (const { topic, partition, changes } of stream.read()) {
      for (const { change, redelivered, columns } of changes) {
        const place = `${topic} ${partition} ${String(change.offset).padStart(9, '0')}`
        seen.push({ place, redelivered, text: textOf([change, kindsOf(columns)]) })
      }
    }
    return deserialize(serialize(stream.dump()))
  }
  const middle = ({ from, to }: OffsetRange): number => Math.round(from + (to - from) * at)
  const kept = await take(range => ({ ...range, to: middle(range) }), {})
  await take(range => ({ ...range, from: middle(range) }), kept)
  return seen.sort((a, b) => (a.place < b.place ? -1 : 1))
}

function textOf(value: unknown): string {
  return JSON.stringify(value, (_, inner) => (typeof inner === 'bigint' ? `${inner}n` : inner))
}

function kindsOf(columns: readonly ColumnType[] | null): string {
  return columns?.map(({ name, kind }) => `${name} ${kind}`).join() ?? ''
}

/** Compares line by line: two lists of thousands are told apart in a moment. */
function expectSame(found: readonly Seen[], expected: readonly Seen[]): void {
  expect(found.length).toBe(expected.length)
  const at = found.findIndex((one, i) => textOf(one) !== textOf(expected[i]))
  expect(found[at]).toEqual(expected[at])
}

test('a recording that is cut anywhere and read on with what the readers knew reads as if it never was', async () => {
  const source = await openRecording('datasets/openmrs')
  try {
    const topics = ['encounter', 'person', 'orders'].map(table => `dbserver1.openmrs.${table}`)
    const whole = await readInParts(source, topics, 1)
    expect(whole.some(({ redelivered }) => redelivered)).toBe(true)
    for (const at of [0.31, 0.62, 0.87, 0.97, 0.99]) expectSame(await readInParts(source, topics, at), whole)
  } finally {
    await source.close()
  }
})

test('types that values suggested, and keys of tombstones, go on from what a reader knew', async () => {
  const big = '9007199254740993'
  const records = [
    record(0, '{"id":1}', `{"op":"c","before":null,"after":{"id":1,"n":${big},"x":null},"source":${at(10)}}`),
    record(1, '{"id":2}', `{"op":"c","before":null,"after":{"id":${big},"n":1,"x":1.5},"source":${at(20)}}`),
    record(2, '{"id":2}', `{"op":"d","before":{"id":2,"n":1,"x":1.5},"after":null,"source":${at(30)}}`),
    record(3, '{"id":2}', null),
    record(4, '{"id":1}', `{"op":"u","before":null,"after":{"id":1,"n":2,"x":1},"source":${at(40)}}`),
    record(5, '{"id":2}', `{"op":"d","before":{"id":2,"n":1,"x":1.5},"after":null,"source":${at(30)}}`),
    record(6, '{"id":2}', null),
  ]
  const source = new WrittenSource({ 'y.db.bag': { records } })
  const whole = await readInParts(source, ['y.db.bag'], 1)
  expect(whole.map(({ redelivered }) => redelivered)).toEqual([false, false, false, false, false, true, true])
  expect(whole[3]?.text).toContain('"key":{"id":"2n"}')
  for (let cut = 0; cut < records.length; cut++)
    expectSame(await readInParts(source, ['y.db.bag'], cut / records.length), whole)
})
