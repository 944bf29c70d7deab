import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { jsonLog, type Log } from '../../src/job/log.js'
import { type JobSummary, type RunJobOptions, runJob } from '../../src/job/run-job.js'
import { connect, type Lab } from '../../src/lab.js'
import { openmrs } from '../../src/openmrs/openmrs.js'
import { vitals } from '../../src/openmrs/vitals.js'
import { count, last } from '../../src/pipeline/aggregate.js'
import { encodeKey, encodeRow } from '../../src/pipeline/output.js'
import { type Pipeline, pipeline } from '../../src/pipeline/pipeline.js'
import type { Source } from '../../src/source/source.js'
import { record } from '../log/batches.js'
import { GrowingSource } from '../source/growing-source.js'
import { WrittenSource } from '../source/written-source.js'
import { MemorySink } from './memory-sink.js'

let lab: Lab
beforeAll(async () => {
  lab = await connect()
})
afterAll(() => lab.close())

/** Every third visit only while it is under way, so that rows vanish again. */
const visits = pipeline('visits')
  .from(openmrs.visit)
  .filter(visit => visit.visit_id % 3 !== 0 || visit.date_stopped === null)
  .groupBy(visit => ({ visit_id: visit.visit_id }))
  .aggregate({
    visits: count(),
    stopped: last(visit => visit.date_stopped, { by: visit => visit.date_started }),
  })
  .to('visits')

const silent: Log = { info: () => {}, warn: () => {}, error: () => {} }

function run(sink: MemorySink, options: Partial<RunJobOptions> = {}): Promise<JobSummary> {
  return runJob(visits, { source: lab.source, sink, log: silent, ...options })
}

/** The preview of a pipeline as its output topic holds it: the rows of the frame, encoded. */
async function previewed<R extends object>(shown: Pipeline<R>, key: string[]): Promise<[string, string][]> {
  const rows = (await lab.preview(shown)).rows() as Record<string, never>[]
  return rows.map(row => {
    const keyed = Object.fromEntries(key.map(column => [column, row[column]!]))
    return [encodeKey(keyed).toString(), encodeRow(row).toString()]
  })
}

const sorted = (rows: Iterable<[string, string]>): [string, string][] => [...rows].sort()

/** The recording, its partitions ending after a share of their records at first, or where a job had got to before. */
function growing(share: number, { committed }: Pick<MemorySink, 'committed'> = new MemorySink()): Source {
  return new GrowingSource(lab.source, (topic, { partition, start, stable }) => {
    if (!topic.endsWith('.visit')) return stable
    return Math.max(start + Math.floor((stable - start) * share), committed.get(`${topic}:${partition}`) ?? 0)
  })
}

test('over a recording it writes, byte for byte, what the preview shows, and each key once', async () => {
  const sink = new MemorySink()
  const summary = await runJob(vitals, { source: lab.source, sink, log: silent })
  expect(sorted(sink.held)).toEqual(sorted(await previewed(vitals, ['encounter_id', 'person_id'])))
  expect(sink.records.length).toBe(sink.held.size)
  expect(summary).toMatchObject({
    upserts: sink.held.size,
    tombstones: 0,
    unchanged: 0,
    rows: sink.held.size,
  })
})

test('a second run on the same output writes nothing', async () => {
  const sink = new MemorySink()
  const { rows } = await run(sink)
  const written = sink.records.length
  expect(await run(sink)).toMatchObject({ upserts: 0, tombstones: 0, unchanged: rows })
  expect(sink.records.length).toBe(written)
})

test('what is followed ends as what is read at once, with tombstones for vanished rows', async () => {
  const whole = new MemorySink()
  await run(whole)
  const sink = new MemorySink()
  const { tombstones } = await run(sink, { source: growing(0.4) })
  expect(sorted(sink.held)).toEqual(sorted(whole.held))
  expect(tombstones).toBeGreaterThan(0)
  expect(sink.committed).toEqual(whole.committed)
})

