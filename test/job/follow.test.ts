import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Clock } from '../../src/clock.js'
import { ObslabError } from '../../src/errors.js'
import type { CommitEvent, JobObserver, JobStage, ReadEvent } from '../../src/job/job-observer.js'
import { type JobSummary, type RunJobOptions, runPlan } from '../../src/job/run-job.js'
import { connect, type Lab } from '../../src/lab.js'
import type { BatchChunk, FollowRequest, Source } from '../../src/source/source.js'
import { FakeClock } from '../fake-clock.js'
import { type DealtSource, dealtVisits } from './dealt-source.js'
import { MemoryFolder } from './memory-job-state.js'
import { MemorySink } from './memory-sink.js'
import { PacedSource } from './paced-source.js'
import { type Expected, expectedOf, LogLines, silent, sorted, visits } from './visits.js'

let lab: Lab
let all: DealtSource
let { final }: Expected = { final: [], ever: new Map() }
beforeAll(async () => {
  lab = await connect()
  all = await dealtVisits(lab.source, 7)
  ;({ final } = await expectedOf(all, visits.plan))
})
afterAll(() => lab.close())

async function run(
  sink: MemorySink,
  options: Partial<RunJobOptions>,
  disk = new MemoryFolder(),
): Promise<JobSummary> {
  const told = { source: all, sink, log: silent, state: 'memory', clock: new FakeClock(), ...options }
  return await runPlan(visits.plan, told, disk.open)
}

/** A source that fails, the first times that it is followed, after some chunks. */
function failing(source: DealtSource, times: number, after: number): Source {
  let left = times
  const follow = async function* (request: FollowRequest): AsyncGenerator<BatchChunk> {
    let chunks = 0
    const isToFail = left-- > 0
    for await (const chunk of source.follow(request)) {
      if (isToFail && chunks++ === after) throw new ObslabError('broker-unreachable', 'No broker answered.')
      yield chunk
    }
  }
  return Object.assign(Object.create(source) as Source, {
    growing: true,
    name: 'failing',
    follow,
    topics: () => source.topics(),
    read: source.read.bind(source),
  })
}

test('changes that are at hand go into one batch', async () => {
  const sink = new MemorySink()
  await run(sink, { source: all.cut(0.2) })
  // The first is the difference, which the reading of the first share ends with.
  expect(sink.batches.length).toBeLessThan(10)
  expect(sorted(sink.rows)).toEqual(final)
})

test('each batch says how far all inputs are, and no position ever goes back', async () => {
  const sink = new MemorySink()
  await run(sink, { source: new PacedSource(all.cut(0.2), sink) })
  const positions = sink.batches.map(({ progress }) => progress!.offsets.map(({ next }) => next))
  expect(positions.length).toBeGreaterThan(20)
  for (const [i, now] of positions.slice(1).entries())
    expect(now.every((next, partition) => next >= positions[i]![partition]!)).toBe(true)
  expect(sink.batches.every(({ progress }) => progress?.whole)).toBe(true)
})

test('the state is kept once there is nothing to do for a second', async () => {
  const [sink, disk, stop] = [new MemorySink(), new MemoryFolder(), new AbortController()]
  const source = all.cut(0.5)
  const quiet = Object.assign(Object.create(source) as Source, {
    growing: true,
    name: 'quiet',
    topics: () => source.topics(),
    read: source.read.bind(source),
    async *follow(request: FollowRequest): AsyncGenerator<BatchChunk> {
      for await (const chunk of source.follow(request)) {
        yield chunk
        break
      }
      await new Promise<void>(resolve => request.signal.addEventListener('abort', () => resolve()))
    },
  })
  const clock: Clock = { now: () => 0, sleep: async () => {} }
  const running = run(sink, { source: quiet, clock, signal: stop.signal }, disk)
  await expect.poll(() => sink.batches.length).toBe(2)
  await expect.poll(() => disk.progress?.offsets).toEqual(sink.progress?.offsets)
  stop.abort()
  await running
})

