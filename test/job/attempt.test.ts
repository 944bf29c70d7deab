import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Clock } from '../../src/clock.js'
import { ObslabError } from '../../src/errors.js'
import { type JobSummary, type RunJobOptions, runPlan } from '../../src/job/run-job.js'
import type { OutputRecord } from '../../src/job/sink.js'
import { connect, type Lab } from '../../src/lab.js'
import { openmrs } from '../../src/openmrs/openmrs.js'
import { count, last } from '../../src/pipeline/aggregate.js'
import { pipeline } from '../../src/pipeline/pipeline.js'
import type { Plan } from '../../src/pipeline/plan.js'
import { FakeClock } from '../fake-clock.js'
import { record } from '../log/batches.js'
import { WrittenSource } from '../source/written-source.js'
import { DealtSource, dealtVisits } from './dealt-source.js'
import { MemoryFolder } from './memory-job-state.js'
import { MemorySink } from './memory-sink.js'
import { PacedSource } from './paced-source.js'
import { type Expected, expectedOf, LogLines, silent, sorted, visits } from './visits.js'
import { WatchedSource } from './watched-source.js'

let lab: Lab
/** Visits in three partitions, with what follows from them. */
let all: DealtSource
let { final, ever }: Expected = { final: [], ever: new Map() }

beforeAll(async () => {
  lab = await connect()
  all = await dealtVisits(lab.source, 7)
  ;({ final, ever } = await expectedOf(all, visits.plan))
})
afterAll(() => lab.close())

/** A clock that stands, so that the state is kept only where the protocol asks for it. */
const standing: Clock = {
  now: () => 1_000_000,
  sleep: (_, signal) =>
    new Promise((_resolve, reject) => {
      if (signal?.aborted) reject(signal.reason)
      signal?.addEventListener('abort', () => reject(signal.reason), { once: true })
    }),
}

/** A clock on which each look takes ten seconds, so that the state is kept as often as can be. */
function hasty(): Clock {
  let time = 1_000_000
  return { now: () => (time += 10_000), sleep: async () => {} }
}

interface Start extends Partial<RunJobOptions> {
  plan?: Plan
}

async function run(
  sink: MemorySink,
  disk: MemoryFolder,
  { plan = visits.plan, ...options }: Start = {},
): Promise<JobSummary> {
  const told = { source: all, sink, log: silent, state: 'memory', clock: standing, ...options }
  return await runPlan(plan, told, disk.open)
}

async function crashing(sink: MemorySink, disk: MemoryFolder, options: Start = {}): Promise<void> {
  await expect(run(sink, disk, options)).rejects.toThrow('crashed')
}

/** Rows that were written though the output held them already. */
function twice(records: readonly OutputRecord[]): OutputRecord[] {
  const held = new Map<string, string | null>()
  return records.filter(({ key, row }) => {
    const isSame = held.has(key) ? held.get(key) === row : row === null
    held.set(key, row)
    return isSame
  })
}

