import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readChanges, wholeTopic } from '../src/change/change-stream.js'
import type { TopicEvent } from '../src/change/message.js'
import { connect, type Lab } from '../src/lab.js'
import { openmrs } from '../src/openmrs/openmrs.js'
import { vitals } from '../src/openmrs/vitals.js'
import { Engine } from '../src/pipeline/engine.js'
import type { Upsert } from '../src/pipeline/output.js'
import { renameTopics } from '../src/pipeline/plan.js'
import { compactOutput } from '../src/validate/parity.js'
import { validate } from '../src/validate.js'

const folder = mkdtempSync(join(tmpdir(), 'obslab-lab-'))
let lab: Lab
beforeAll(async () => {
  lab = await connect()
})
afterAll(async () => {
  await lab.close()
  rmSync(folder, { recursive: true })
})

test('without an argument the recording that obslab comes with is opened', async () => {
  const topics = (await lab.topics()).rows()
  const kinds = Object.fromEntries(
    topics.map(({ topic, kind }) => [topic.replace('dbserver1.openmrs.', ''), kind]),
  )
  expect(kinds).toMatchObject({
    obs: 'table',
    dbserver1: 'schema-changes',
    'dbserver1.transaction': 'transactions',
    '__debezium-heartbeat.dbserver1': 'heartbeats',
  })
})

test('the counts of a replay add up to the records of the topic', async () => {
  const topic = (await lab.topics()).rows().find(row => row.topic === 'dbserver1.openmrs.obs')
  const { counts } = await lab.replay(openmrs.obs)
  const { records, ...kinds } = counts
  expect(records).toBe(topic?.records)
  expect(Object.values(kinds).reduce((sum, count) => sum + count, 0)).toBe(records)
  expect(counts.redelivered).toBeGreaterThan(0)
  expect(counts.quarantined).toBe(0)
})

test('bounded replays of two halves are together the whole, change by change', async () => {
  const positions = async (bounds: object): Promise<string[]> =>
    (await lab.replay('visit', { columns: [], ...bounds }))
      .changes()
      .rows()
      .map(row => `${row._partition}:${row._offset}`)
  const whole = await positions({})
  expect([...(await positions({ to: 1_000 })), ...(await positions({ from: 1_000 }))]).toEqual(whole)
  expect(await positions({ limit: 7 })).toEqual(whole.slice(0, 7))
  expect(await positions({ last: 7 })).toEqual(whole.slice(-7))
})

test('the newest records are the newest of all partitions, not of each', async () => {
  const all = (await lab.replay('obs', { columns: [] })).changes().rows()
  const newest = (await lab.replay('obs', { columns: [], last: 500 })).changes().rows()
  const times = all.map(row => row._timestamp as number).sort((a, b) => a - b)
  expect(newest).toHaveLength(500)
  expect(newest.map(row => row._timestamp as number).sort((a, b) => a - b)).toEqual(times.slice(-500))
})

test('a time divides the records by their Kafka timestamp', async () => {
  const all = (await lab.replay('visit', { columns: [] })).changes().rows()
  const time = all[2_000]?._timestamp as number
  const from = (await lab.replay('visit', { columns: [], from: new Date(time) })).changes().rows()
  expect(from[0]?._timestamp).toBe(time)
  expect(from).toHaveLength(all.length - all.findIndex(row => row._timestamp === time))
})

test('several topics come in the order asked for, with only the columns asked for and the key', async () => {
  const [encounter, obs] = await lab.replay(['encounter', openmrs.obs], { columns: ['date_created'] })
  expect([encounter?.topic, obs?.topic]).toEqual(['dbserver1.openmrs.encounter', 'dbserver1.openmrs.obs'])
  expect(obs?.current().names).toEqual(['obs_id', 'date_created'])
})

test('a column left out changes neither which rows are current nor how many', async () => {
  const ids = async (options: object): Promise<unknown[]> =>
    (await lab.replay(openmrs.obs, options))
      .current()
      .rows()
      .map(row => row.obs_id)
  expect(await ids({ columns: ['concept_id'] })).toEqual(await ids({}))
})

test.each([
  ['obz', 'topic-unknown'],
  ['transaction', null],
])('a short name is looked up among the topics: %s', async (name, code) => {
  const outcome = await lab.replay(name, { columns: [] }).then(
    () => null,
    error => error.code,
  )
  expect(outcome).toBe(code)
})

test('a replay that would keep too much stops and says how to ask for less', async () => {
  await expect(lab.replay('obs', { memory: 1_000_000 })).rejects.toMatchObject({
    code: 'memory-exceeded',
    message: expect.stringContaining('columns: [...]'),
  })
})

