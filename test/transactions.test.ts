import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { connect, Lab } from '../src/lab.js'
import type { KafkaRecord } from '../src/source/record.js'
import { RecordReader } from '../src/source/record.js'
import type { Source } from '../src/source/source.js'
import type { TransactionRow } from '../src/transactions.js'
import { GrowingSource } from './source/growing-source.js'
import { WrittenSource } from './source/written-source.js'

let lab: Lab
let all: TransactionRow[]
beforeAll(async () => {
  lab = await connect()
  all = (await lab.transactions()).rows()
}, 60_000)
afterAll(() => lab.close())

async function recordsOf(source: Source, topic: string): Promise<KafkaRecord[]> {
  const records: KafkaRecord[] = []
  const [offsets] = await source.topics([topic])
  for (const { partition, start: from, stable: to } of offsets!.partitions) {
    const range = { topic, partition, from, to }
    const reader = new RecordReader(topic, partition, range)
    for await (const chunk of source.read({ ranges: [range] })) records.push(...reader.read(chunk))
  }
  return records
}

interface Told {
  transaction: { id: string; total_order: number } | null
  source: { pos: number; row: number; file: string }
  op: string
}

/** The changes of each transaction by their own blocks, one for each place in the log, as text. */
async function eventsByTransaction(source: Source): Promise<Map<string, Map<string, number>>> {
  const found = new Map<string, Map<string, number>>()
  for (const { topic } of await source.topics()) {
    if (topic.split('.').length < 3) continue
    for (const { value } of await recordsOf(source, topic)) {
      if (value === null) continue
      const parsed = JSON.parse(Buffer.from(value).toString()) as Told & { payload?: Told }
      const { transaction, source: at, op } = parsed.payload ?? parsed
      if (transaction === null) continue
      const events = found.get(transaction.id) ?? new Map<string, number>()
      found.set(transaction.id, events)
      const name = `${topic} ${at.file}:${at.pos}:${at.row} ${op}`
      if (!events.has(name)) events.set(name, transaction.total_order)
    }
  }
  return found
}

describe.each(['datasets/openmrs', 'datasets/openmrs-schemas'])('the transactions of %s', folder => {
  let source: Lab
  let rows: TransactionRow[]
  let plain: Map<string, Map<string, number>>
  beforeAll(async () => {
    source = await connect(folder)
    rows = (await source.transactions()).rows()
    plain = await eventsByTransaction(source.source)
  }, 60_000)
  afterAll(() => source.close())

  test('are those that changes name, with as many events, and each is complete', async () => {
    expect(new Map(rows.map(({ id, events }) => [id, events]))).toEqual(
      new Map([...plain].map(([id, events]) => [id, events.size])),
    )
    for (const { status, events, announced, missing } of rows)
      expect({ status, announced, missing }).toEqual({ status: 'complete', announced: events, missing: null })
  })

  test('come in the order of the log', async () => {
    const numbers = rows.map(({ id }) => Number(id.split(':')[1]))
    expect(numbers).toEqual([...numbers].sort((a, b) => a - b))
  })

  test('give all their changes once, in total order', async () => {
    const largest = [...plain].sort(([, a], [, b]) => b.size - a.size)[0]!
    const changes = (await source.transaction(largest[0])).rows()
    expect(changes.map(({ order }) => order)).toEqual(changes.map((_, i) => i + 1))
    expect(changes.map(({ total_order }) => total_order)).toEqual(changes.map((_, i) => i + 1))
    expect(changes).toHaveLength(largest[1].size)
    expect(new Set(changes.map(({ position }) => position)).size).toBe(changes.length)
  })
})

test('a replayed block is counted once, and told', async () => {
  const again = all.filter(({ redelivered }) => redelivered > 0)
  expect(again.length).toBeGreaterThan(100)
  for (const { status, redelivered, events } of again) {
    expect(status).toBe('complete')
    expect(redelivered).toBeLessThanOrEqual(events)
  }
  const { id, events } = again.at(-1)!
  expect((await lab.transaction(id)).length).toBe(events)
})

test('tables that are not read are named with what they miss', async () => {
  const rows = (await lab.transactions({ topics: ['obs'] })).rows()
  const partial = rows.filter(({ status }) => status === 'unread')
  expect(partial.length).toBeGreaterThan(1_000)
  for (const { missing } of partial) expect(missing).toMatch(/^openmrs\.\w+ \d+( · openmrs\.\w+ \d+)*$/)
  expect(partial.some(({ missing }) => missing?.includes('openmrs.obs '))).toBe(false)
  expect(rows.filter(({ status }) => status === 'incomplete')).toEqual([])
})

test('times bound the transactions by their BEGIN, and those within are complete', async () => {
  const begun = all.map(({ begin }) => begin!)
  const marks = await recordsOf(lab.source, 'dbserver1.transaction')
  const timeOf = (place: string): number => marks[Number(place.split(':')[2])]!.timestamp
  const [after, before] = [timeOf(begun[3_000]!), timeOf(begun[6_000]!)]
  const bounded = (await lab.transactions({ from: new Date(after), to: new Date(before) })).rows()
  expect(bounded.map(({ id }) => id)).toEqual(
    all.filter((_, i) => timeOf(begun[i]!) >= after && timeOf(begun[i]!) < before).map(({ id }) => id),
  )
  expect(new Set(bounded.map(({ status }) => status))).toEqual(new Set(['complete']))
})