describe('a start', () => {
  test('fences the old instance off before it looks where the output and the inputs are', async () => {
    const [sink, disk] = [new MemorySink(), new MemoryFolder()]
    await run(sink, disk, { source: all.cut(0.3), until: 'end' })
    const old = new MemorySink()
    await run(old, new MemoryFolder(), { source: all.cut(0.6), until: 'end' })
    // The old instance goes on writing while the new one starts, until that has opened the sink.
    let share = 0.3
    const source = new WatchedSource(all)
    source.topics = async () => await all.cut(share).topics()
    sink.opening = () => {
      share = 0.6
      sink.records.splice(0, Number.POSITIVE_INFINITY, ...old.records)
      sink.progress = old.progress
    }
    const log = new LogLines()
    await run(sink, disk, { source, until: 'end', log })
    expect(log.of('state').map(({ outcome }) => outcome)).toEqual(log.of('state').map(() => 'kept'))
    expect(sink.records).toHaveLength(old.records.length)
    expect(disk.progress?.offsets).toEqual(old.progress?.offsets)
  })

  test('says of each operator what becomes of its memory before anything is read', async () => {
    const [sink, disk, log] = [new MemorySink(), new MemoryFolder(), new LogLines()]
    const source = new WatchedSource(all.cut(0.5))
    let told = -1
    source.reading = () => {
      if (told < 0) told = log.of('state').length
    }
    await run(sink, disk, { source, log, until: 'end' })
    const operators = ['0:from', '1:filter', '2:aggregate', '3:to']
    expect(log.of('state').map(({ operator, outcome, from }) => [operator, outcome, from])).toEqual(
      operators.map(operator => [operator, 'rebuilt', ['dbserver1.openmrs.visit:0']]),
    )
    expect(told).toBe(4)
    const again = new LogLines()
    await run(sink, disk, { source, log: again, until: 'end' })
    expect(again.of('state').map(({ operator, outcome }) => [operator, outcome])).toEqual(
      operators.map(operator => [operator, 'kept']),
    )
  })

  test('of a plan that was changed upstream keeps nothing, and ends as if it had never run before', async () => {
    const [sink, disk, log] = [new MemorySink(), new MemoryFolder(), new LogLines()]
    await run(sink, disk)
    const { plan } = pipeline('visits')
      .from(openmrs.visit)
      .filter(visit => visit.visit_id % 5 !== 0 || visit.date_stopped === null)
      .groupBy(visit => ({ visit_id: visit.visit_id }))
      .aggregate({
        visits: count(),
        stopped: last(visit => visit.date_stopped, { by: visit => visit.date_started }),
      })
      .to('visits')
    await run(sink, disk, { plan, log })
    const fresh = new MemorySink()
    await run(fresh, new MemoryFolder(), { plan })
    expect(sorted(sink.rows)).toEqual(sorted(fresh.rows))
    expect(sorted(sink.rows)).not.toEqual(final)
    const changed = log.of('state').map(({ operator, outcome, found }) => [operator, outcome, found])
    expect(changed).toEqual([
      ['0:from', 'rebuilt', 'kept'],
      ['1:filter', 'rebuilt', 'changed'],
      ['2:aggregate', 'rebuilt', 'changed'],
      ['3:to', 'rebuilt', 'changed'],
    ])
  })

  test('of a changed plan that was killed before its write still writes what is different', async () => {
    const [sink, disk, fresh] = [new MemorySink(), new MemoryFolder(), new MemorySink()]
    const { plan } = pipeline('visits')
      .from(openmrs.visit)
      .filter(visit => visit.visit_id % 2 === 0)
      .groupBy(visit => ({ visit_id: visit.visit_id }))
      .aggregate({ visits: count() })
      .to('visits')
    await run(sink, disk)
    sink.crash = { write: 0, taken: false }
    await crashing(sink, disk, { plan })
    expect([sink.progress?.whole, disk.progress?.phase.name]).toEqual([true, 'emitting'])
    sink.crash = null
    await run(sink, disk, { plan })
    await run(fresh, new MemoryFolder(), { plan })
    expect(sorted(sink.rows)).toEqual(sorted(fresh.rows))
  })

  test('after the state was lost removes what the output holds and no input gives', async () => {
    const sink = new MemorySink()
    await run(sink, new MemoryFolder(), { source: all.cut(0.5), until: 'end' })
    sink.records.push({ key: '{"visit_id":-7}', row: '{"visit_id":-7,"visits":1,"stopped":null}' })
    await run(sink, new MemoryFolder())
    expect(sorted(sink.rows)).toEqual(final)
    expect(sink.records).toContainEqual({ key: '{"visit_id":-7}', row: null })
    expect(twice(sink.records)).toEqual([])
  })

  test('names the instance that runs, and neither opens nor closes anything of its', async () => {
    const [sink, disk] = [new MemorySink(), new MemoryFolder()]
    sink.holding = { host: 'elsewhere', pid: 4711, since: Date.parse('2026-03-01T10:00:00Z') }
    await expect(run(sink, disk)).rejects.toMatchObject({
      code: 'job-held',
      message: expect.stringContaining('elsewhere, process 4711, since 2026-03-01T10:00:00.000Z'),
    })
    expect([sink.calls, disk.generation]).toEqual([['holder', 'close'], 0])
  })

  test('waits for the instance that runs when it is asked to', async () => {
    const [sink, disk, log, clock] = [new MemorySink(), new MemoryFolder(), new LogLines(), new FakeClock()]
    sink.holding = { host: 'elsewhere', pid: 4711, since: 0 }
    const looks = sink.holder.bind(sink)
    let left = 3
    sink.holder = async () => {
      if (--left === 0) sink.holding = null
      return await looks()
    }
    await run(sink, disk, { wait: true, clock, log })
    expect(sorted(sink.rows)).toEqual(final)
    expect(log.of('waiting for another instance to end')).toHaveLength(1)
  })

  test.each([
    [true, 3],
    [false, 1],
  ])(
    'that meets another instance only as it takes over the output waits when asked to: %s',
    async (wait, starts) => {
      const [sink, clock] = [new MemorySink(), new FakeClock()]
      sink.opening = () => {
        if (sink.requests.length < 3) throw new ObslabError('job-held', 'Another instance is older.')
      }
      const running = run(sink, new MemoryFolder(), { wait, clock })
      if (wait) await running
      else await expect(running).rejects.toMatchObject({ code: 'job-held' })
      expect([sink.requests.length, sorted(sink.rows)]).toEqual([starts, wait ? final : []])
    },
  )

  test('that is asked to stop while it waits for another instance ends', async () => {
    const [sink, disk, stop] = [new MemorySink(), new MemoryFolder(), new AbortController()]
    sink.holding = { host: 'elsewhere', pid: 4711, since: 0 }
    const running = run(sink, disk, { wait: true, signal: stop.signal })
    stop.abort()
    expect(await running).toMatchObject({ upserts: 0 })
    expect(sink.calls).not.toContain('open')
  })
})