test('a replay that is cancelled rejects with a cancelled error', async () => {
  const controller = new AbortController()
  const replay = lab.replay('obs', { signal: controller.signal })
  controller.abort()
  await expect(replay).rejects.toMatchObject({ code: 'cancelled' })
})

test('an option that is not one is told by name', async () => {
  await expect(lab.replay('obs', { lastt: 3 } as object)).rejects.toMatchObject({
    code: 'option-invalid',
    message: expect.stringContaining('lastt'),
  })
})

test('what is recorded from a source replays as the source does, record by record', async () => {
  const { records } = await lab.record(join(folder, 'copy'), { topics: ['visit', 'dbserver1'], codec: 'lz4' })
  const copy = await connect(join(folder, 'copy'))
  const original = (await lab.replay('visit')).changes()
  expect((await copy.replay('visit')).changes().rows()).toEqual(original.rows())
  expect(records).toBe(original.length + 38)
  await copy.close()
})

test('the vitals kept up change by change are those of the final tables', async () => {
  const validation = await validate(vitals, lab)
  expect(validation.findings).toEqual([])
  expect(validation.rows).toBe((await lab.preview(vitals)).length)
  expect(validation.rows).toBeGreaterThan(4_000)
})

test('the vitals are the same wherever the changes are cut into chunks', async () => {
  const offsets = await lab.source.topics(['dbserver1.openmrs.obs'])
  const topic = {
    topic: 'dbserver1.openmrs.obs',
    ranges: offsets.flatMap(wholeTopic),
    definition: openmrs.obs,
  }
  const changes: TopicEvent[] = []
  for await (const chunk of readChanges(lab.source, [topic])) {
    changes.push(...chunk.changes.filter(({ redelivered }) => !redelivered).map(({ change }) => change))
  }
  const plan = renameTopics(vitals.plan, () => topic.topic)
  const output = (size: number): object => {
    const engine = new Engine(plan)
    const upserts: Upsert[] = []
    for (let at = 0; at < changes.length; at += size) {
      engine.apply(changes.slice(at, at + size))
      upserts.push(...engine.flush())
    }
    return Object.fromEntries(compactOutput(upserts))
  }
  expect(output(1)).toEqual(output(changes.length))
})

test('one topic asked for twice gives two tables, each by its own definition', async () => {
  const options = { columns: ['voided'], limit: 50 }
  const [typed, named] = await lab.replay([openmrs.obs, 'obs'], options)
  const alone = [await lab.replay(openmrs.obs, options), await lab.replay('obs', options)]
  expect([typed, named].map(table => table?.changes().rows())).toEqual(
    alone.map(table => table.changes().rows()),
  )
  expect(await lab.replay(['visit', 'visit'], { limit: 5 })).toHaveLength(2)
})

test('of several topics, one that has no record so new is empty; when none has, it is told', async () => {
  await expect(lab.replay(['obs', 'visit'], { from: '2100-01-01' })).rejects.toMatchObject({
    code: 'offset-out-of-range',
    message: expect.stringMatching(/found none\. The last ones are of 20/),
  })
})

test.each<[string, (lab: Lab) => Promise<unknown>, string]>([
  ['a codec that is only read', lab => lab.record('x', { codec: 'snappy' as 'lz4' }), "found 'snappy'"],
  ['no topics to record', lab => lab.record('x', { topics: [] }), 'expected at least one topic'],
  ['no folder', lab => lab.record('', {}), 'Expected a folder to record into'],
  [
    'no pipeline',
    lab => lab.preview({} as never),
    'Expected a pipeline, which ends with .to(topic), found an object',
  ],
  ['no topic to replay', lab => lab.replay(undefined as never), 'found nothing'],
  ['an empty list of topics', lab => lab.replay([]), 'found an empty list'],
  ['no topic to tail', lab => lab.tail(undefined as never), 'found nothing'],
  ['no place', lab => lab.at(5 as never), 'found 5'],
  ['no query', lab => lab.sql``, 'Expected a query'],
  ['a number to connect to', () => connect(5 as never), 'found 5'],
])('%s is refused with what was expected', async (_, call, told) => {
  await expect(call(lab)).rejects.toMatchObject({
    code: 'option-invalid',
    message: expect.stringContaining(told),
  })
})

test('a preview and a validation can be cancelled', async () => {
  const signal = AbortSignal.abort()
  await expect(lab.preview(vitals, { signal })).rejects.toMatchObject({ code: 'cancelled' })
  await expect(validate(vitals, lab, { signal })).rejects.toMatchObject({ code: 'cancelled' })
})