test('wherever it is cut and crashes, with the batch taken or not, a restart ends with the same output', async () => {
  const whole = new MemorySink()
  await run(whole)
  const crash = fc.record({ write: fc.nat(40), taken: fc.boolean() })
  const share = fc.double({ min: 0, max: 1, noNaN: true })
  await fc.assert(
    fc.asyncProperty(share, share, crash, async (first, second, at) => {
      const sink = new MemorySink()
      sink.crash = at
      await run(sink, { source: growing(first) }).catch((error: Error) =>
        expect(error.message).toBe('crashed'),
      )
      sink.crash = null
      await run(sink, { source: growing(second, sink) })
      expect(sorted(sink.held)).toEqual(sorted(whole.held))
      expect(sink.committed).toEqual(whole.committed)
    }),
    { numRuns: 15 },
  )
})

test('offsets are committed after the records below them, never before', async () => {
  const sink = new MemorySink()
  sink.crash = { write: 0, taken: false }
  await expect(run(sink, { source: growing(0.5) })).rejects.toThrow('crashed')
  expect([sink.records.length, sink.committed.size]).toEqual([0, 0])
})

test('a signal drains: the batch in hand is written and committed, and a restart goes on from there', async () => {
  const stop = new AbortController()
  const sink = new MemorySink()
  let writes = 0
  sink.written = () => {
    if (++writes === 10) stop.abort()
  }
  const { rows } = await run(sink, { source: growing(0.3), signal: stop.signal })
  expect([writes, sink.held.size]).toEqual([10, rows])
  const restarted = await run(sink)
  expect(restarted.unchanged).toBeGreaterThan(0)
  const whole = new MemorySink()
  await run(whole)
  expect(sorted(sink.held)).toEqual(sorted(whole.held))
})

test('a signal while it reads for the first time leaves the output as it is', async () => {
  const sink = new MemorySink()
  expect(await run(sink, { signal: AbortSignal.abort() })).toMatchObject({ upserts: 0 })
  const untilEnd = run(sink, { signal: AbortSignal.abort(), until: 'end' })
  await expect(untilEnd).rejects.toMatchObject({ code: 'cancelled' })
  expect([sink.records.length, sink.committed.size]).toEqual([0, 0])
})

test('until the end it does not follow', async () => {
  const sink = new MemorySink()
  const { changes } = await run(sink, { source: growing(0.5), until: 'end' })
  const all = await run(new MemorySink())
  expect(changes).toBeGreaterThan(0)
  expect(changes).toBeLessThan(all.changes)
})

test('a record that cannot be decoded is counted and logged with its position, and none of its bytes', async () => {
  const envelope = (visit_id: number): string =>
    JSON.stringify({
      op: 'c',
      before: null,
      after: { visit_id, date_started: 0, date_stopped: null, voided: 0 },
      source: {},
    })
  const source = new WrittenSource({
    'x.openmrs.visit': {
      records: [
        record(0, '{"visit_id":1}', envelope(1)),
        record(1, '{"visit_id":2}', '{"op":"c","after":{"family_name":"Secret'),
        record(2, '{"visit_id":3}', envelope(3)),
      ],
    },
  })
  const lines: string[] = []
  const sink = new MemorySink()
  const log = jsonLog({ write: line => lines.push(line) })
  expect(await run(sink, { source, log })).toMatchObject({ changes: 3, quarantined: 1, rows: 2 })
  expect([...sink.held.keys()]).toEqual(['{"visit_id":1}', '{"visit_id":3}'])
  const warnings = lines.map(line => JSON.parse(line)).filter(({ level }) => level === 'warn')
  expect(warnings).toEqual([
    expect.objectContaining({
      topic: 'x.openmrs.visit',
      partition: 0,
      offset: 1,
      reason: expect.any(String),
    }),
  ])
  expect(lines.join('')).not.toContain('Secret')
})