describe('the gap between state and output', () => {
  /** A job that was killed while the state was behind its output, with what it has written. */
  async function killed(writes: number, taken = true): Promise<[MemorySink, MemoryFolder]> {
    const [sink, disk] = [new MemorySink(), new MemoryFolder()]
    sink.crash = { write: writes, taken }
    await crashing(sink, disk, { source: new PacedSource(all.cut(0.3), sink) })
    sink.crash = null
    return [sink, disk]
  }

  test('is read again with nothing written, each partition to where the output is before any goes on', async () => {
    const [sink, disk] = [new MemorySink(), new MemoryFolder()]
    sink.crash = { write: 20, taken: true }
    await crashing(sink, disk, { source: new PacedSource(all.cut(0.3, sink.committed), sink) })
    sink.crash = null
    const [state, output, written] = [disk.progress!.offsets, sink.progress!.offsets, sink.records.length]
    const source = new WatchedSource(all.cut(0.8, sink.committed))
    let first = ''
    sink.written = () => {
      first ||= source.events.join()
    }
    await run(sink, disk, { source })
    const gap = source.ranges.slice(0, output.length)
    expect(gap).toEqual(
      output.map(({ topic, partition, next }) => {
        const from = state.find(one => one.partition === partition)!.next
        return { topic, partition, from, to: next }
      }),
    )
    expect(gap.filter(({ from, to }) => from < to).length).toBeGreaterThan(1)
    expect(first).toBe('read,end,follow')
    expect(sink.records.length).toBeGreaterThan(written)
    expect(twice(sink.records)).toEqual([])
    expect(sorted(sink.rows)).toEqual(final)
  })

  test.each([
    ['was taken', true],
    ['was not taken', false],
  ])(
    'a commit of which nobody knows whether it %s counts as a crash: the job starts over',
    async (_, taken) => {
      const [sink, disk, log] = [new MemorySink(), new MemoryFolder(), new LogLines()]
      const error = new ObslabError('broker-unreachable', 'No broker answered.')
      sink.crash = { write: 7, taken, error }
      const opened = sink.opening
      sink.opening = () => {
        if (sink.requests.length > 1) sink.crash = null
        opened()
      }
      const clock = new FakeClock()
      await run(sink, disk, { source: new PacedSource(all.cut(0.3), sink), log, clock })
      expect(sorted(sink.rows)).toEqual(final)
      expect(twice(sink.records)).toEqual([])
      expect(log.of('the job starts over')).toEqual([
        expect.objectContaining({ level: 'warn', code: 'broker-unreachable', reason: 'No broker answered.' }),
      ])
      const failed = sink.calls.lastIndexOf('holder')
      expect(sink.calls.slice(failed - 1, failed + 2)).toEqual(['close', 'holder', 'open'])
    },
  )

  test('is not there when the output says nothing of where it is: everything is computed anew', async () => {
    const [sink, disk] = await killed(5)
    sink.progress = null
    const log = new LogLines()
    await run(sink, disk, { log })
    expect(log.of('state')[0]).toMatchObject({
      outcome: 'rebuilt',
      why: 'the output does not say how far it is',
    })
    expect(sorted(sink.rows)).toEqual(final)
    expect(twice(sink.records)).toEqual([])
  })

  test('nor when the output is behind the state', async () => {
    const [sink, disk, log] = [new MemorySink(), new MemoryFolder(), new LogLines()]
    await run(sink, disk)
    const { offsets } = sink.progress!
    sink.progress = { whole: true, offsets: offsets.map(one => ({ ...one, next: one.next - 1 })) }
    await run(sink, disk, { log })
    expect(log.of('state')[0]).toMatchObject({ outcome: 'rebuilt', why: 'the output is behind the state' })
    expect(sorted(sink.rows)).toEqual(final)
  })

  test('an output that is not whole is compared before it is kept up to date', async () => {
    const [sink, disk] = [new MemorySink(), new MemoryFolder()]
    await run(sink, disk)
    const [vanished] = sink.rows.keys()
    sink.records.push({ key: vanished!, row: null })
    sink.progress = { ...sink.progress!, whole: false }
    await run(sink, disk)
    expect(sorted(sink.rows)).toEqual(final)
  })
})