test('a sink that is away for a while is ridden out, with longer and longer waits that are logged', async () => {
  const [sink, log, clock] = [new MemorySink(), new LogLines(), new FakeClock()]
  const error = new ObslabError('broker-unreachable', 'No broker answered.')
  sink.crash = { write: 0, taken: false, error }
  let failures = 0
  sink.opening = () => {
    if (failures++ === 4) sink.crash = null
  }
  await run(sink, { log, clock, retry: { random: () => 0.9999 } })
  const waits = log.of('the job starts over').map(({ wait }) => wait)
  expect(waits).toEqual([200, 400, 800, 1600])
  expect(clock.slept.filter(ms => ms >= 200)).toEqual(expect.arrayContaining(waits))
  expect(sorted(sink.rows)).toEqual(final)
})

test('a sink that stays away ends the job with what it said, after as long as is told', async () => {
  const [sink, clock] = [new MemorySink(), new FakeClock()]
  const begun = clock.time
  sink.open = async () => {
    throw new ObslabError('broker-unreachable', 'No broker answered.')
  }
  await expect(run(sink, { clock, retry: { giveUpAfter: 60_000 } })).rejects.toThrow('No broker answered.')
  expect(clock.time - begun).toBeGreaterThanOrEqual(60_000)
  expect(clock.time - begun).toBeLessThan(100_000)
})

test('what will not pass ends the job at once', async () => {
  const sink = new MemorySink()
  sink.crash = { write: 0, taken: false, error: new ObslabError('output-failed', 'Ask for WRITE.') }
  await expect(run(sink, {})).rejects.toThrow('Ask for WRITE.')
  expect(sink.requests).toHaveLength(1)
})

test('a job that is asked to stop while it waits for its sink stops at once', async () => {
  const [sink, stop] = [new MemorySink(), new AbortController()]
  sink.open = async () => {
    throw new ObslabError('broker-unreachable', 'No broker answered.')
  }
  const observer: JobObserver = { stage: stage => stage === 'retrying' && stop.abort() }
  const clock: Clock = {
    now: () => 0,
    sleep: (_, signal) =>
      new Promise((_resolve, reject) => {
        if (signal?.aborted) reject(signal.reason)
      }),
  }
  expect(await run(sink, { signal: stop.signal, observer, clock })).toMatchObject({ upserts: 0 })
})

test('a source that fails on the way is ridden out likewise, and nothing is lost or written twice', async () => {
  const [sink, disk, log] = [new MemorySink(), new MemoryFolder(), new LogLines()]
  const source = all.cut(0.2)
  let runs = 0
  sink.opening = () => {
    runs++
  }
  const reopening: Source = new PacedSource(failing(source, 1, 8), sink)
  const { cut } = all
  const topics = reopening.topics.bind(reopening)
  reopening.topics = async names =>
    runs > 1 ? await cut.call(all, 0.2, sink.committed).topics() : await topics(names)
  await run(sink, { source: reopening, log }, disk)
  expect(log.of('the job starts over')).toHaveLength(1)
  expect(sorted(sink.rows)).toEqual(final)
})

test('who watches is told of stages, of what is read and of what is in the output', async () => {
  const stages: JobStage[] = []
  const reads: ReadEvent[] = []
  const commits: CommitEvent[] = []
  let [operators, ends] = [0, 0]
  const sink = new MemorySink()
  const observer: JobObserver = {
    stage: stage => stages.push(stage),
    read: event => reads.push(event),
    committed: event => commits.push(event),
    state: of => {
      operators = of.length
    },
    ends: of => {
      ends = of.length
    },
  }
  const summary = await run(sink, { source: new PacedSource(all.cut(0.5), sink), observer })
  expect(stages).toEqual(['starting', 'backfilling', 'emitting', 'following', 'stopped'])
  expect(reads.reduce((sum, { changes }) => sum + changes, 0)).toBe(summary.changes)
  expect(commits.reduce((sum, { upserts }) => sum + upserts, 0)).toBe(summary.upserts)
  expect(commits.at(-1)?.offsets).toEqual(sink.progress?.offsets)
  expect(reads.at(-1)?.times).toEqual({
    database: expect.any(Number),
    debezium: expect.any(Number),
    kafka: expect.any(Number),
  })
  expect([operators, ends]).toEqual([4, 3])
})