test('an input that has lost its first records is refused, unless it is accepted or compacted', async () => {
  const at = (cleanupPolicy: string): Source =>
    new WrittenSource({ 'x.openmrs.visit': { cleanupPolicy, records: [record(5, '{"visit_id":1}', null)] } })
  const sink = new MemorySink()
  await expect(run(sink, { source: at('delete') })).rejects.toMatchObject({
    code: 'input-incomplete',
    position: { topic: 'x.openmrs.visit', partition: 0, offset: 5 },
  })
  expect(await run(sink, { source: at('delete'), acceptIncomplete: true })).toMatchObject({ changes: 1 })
  expect(await run(sink, { source: at('compact') })).toMatchObject({ changes: 1 })
})

test.each([
  ['of something else', growingEmpty(1), '{"obs_id":1}'],
  ['though the inputs never had any', growingEmpty(0), '{"visit_id":1}'],
])('an output that holds rows %s is left alone', async (_, source, key) => {
  const sink = new MemorySink()
  sink.records.push({ key, row: '{}' })
  await expect(run(sink, { source, until: 'end' })).rejects.toMatchObject({ code: 'output-foreign' })
  expect(sink.records).toHaveLength(1)
})

/** A topic of which a row came and went, or one without a record. */
function growingEmpty(rows: 0 | 1): Source {
  const after = JSON.stringify({ visit_id: 1, date_started: 0, date_stopped: null, voided: 0 })
  const records = [
    record(0, '{"visit_id":1}', `{"op":"c","before":null,"after":${after},"source":{}}`),
    record(1, '{"visit_id":1}', null),
  ]
  return new WrittenSource({ 'x.openmrs.visit': { records: rows === 0 ? [] : records } })
}

test('a pipeline that would write to what it reads is refused', async () => {
  const circle = pipeline('circle').from(openmrs.visit).to('dbserver1.openmrs.visit')
  const running = runJob(circle, { source: lab.source, sink: new MemorySink(), log: silent })
  await expect(running).rejects.toMatchObject({ code: 'pipeline-invalid' })
})

test('what a function throws is told by its name, its step, its line and the record, and its message is not repeated', async () => {
  const broken = pipeline('broken')
    .from(openmrs.visit)
    .filter(visit => {
      throw new RangeError(`no room for ${visit.patient_id}`)
    })
    .to('broken')
  const running = runJob(broken, { source: lab.source, sink: new MemorySink(), log: silent })
  await expect(running).rejects.toMatchObject({
    code: 'pipeline-failed',
    position: { topic: 'dbserver1.openmrs.visit', partition: expect.any(Number), offset: expect.any(Number) },
  })
  await expect(running).rejects.toThrow(
    /\.filter\(…\) in the pipeline broken threw RangeError at test\/job\/run-job\.test\.ts:\d+:\d+\./,
  )
  await expect(running).rejects.not.toThrow(/no room/)
})

test.each([
  ['topics', { topics: { visit: 'dbserver1.openmrs.visit' } }],
  ['prefix', { prefix: 'dbserver1' }],
])('a topic that several databases have is told apart by %s', async (_, names) => {
  const records = [record(0, '{"visit_id":1}', null)]
  const source: Source = new GrowingSource(
    new WrittenSource({ 'dbserver1.openmrs.visit': { records }, 'other.openmrs.visit': { records } }),
    (_topic, { stable }) => stable,
  )
  const sink = new MemorySink()
  await expect(run(sink, { source })).rejects.toMatchObject({ code: 'topic-ambiguous' })
  await run(sink, { source, ...names })
  expect([...sink.committed.keys()]).toEqual(['dbserver1.openmrs.visit:0'])
})

test('a name for a topic that the pipeline does not read is told', async () => {
  const running = run(new MemorySink(), { topics: { obs: 'dbserver1.openmrs.obs' } })
  await expect(running).rejects.toMatchObject({
    code: 'option-invalid',
    message: expect.stringContaining('obs'),
  })
})