describe('a state that another instance has opened', () => {
  test('is written no more: the check is where it is written, and the job ends', async () => {
    const [sink, disk] = [new MemorySink(), new MemoryFolder()]
    let before: unknown
    sink.written = () => {
      if (sink.batches.length !== 10) return
      before = disk.progress
      disk.generation++
    }
    const running = run(sink, disk, {
      source: new PacedSource(all.cut(0.3), sink),
      clock: hasty(),
    })
    await expect(running).rejects.toMatchObject({ code: 'job-fenced' })
    expect(sink.batches).toHaveLength(10)
    expect(disk.progress).toBe(before)
  })
})

describe('a backfill', () => {
  test.each([0, 1, 2])('that was killed at its commit %i goes on from the one before', async commit => {
    const [sink, disk] = [new MemorySink(), new MemoryFolder()]
    disk.crash = { commit, kept: false }
    await crashing(sink, disk, { source: new WatchedSource(all), clock: hasty() })
    expect(sink.records).toEqual([])
    disk.crash = null
    const kept = disk.progress?.offsets.reduce((sum, { next }) => sum + next, 0) ?? 0
    expect(kept > 0).toBe(commit > 0)
    const source = new WatchedSource(all)
    await run(sink, disk, { source, clock: hasty() })
    expect(source.ranges.reduce((sum, { from }) => sum + from, 0)).toBe(kept)
    expect(sorted(sink.rows)).toEqual(final)
    expect(twice(sink.records)).toEqual([])
  })

  test('ends where its inputs ended when it began, however often it was killed', async () => {
    const [sink, disk] = [new MemorySink(), new MemoryFolder()]
    disk.crash = { commit: 0, kept: true }
    await crashing(sink, disk, {
      source: new WatchedSource(all.cut(0.5)),
      clock: hasty(),
    })
    const { phase } = disk.progress!
    expect(phase).toMatchObject({ name: 'backfilling' })
    disk.crash = null
    const written: unknown[] = []
    sink.written = () => written.push(sink.progress)
    await run(sink, disk, { source: all, clock: hasty() })
    expect(written[0]).toEqual({ offsets: 'until' in phase && phase.until, whole: true })
    expect(sorted(sink.rows)).toEqual(final)
  })

  test.each([
    ['before its write', { write: 0, taken: false }],
    ['between its write and the state', { write: 0, taken: true }],
  ])('killed %s writes what is left of the difference, and reads nothing again', async (_, crash) => {
    const [sink, disk, log] = [new MemorySink(), new MemoryFolder(), new LogLines()]
    sink.crash = crash
    await crashing(sink, disk)
    expect(disk.progress?.phase).toEqual({ name: 'emitting' })
    sink.crash = null
    expect(await run(sink, disk, { log })).toMatchObject({ changes: 0 })
    expect(log.of('state')[0]).toMatchObject({ outcome: 'kept' })
    expect(sorted(sink.rows)).toEqual(final)
    expect(twice(sink.records)).toEqual([])
    expect(disk.progress?.phase).toEqual({ name: 'following' })
  })

  test('is no whole output before its last batch, and is written in the order of the keys', async () => {
    const [sink, disk] = [new MemorySink(), new MemoryFolder()]
    await run(sink, disk, { until: 'end' })
    const keys = sink.records.map(({ key }) => key)
    expect(keys).toEqual([...keys].sort())
    expect(sink.batches.map(({ progress }) => progress?.whole)).toEqual([true])
  })

  test('keeps its state often enough, and not with each chunk', async () => {
    const disk = new MemoryFolder()
    await run(new MemorySink(), disk, { until: 'end' })
    expect(disk.commits).toBe(2)
  })
})

