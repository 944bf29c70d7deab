import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { systemClock } from '../../src/clock.js'
import type { JobStatus } from '../../src/commands/job-status.js'
import { thisProcess } from '../../src/job/holder.js'
import { Lease } from '../../src/job/lease.js'
import { jsonLog } from '../../src/job/log.js'
import { type JobSummary, runJob } from '../../src/job/run-job.js'
import { openmrs } from '../../src/openmrs/openmrs.js'
import { count } from '../../src/pipeline/aggregate.js'
import { pipeline } from '../../src/pipeline/pipeline.js'
import { openSource } from '../../src/source/open-source.js'
import { MemorySink } from '../job/memory-sink.js'

const folder = mkdtempSync(join(tmpdir(), 'obslab-job-'))
afterAll(() => rmSync(folder, { recursive: true }))

const recording = 'datasets/openmrs'
const visits = pipeline('visits')
  .from(openmrs.visit)
  .groupBy(v => ({ patient_id: v.patient_id }))
  .aggregate({ visits: count() })
  .to('visits')

function obslab(...args: string[]): { code: number | null; out: string; err: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['dist/cli.js', ...args], {
    encoding: 'utf8',
  })
  return { code: status, out: stdout, err: stderr }
}

/** Runs the job to the end of the recording, with its state in a folder. */
async function run(state: string, sink: MemorySink): Promise<{ summary: JobSummary; log: string }> {
  const source = await openSource(recording)
  let text = ''
  const log = jsonLog({
    write: line => {
      text += line
    },
  })
  try {
    return { summary: await runJob(visits, { source, sink, state, until: 'end', log }), log: text }
  } finally {
    await source.close()
  }
}

function status(...args: string[]): JobStatus {
  const { code, out, err } = obslab('job', 'status', ...args, '--json')
  expect([code, err]).toEqual([0, ''])
  return JSON.parse(out)
}

const state = join(folder, 'visits')
const sink = new MemorySink()
beforeAll(async () => {
  await run(state, sink)
})

test('status tells phase, offsets, ends, lag and what each operator remembers, and changes nothing', async () => {
  const before = statSync(join(state, 'state.mdb')).mtimeMs
  const told = status(state, '--source', recording)
  expect(told).toMatchObject({ job: 'visits', phase: 'following', holder: null, deadLetters: null })
  const source = await openSource(recording)
  const [topic] = await source.topics(['dbserver1.openmrs.visit'])
  const { stable } = topic!.partitions[0]!
  expect(told.inputs).toEqual([
    { topic: 'dbserver1.openmrs.visit', partition: 0, state: stable, committed: null, end: stable, lag: 0 },
  ])
  expect(told.operators.find(({ operator }) => operator.endsWith(':aggregate'))).toMatchObject({
    fingerprint: expect.stringMatching(/^[0-9a-f]{32}$/),
    entries: expect.any(Number),
  })
  expect(told.bytes).toBeGreaterThan(1_000)
  expect(statSync(join(state, 'state.mdb')).mtimeMs).toBe(before)
})

test('status is a table for people', () => {
  const { code, out } = obslab('job', 'status', state, '--source', recording)
  expect(code).toBe(0)
  expect(out).toMatch(/^visits: following, [\d,]+ bytes in .*visits\nIt is not running\.\n/)
  expect(out).toMatch(/dbserver1\.openmrs\.visit:0 +\d+ +null +\d+ +0\n/)
  expect(out).toMatch(/\d:aggregate +\d+ +[0-9a-f]{32}/)
})

test('status of a folder without a state says so', () => {
  expect(obslab('job', 'status', join(folder, 'nothing'))).toMatchObject({
    code: 0,
    out: expect.stringContaining('holds no state'),
  })
})

test('a job goes on from a backup, which is private and never written over', async () => {
  const copy = join(folder, 'copy')
  expect(obslab('job', 'backup', state, copy)).toMatchObject({ code: 0, err: '' })
  expect(statSync(copy).mode & 0o777).toBe(0o700)
  expect(status(copy).inputs).toEqual(status(state).inputs)
  const again = new MemorySink()
  again.progress = sink.progress
  const { log } = await run(copy, again)
  expect(again.records).toEqual([])
  expect(log).toContain('kept')
  expect(obslab('job', 'backup', state, copy)).toMatchObject({
    code: 1,
    err: expect.stringContaining('[file-exists]'),
  })
})

test('what a live instance holds is told, and not removed', async () => {
  const lease = new Lease(state, thisProcess(Date.UTC(2026, 2, 1, 10)), systemClock)
  await lease.take()
  try {
    expect(status(state).holder?.pid).toBe(process.pid)
    expect(obslab('job', 'status', state).out).toContain(
      `process ${process.pid}, since 2026-03-01T10:00:00.000Z.`,
    )
    const { code, err } = obslab('job', 'reset', state, '--yes')
    expect([code, err]).toEqual([3, expect.stringMatching(/is running: .*Stop it first\. \[job-held\]\n$/)])
    expect(status(state).phase).toBe('following')
  } finally {
    await lease.release()
  }
})

test('without a terminal to ask on, reset says what it would remove and removes nothing', () => {
  const { code, out, err } = obslab('job', 'reset', state)
  expect([code, out]).toEqual([2, expect.stringContaining(`To be removed: the state in ${state} (`)])
  expect(err).toContain('add --yes')
  expect(status(state).phase).toBe('following')
})

test('after a reset the next start rebuilds, and writes nothing that the output holds already', async () => {
  const { code, out } = obslab('job', 'reset', state, '--yes')
  expect([code, out]).toEqual([0, expect.stringMatching(/Removed\. The next start/)])
  expect(existsSync(join(state, 'state.mdb'))).toBe(false)
  const before = sink.records.length
  const { summary, log } = await run(state, sink)
  expect(log).toContain('rebuilt')
  expect(sink.records.length).toBe(before)
  expect(summary).toMatchObject({ upserts: 0, tombstones: 0, unchanged: summary.rows })
  expect(obslab('job', 'reset', join(folder, 'nothing'), '--yes').out).toContain('there is nothing to remove')
})

test('a state that cannot be read can be removed', () => {
  const broken = join(folder, 'broken')
  expect(obslab('job', 'backup', state, broken).code).toBe(0)
  writeFileSync(join(broken, 'state.mdb'), 'no LMDB file'.repeat(1_000))
  expect(obslab('job', 'reset', broken, '--yes')).toMatchObject({ code: 0, err: '' })
  expect(existsSync(join(broken, 'state.mdb'))).toBe(false)
})

test.each([
  [['job', 'reset', state, '--offsets'], '--offsets needs --job <name> and --source <kafka://host:port>'],
  [['job', 'reset', state, '--offsets', '--job', 'x', '--source', recording], '--offsets needs --job <name>'],
])('%j is told with exit code 2: %s', (args, told) => {
  expect(obslab(...args)).toMatchObject({ code: 2, err: expect.stringContaining(told) })
})