test('a transaction whose END has not come yet is open', async () => {
  const marks = await recordsOf(lab.source, 'dbserver1.transaction')
  const begins = marks.filter(({ value }) => Buffer.from(value!).toString().includes('"BEGIN"'))
  const last = begins[4_000]!
  const source = new GrowingSource(lab.source, (topic, { stable }) =>
    topic === 'dbserver1.transaction' ? last.offset + 1 : stable,
  )
  const { id } = JSON.parse(Buffer.from(last.value!).toString()) as { id: string }
  const rows = (await new Lab(source).transactions()).rows()
  expect(rows.find(row => row.id === id)).toMatchObject({ status: 'open', announced: null, end: null })
  expect(rows.filter(({ status }) => status === 'open')).toHaveLength(1)
  expect(rows.some(({ status }) => status === 'unmarked')).toBe(true)
})

test('a changed key is a delete and a create at one place, in the order of the transaction', async () => {
  const plain = await connect('test/change/recordings/plain')
  const rows = (await plain.replay('moved')).changes().rows()
  const deleted = rows.find(row => row._op === 'd' && rows.some(c => c._op === 'c' && c._pos === row._pos))!
  const changes = (await plain.transaction(deleted._transaction as string)).rows()
  const at = changes.findIndex(({ op, log }) => op === 'd' && log?.includes(`:${deleted._pos}`) === true)
  expect(changes.slice(at, at + 2).map(({ op }) => op)).toEqual(['d', 'c'])
  expect(changes[at]!.log).toBe(changes[at + 1]!.log)
  await plain.close()
})

test('DDL’s BEGIN that never ends, as MariaDB’s connector writes it (constructed), is told as DDL', async () => {
  const record = (offset: number, value: object) => ({
    ...{ offset, timestamp: 1_000 + offset, key: null, headers: [] },
    value: Buffer.from(JSON.stringify(value)),
  })
  const at = {
    connector: 'mariadb',
    name: 'p',
    db: 'd',
    snapshot: 'false',
    server_id: 1,
    file: 'b.000001',
    row: 0,
  }
  const begin = (id: string) => ({ status: 'BEGIN', id, event_count: null, data_collections: null, ts_ms: 1 })
  const end = (id: string) => ({
    ...{ status: 'END', id, event_count: 1, ts_ms: 1 },
    data_collections: [{ data_collection: 'd.t', event_count: 1 }],
  })
  const table = {
    type: 'ALTER',
    id: '"d"."t"',
    table: { primaryKeyColumnNames: ['id'], columns: [{ name: 'id', typeName: 'INT' }] },
  }
  const source = new WrittenSource({
    p: {
      records: [
        record(0, {
          source: { ...at, pos: 4, gtid: '0-1-7' },
          databaseName: 'd',
          ddl: 'ALTER TABLE t …',
          tableChanges: [table],
        }),
      ],
    },
    'p.transaction': {
      records: [begin('0-1-7'), begin('0-1-8'), end('0-1-8')].map((value, i) => record(i, value)),
    },
    'p.d.t': {
      records: [
        record(0, {
          ...{
            op: 'c',
            before: null,
            after: { id: 1 },
            source: { ...at, table: 't', pos: 9, gtid: '0-1-8' },
          },
          transaction: { id: '0-1-8', total_order: 1, data_collection_order: 1 },
        }),
      ],
    },
  })
  const rows = (await new Lab(source).transactions()).rows()
  expect(rows.map(({ id, status, events }) => [id, status, events])).toEqual([
    ['0-1-7', 'ddl', 0],
    ['0-1-8', 'complete', 1],
  ])
  expect((await new Lab(source).transaction('0-1-7')).length).toBe(0)
})

test('an id may be given by its number; one that there is not is an error, and so is anything else', async () => {
  const small = await connect('datasets/openmrs-schemas')
  const { id } = (await small.transactions()).row(0)
  expect((await small.transaction(id.split(':')[1]!)).rows()).toEqual((await small.transaction(id)).rows())
  await expect(small.transaction('nothing')).rejects.toMatchObject({ code: 'transaction-unknown' })
  await expect(small.transaction(7 as unknown as string)).rejects.toMatchObject({ code: 'option-invalid' })
  await expect(small.transactions({ from: 'soon' })).rejects.toMatchObject({ code: 'option-invalid' })
})

test('what is sensitive is masked, unless it is asked for', async () => {
  const small = await connect('datasets/openmrs-schemas')
  const rows = (await small.transactions({ topics: ['person_name'] })).rows()
  const { id } = rows.find(({ events }) => events > 0)!
  const names = (options: object) =>
    small
      .transaction(id, options)
      .then(frame => frame.rows().find(({ topic }) => topic.endsWith('person_name'))!.changed)
  expect(await names({})).toContain('•••')
  expect(await names({ unmask: true })).not.toContain('•••')
})

test('unwrapped changes, which carry no transaction, are told by their GTIDs', async () => {
  const unwrapped = await connect('test/change/recordings/unwrapped')
  const plain = await connect('test/change/recordings/plain')
  const counts = async (of: Lab) => (await of.transactions()).rows().map(({ id, events }) => [id, events])
  const gtids = (await unwrapped.replay('moved'))
    .changes()
    .rows()
    .filter(row => row._gtid !== null)
  const statuses = new Set((await unwrapped.transactions()).rows().map(({ status }) => status))
  expect(gtids.length).toBeGreaterThan(0)
  expect(await counts(unwrapped)).toEqual(await counts(plain))
  expect(statuses).toEqual(new Set(['complete']))
  await unwrapped.close()
  await plain.close()
})