describe('an input that has lost records', () => {
  const topic = 'x.openmrs.visit'
  const visit = (visit_id: number, offset: number): ReturnType<typeof record> =>
    record(
      offset,
      `{"visit_id":${visit_id}}`,
      JSON.stringify({
        op: 'c',
        before: null,
        after: { visit_id, date_started: 0, date_stopped: null, voided: 0 },
        source: {},
      }),
    )
  const holding = (...offsets: number[]): WatchedSource =>
    new WatchedSource(
      new WrittenSource({ [topic]: { records: offsets.map(offset => visit(offset + 1, offset)) } }),
    )
  const ids = (sink: MemorySink): number[] =>
    [...sink.rows.keys()].map(key => JSON.parse(key).visit_id).sort()

  async function ran(): Promise<[MemorySink, MemoryFolder]> {
    const [sink, disk] = [new MemorySink(), new MemoryFolder()]
    await run(sink, disk, { source: holding(0, 1, 2) })
    return [sink, disk]
  }

  test('is refused where everything would be computed anew, and nothing is read or written', async () => {
    const [sink, log, source] = [new MemorySink(), new LogLines(), holding(5, 6)]
    await expect(run(sink, new MemoryFolder(), { source, log })).rejects.toMatchObject({
      code: 'input-incomplete',
      position: { topic, partition: 0, offset: 5 },
    })
    expect([source.ranges, sink.batches]).toEqual([[], []])
    expect(log.of('state').map(({ outcome }) => outcome)).toEqual(Array.from({ length: 4 }, () => 'refused'))
  })

  test('that the job has read is no matter', async () => {
    const [sink, disk] = await ran()
    await run(sink, disk, { source: holding(3, 4), until: 'end' })
    expect(ids(sink)).toEqual([1, 2, 3, 4, 5])
  })

  test('that the job has still to read stops it, with the choice to make', async () => {
    const [sink, disk] = await ran()
    const before = [...sink.batches]
    const running = run(sink, disk, { source: holding(6, 7) })
    await expect(running).rejects.toMatchObject({
      code: 'input-gap',
      position: { topic, partition: 0, offset: 3 },
      message: expect.stringMatching(/begins at 6 now: 3 offsets are gone.*--on-gap rebuild.*--on-gap skip/),
    })
    expect(sink.batches).toEqual(before)
  })

  test('is passed over when it is told to skip, which is logged', async () => {
    const [sink, disk] = await ran()
    const log = new LogLines()
    await run(sink, disk, { source: holding(6, 7), until: 'end', onGap: 'skip', log })
    expect(ids(sink)).toEqual([1, 2, 3, 7, 8])
    expect(log.of('records of an input are gone and were passed over')).toEqual([
      expect.objectContaining({ level: 'warn', topic, partition: 0, start: 6 }),
    ])
  })

  test('is computed anew from the rest when that is accepted, and refused else', async () => {
    const [sink, disk] = await ran()
    const onGap = 'rebuild'
    await expect(run(sink, disk, { source: holding(6, 7), onGap })).rejects.toMatchObject({
      code: 'input-incomplete',
    })
    expect(ids(sink)).toEqual([1, 2, 3])
    await run(sink, disk, { source: holding(6, 7), onGap, acceptIncomplete: true })
    expect(ids(sink)).toEqual([7, 8])
  })

  test('that ends before what was read of it was written anew: everything is computed again', async () => {
    const [sink, disk] = await ran()
    const log = new LogLines()
    await run(sink, disk, { source: holding(0), log })
    expect(ids(sink)).toEqual([1])
    expect(log.of('state')[0]).toMatchObject({ outcome: 'rebuilt', why: expect.stringContaining('anew') })
  })
})

