import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { jsonLog } from '../../src/job/log.js'
import { type JobSummary, type RunJobOptions, runJob } from '../../src/job/run-job.js'
import { connect, type Lab } from '../../src/lab.js'
import { openmrs } from '../../src/openmrs/openmrs.js'
import { vitals } from '../../src/openmrs/vitals.js'
import { encodeKey, encodeRow } from '../../src/pipeline/output.js'
import { type Pipeline, pipeline } from '../../src/pipeline/pipeline.js'
import type { Source } from '../../src/source/source.js'
import { record } from '../log/batches.js'
import { GrowingSource } from '../source/growing-source.js'
import { WrittenSource } from '../source/written-source.js'
import { MemorySink } from './memory-sink.js'
import { PacedSource } from './paced-source.js'
import { growing as cut, silent, sorted, visits } from './visits.js'
import { WatchedSource } from './watched-source.js'

let lab: Lab
beforeAll(async () => {
  lab = await connect()
})
const folders = mkdtempSync(join(tmpdir(), 'obslab-run-job-'))
afterAll(async () => {
  await lab.close()
  rmSync(folders, { recursive: true })
})

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

const growing = (share: number, sink?: MemorySink): Source => cut(lab.source, share, sink)

test('over a recording it writes, byte for byte, what the preview shows, and each key once', async () => {
  const sink = new MemorySink()
  const summary = await runJob(vitals, { source: lab.source, sink, log: silent })
  expect(sorted(sink.rows)).toEqual(sorted(await previewed(vitals, ['encounter_id', 'person_id'])))
  expect(sink.records.length).toBe(sink.rows.size)
  expect(summary).toMatchObject({
    upserts: sink.rows.size,
    tombstones: 0,
    unchanged: 0,
    rows: sink.rows.size,
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
  const { tombstones } = await run(sink, { source: new PacedSource(growing(0.4), sink) })
  expect(sorted(sink.rows)).toEqual(sorted(whole.rows))
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
      await run(sink, { source: new PacedSource(growing(first), sink) }).catch((error: Error) =>
        expect(error.message).toBe('crashed'),
      )
      sink.crash = null
      await run(sink, { source: growing(second, sink) })
      expect(sorted(sink.rows)).toEqual(sorted(whole.rows))
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
  const { rows } = await run(sink, { source: new PacedSource(growing(0.3), sink), signal: stop.signal })
  expect([writes, sink.rows.size]).toEqual([10, rows])
  const restarted = await run(sink)
  expect(restarted.unchanged).toBeGreaterThan(0)
  const whole = new MemorySink()
  await run(whole)
  expect(sorted(sink.rows)).toEqual(sorted(whole.rows))
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
  expect([...sink.rows.keys()]).toEqual(['{"visit_id":1}', '{"visit_id":3}'])
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

test('rows that a function throws on are dead letters, told by step and record, and what it says is not repeated', async () => {
  const broken = pipeline('broken')
    .from(openmrs.visit)
    .filter(visit => {
      if (visit.visit_id % 500 === 0) throw new RangeError(`no room for ${visit.patient_id}`)
      return true
    })
    .to('broken')
  const sink = new MemorySink()
  const { deadLetters } = await runJob(broken, { source: lab.source, sink, log: silent })
  expect(deadLetters).toBeGreaterThan(0)
  expect(sink.deadLetters.size).toBe(deadLetters)
  for (const [key, letter] of sink.deadLetters) {
    const { job, topic, partition, offset, step, reason } = JSON.parse(letter)
    expect(JSON.parse(key)).toEqual({ topic, partition, offset })
    expect([job, topic, step]).toEqual(['broken', 'dbserver1.openmrs.visit', '.filter(…)'])
    expect(reason).toMatch(/threw RangeError/)
    expect(letter).not.toContain('no room')
  }
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

describe('with a state folder', () => {
  const folder = (): string => mkdtempSync(join(folders, 'state-'))

  test('a job that starts again reads nothing twice, writes nothing twice, and ends as the preview', async () => {
    const [sink, state] = [new MemorySink(), folder()]
    const [first, second] = [growing(0.4), new WatchedSource(lab.source)]
    await run(sink, { state, source: first, until: 'end' })
    const [written, at] = [sink.records.length, [...sink.committed.values()]]
    await run(sink, { state, source: second, until: 'end' })
    expect(sorted(sink.rows)).toEqual(sorted(await previewed(visits, ['visit_id'])))
    expect(sink.records.length).toBeGreaterThan(written)
    expect(second.ranges.map(({ from }) => from)).toEqual([...at, ...at])
  })

  test('a job that was killed goes on from where its state and its output are', async () => {
    const [sink, state] = [new MemorySink(), folder()]
    for (const write of [5, 12, 20]) {
      sink.crash = { write, taken: write % 2 === 0 }
      const source = new PacedSource(growing(0.3, sink), sink)
      await expect(run(sink, { state, source })).rejects.toThrow('crashed')
    }
    sink.crash = null
    await run(sink, { state, source: growing(0.3, sink) })
    const whole = new MemorySink()
    await run(whole)
    expect(sorted(sink.rows)).toEqual(sorted(whole.rows))
    const wasHeld = new Map<string, string | null>()
    for (const { key, row } of sink.records) {
      expect(wasHeld.get(key) ?? null).not.toBe(row)
      wasHeld.set(key, row)
    }
  })

  test('a second instance is told who has the state, and the first one goes on', async () => {
    const [sink, state] = [new MemorySink(), folder()]
    const holder = { host: 'elsewhere', pid: 4711, since: 0 }
    writeFileSync(join(state, 'holder.json'), JSON.stringify(holder))
    await expect(run(sink, { state })).rejects.toMatchObject({
      code: 'job-held',
      message: expect.stringContaining('elsewhere, process 4711'),
    })
    expect(sink.calls).not.toContain('open')
    expect(JSON.parse(readFileSync(join(state, 'holder.json'), 'utf8'))).toEqual(holder)
  })

  test('a job that has ended leaves its state to the next', async () => {
    const [sink, state] = [new MemorySink(), folder()]
    await run(sink, { state })
    expect(existsSync(join(state, 'holder.json'))).toBe(false)
  })

  test('a pipeline with values that nothing tells is refused before anything is opened', async () => {
    const connection = new (class Connection {
      isOpen = true
    })()
    const shady = pipeline('shady')
      .from(openmrs.visit)
      .filter(visit => [connection].length <= visit.visit_id)
      .to('shady')
    const sink = new MemorySink()
    const running = runJob(shady, { source: lab.source, sink, log: silent, state: folder() })
    await expect(running).rejects.toMatchObject({
      code: 'state-refused',
      message: expect.stringMatching(/uses connection, .*param\(\)/),
    })
    expect(sink.calls).not.toContain('open')
  })
})