test('a change that was delivered before is told as such by a job that started since', async () => {
  const at = (offset: number, pos: number, stopped: number): ReturnType<typeof record> => {
    const source = { file: 'bin.000001', pos, row: 0, server_id: 1, snapshot: 'false', ts_ms: pos }
    const after = { visit_id: 1, date_started: 0, date_stopped: stopped, voided: 0 }
    const op = pos === 10 ? 'c' : 'u'
    return record(offset, '{"visit_id":1}', JSON.stringify({ op, before: null, after, source }))
  }
  const source = new DealtSource('x.openmrs.visit', [[at(0, 10, 1), at(1, 20, 2), at(2, 10, 1)]])
  const [sink, disk] = [new MemorySink(), new MemoryFolder()]
  await run(sink, disk, { source: source.cut(0.7), until: 'end' })
  expect(await run(sink, disk, { source })).toMatchObject({ changes: 1, redelivered: 1 })
  expect(sink.rows.get('{"visit_id":1}')).toBe('{"visit_id":1,"visits":1,"stopped":2}')
})

test('what needs the order of changes in several partitions is decided when all were read to their ends', async () => {
  const at = (server_id: number, pos: number, stopped: number): ReturnType<typeof record> => {
    const source = { file: `bin.${server_id}`, pos, row: 0, server_id, snapshot: 'false', ts_ms: 1_000 }
    const after = { visit_id: 1, date_started: 0, date_stopped: stopped, voided: 0 }
    return record(0, '{"visit_id":1}', JSON.stringify({ op: 'u', before: null, after, source }))
  }
  const source = new DealtSource('x.openmrs.visit', [[at(1, 10, 1)], [at(2, 20, 2)]])
  const running = run(new MemorySink(), new MemoryFolder(), { source })
  await expect(running).rejects.toMatchObject({ code: 'order-unknown' })
})

test('a signal drains: the batch in hand is written, the state kept, and a restart goes on from there', async () => {
  const [sink, disk, stop] = [new MemorySink(), new MemoryFolder(), new AbortController()]
  sink.written = () => {
    if (sink.batches.length === 10) stop.abort()
  }
  await run(sink, disk, { source: new PacedSource(all.cut(0.3), sink), signal: stop.signal })
  expect(sink.batches).toHaveLength(10)
  expect(disk.progress).toMatchObject({ phase: { name: 'following' }, offsets: sink.progress?.offsets })
  sink.written = () => {}
  const source = new WatchedSource(all.cut(0.3, sink.committed))
  await run(sink, disk, { source })
  expect(source.ranges.filter(({ from, to }) => from < to)).toEqual([])
  expect(sorted(sink.rows)).toEqual(final)
  expect(twice(sink.records)).toEqual([])
})

test('a signal during a backfill keeps what was read, and writes nothing', async () => {
  const [sink, disk, stop] = [new MemorySink(), new MemoryFolder(), new AbortController()]
  disk.committing = () => stop.abort()
  await run(sink, disk, { signal: stop.signal, clock: hasty() })
  expect([sink.batches, disk.progress?.phase.name]).toEqual([[], 'backfilling'])
  disk.committing = () => {}
  await run(sink, disk)
  expect(sorted(sink.rows)).toEqual(final)
})

test('a sink that does not keep how far it is needs no state: its output is compared at each start', async () => {
  const [sink, disk] = [new MemorySink('at-least-once'), new MemoryFolder()]
  await run(sink, disk, { source: all.cut(0.5), until: 'end' })
  const { upserts, tombstones, unchanged } = await run(sink, disk)
  expect([disk.generation, sorted(sink.rows)]).toEqual([0, final])
  expect(upserts + tombstones).toBeGreaterThan(0)
  expect(unchanged).toBeGreaterThan(0)
  expect(twice(sink.records)).toEqual([])
})

test('until the end it catches up with where its inputs are, from a state too, and follows no further', async () => {
  const [sink, disk] = [new MemorySink(), new MemoryFolder()]
  await run(sink, disk, { source: all.cut(0.3), until: 'end' })
  const half = all.cut(0.6)
  await run(sink, disk, { source: half, until: 'end' })
  const [visit] = await half.topics()
  expect([...sink.committed.values()]).toEqual(visit!.partitions.map(({ stable }) => stable))
  expect(disk.progress?.offsets).toEqual(sink.progress?.offsets)
})

test('wherever it is killed, and however often: the output ends as it should, with no row twice and none that never was', async () => {
  const at = fc.nat(60)
  const crash = fc.oneof(
    fc.record({ write: at, taken: fc.boolean() }),
    fc.record({ commit: fc.nat(12), kept: fc.boolean() }),
  )
  const share = fc.double({ min: 0, max: 1, noNaN: true })
  await fc.assert(
    fc.asyncProperty(
      share,
      fc.array(fc.tuple(crash, fc.boolean()), { maxLength: 5 }),
      async (first, crashes) => {
        const [sink, disk] = [new MemorySink(), new MemoryFolder()]
        for (const [one, isHasty] of crashes) {
          sink.crash = 'write' in one ? one : null
          disk.crash = 'commit' in one ? one : null
          const source = new PacedSource(all.cut(first, sink.committed), sink)
          await run(sink, disk, { source, clock: isHasty ? hasty() : standing }).catch((error: Error) =>
            expect(error.message).toBe('crashed'),
          )
        }
        sink.crash = null
        disk.crash = null
        await run(sink, disk, { source: new PacedSource(all.cut(first, sink.committed), sink) })
        expect(sorted(sink.rows)).toEqual(final)
        expect(twice(sink.records)).toEqual([])
        for (const { key, row } of sink.records) if (row !== null) expect(ever.get(key)).toContain(row)
      },
    ),
    { numRuns: 40 },
  )
})
