import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { topic } from '../../src/change/topic.js'
import { readLetter } from '../../src/job/letters.js'
import { type RunJobOptions, runPlan } from '../../src/job/run-job.js'
import type { LogRecord } from '../../src/log/record-batch.js'
import { pipeline } from '../../src/pipeline/pipeline.js'
import { record } from '../log/batches.js'
import { DealtSource } from './dealt-source.js'
import { MemoryFolder } from './memory-job-state.js'
import { MemorySink } from './memory-sink.js'
import { PacedSource } from './paced-source.js'
import { silent } from './visits.js'

const name = 'x.clinic.visit'
const visit = topic(
  'visit',
  z.object({ visit_id: z.int(), stay: z.int(), given_name: z.string().nullable() }),
  { key: ['visit_id'] },
)

/** A stay of less than nothing is more than the function makes of it. */
const stays = pipeline('stays')
  .from(visit)
  .map(({ visit_id, stay }) => {
    if (stay < 0) throw new RangeError(`no stay takes ${stay}`)
    return { visit_id, stay }
  })
  .to('stays')

type Written = readonly [visit_id: number, stay: number | 'torn' | null]

const written = (changes: readonly Written[]): LogRecord[] =>
  changes.map(([visit_id, stay], offset) => {
    const after = { visit_id, stay, given_name: 'Rose' }
    const value =
      stay === 'torn'
        ? '{"op":"c","after":{"given_name":"Rose'
        : JSON.stringify({ op: 'c', before: null, after, source: {} })
    return record(offset, `{"visit_id":${visit_id}}`, stay === null ? null : value)
  })

const sourceOf = (...changes: Written[]): DealtSource => new DealtSource(name, [written(changes)])

async function run(
  sink: MemorySink,
  disk: MemoryFolder,
  options: Partial<RunJobOptions>,
): ReturnType<typeof runPlan> {
  const told = { source: sourceOf(), sink, log: silent, state: 'memory', ...options }
  return await runPlan(stays.plan, told, disk.open)
}

/** Positions of the letters that are left. */
const offsets = (sink: MemorySink): number[] =>
  [...sink.deadLetters.keys()].map(key => JSON.parse(key).offset).sort((a, b) => a - b)

describe.each([
  ['followed', 0],
  ['read for the first time', 1],
])('changes that are %s', (_, share) => {
  async function ran(...changes: Written[]): Promise<MemorySink> {
    const sink = new MemorySink()
    const source = new PacedSource(sourceOf(...changes).cut(share), sink)
    await run(sink, new MemoryFolder(), { source })
    return sink
  }

  test('make a dead letter of a record that cannot be decoded, with position and reason', async () => {
    const sink = await ran([1, 5], [2, 'torn'], [3, 7])
    expect([...sink.rows.keys()]).toEqual(['{"visit_id":1}', '{"visit_id":3}'])
    const [[key, letter]] = [...sink.deadLetters] as [[string, string]]
    expect(key).toBe(`{"topic":"${name}","partition":0,"offset":1}`)
    expect(readLetter(letter)).toEqual({
      job: 'stays',
      topic: name,
      partition: 0,
      offset: 1,
      step: null,
      reason: expect.stringMatching(/JSON/),
      at: expect.any(Number),
      view: null,
    })
    expect(letter).not.toContain('Rose')
  })

  test('make a dead letter of a row that a function fails on, with its step and a masked view', async () => {
    const sink = await ran([1, 5], [2, -4])
    const [letter] = [...sink.deadLetters.values()].map(readLetter)
    expect(letter).toMatchObject({
      offset: 1,
      step: '.map(…)',
      reason: expect.stringMatching(/threw RangeError/),
    })
    expect(letter?.view).toBe('{"visit_id":2,"stay":-4,"given_name":"•••"}')
    expect([...sink.rows.keys()]).toEqual(['{"visit_id":1}'])
  })

  test('take a letter back when a later version of the row succeeds, or the row is gone', async () => {
    const sink = await ran([1, -1], [2, -2], [3, -3], [8, 1], [8, 2], [1, 10], [2, null])
    expect(offsets(sink)).toEqual([2])
    expect(sink.rows.get('{"visit_id":1}')).toBe('{"visit_id":1,"stay":10}')
    expect(sink.rows.has('{"visit_id":2}')).toBe(false)
  })

  test('are written in one batch with their letters, once each', async () => {
    const sink = await ran([1, 5], [2, -4], [3, 'torn'], [4, 6])
    const keys = sink.letters.map(({ key }) => key)
    expect(keys).toHaveLength(new Set(keys).size)
    const last = sink.batches.at(-1)!
    expect(last.progress?.offsets).toEqual([{ topic: name, partition: 0, next: 4 }])
    if (share === 0) {
      const both = sink.batches.find(({ deadLetters }) => deadLetters.length > 0)!
      expect([both.records.length, both.deadLetters.length]).toEqual([2, 2])
    }
  })

  test('stop the job above the limit, once everything is written; started again it goes on', async () => {
    const changes = Array.from({ length: 30 }, (_, i): Written => [i, i % 2 === 0 ? -1 : i])
    const [sink, disk] = [new MemorySink(), new MemoryFolder()]
    const source = (): PacedSource => new PacedSource(sourceOf(...changes).cut(share), sink)
    const running = run(sink, disk, { source: source(), deadLetterLimit: 10 })
    await expect(running).rejects.toMatchObject({ code: 'dead-letters-exceeded' })
    expect(sink.deadLetters.size).toBeGreaterThan(10)
    const after = new PacedSource(sourceOf(...changes).cut(share, sink.committed), sink)
    await run(sink, disk, { source: after, deadLetterLimit: 10 })
    expect([sink.deadLetters.size, sink.rows.size]).toEqual([15, 15])
  })
})

test('a job without a state writes no letter again that is held already', async () => {
  const sink = new MemorySink('at-least-once')
  const source = sourceOf([1, 5], [2, -4], [3, 'torn'])
  await run(sink, new MemoryFolder(), { source, until: 'end' })
  const { deadLetters } = await run(sink, new MemoryFolder(), { source, until: 'end' })
  expect([deadLetters, sink.letters.length]).toEqual([0, 2])
})

test('letters of a gap that is read again are not written again', async () => {
  const [sink, disk] = [new MemorySink(), new MemoryFolder()]
  const changes: Written[] = [
    [1, 5],
    [2, -4],
    [3, 'torn'],
    [4, 1],
    [5, 1],
    [6, -1],
  ]
  const source = (): PacedSource => new PacedSource(sourceOf(...changes).cut(0, sink.committed), sink)
  disk.crash = { commit: 1, kept: false }
  const still = { now: () => 0, sleep: () => new Promise<void>(() => {}) }
  await expect(run(sink, disk, { source: source(), clock: still })).rejects.toThrow('crashed')
  disk.crash = null
  await run(sink, disk, { source: source() })
  const keys = sink.letters.map(({ key }) => key)
  expect([keys.length, new Set(keys).size]).toEqual([3, 3])
})

describe('a row that is larger than the sink takes', () => {
  const wide = pipeline('stays')
    .from(visit)
    .map(({ visit_id, stay }) => ({ visit_id, text: 'x'.repeat(stay) }))
    .to('stays')
  const start = async (sink: MemorySink, disk: MemoryFolder, source: DealtSource): Promise<unknown> =>
    await runPlan(
      wide.plan,
      { source: new PacedSource(source, sink), sink, log: silent, state: 'memory' },
      disk.open,
    )

  test.each([
    ['followed', 0],
    ['read for the first time', 1],
  ])(
    'is a dead letter, and its old version is gone; a smaller one takes both back (%s)',
    async (_, share) => {
      const changes: Written[] = [
        [1, 5],
        [2, 5],
        [9, 5],
        [9, 5],
        [9, 5],
        [1, 500],
      ]
      const [sink, disk] = [new MemorySink(), new MemoryFolder()]
      sink.maxRecordBytes = 300
      await start(sink, disk, sourceOf(...changes).cut(share))
      expect([...sink.rows.keys()].sort()).toEqual(['{"visit_id":2}', '{"visit_id":9}'])
      const [letter] = [...sink.deadLetters.values()].map(readLetter)
      expect(letter).toMatchObject({
        topic: 'stays',
        step: '.to(…)',
        reason: expect.stringContaining('300 bytes'),
      })
      await start(sink, disk, sourceOf(...changes, [1, 7]).cut(0, sink.committed))
      expect(sink.rows.get('{"visit_id":1}')).toBe('{"visit_id":1,"text":"xxxxxxx"}')
      expect(sink.deadLetters).toEqual(new Map())
    },
  )
})

describe('a replay', () => {
  const replay = async (sink: MemorySink, disk: MemoryFolder, changes: Written[]): Promise<unknown> => {
    const { replayed } = await run(sink, disk, { source: sourceOf(...changes), replay: true })
    return replayed
  }

  /** A job that could decode some records no better than if they were torn, with what they really are. */
  async function ran(changes: Written[], torn: number[]): Promise<[MemorySink, MemoryFolder]> {
    const [sink, disk] = [new MemorySink(), new MemoryFolder()]
    const seen = changes.map(([id, stay], i): Written => [id, torn.includes(i) ? 'torn' : stay])
    await run(sink, disk, { source: sourceOf(...seen) })
    return [sink, disk]
  }

  test('takes a record that can be decoded now, and its letter back', async () => {
    const changes: Written[] = [
      [1, 5],
      [2, 6],
      [3, 7],
    ]
    const [sink, disk] = await ran(changes, [1])
    expect(await replay(sink, disk, changes)).toEqual({ healed: 1, failed: 0, gone: 0 })
    expect(sink.rows.get('{"visit_id":2}')).toBe('{"visit_id":2,"stay":6}')
    expect(sink.deadLetters).toEqual(new Map())
  })

  test('never puts an old version over a newer one', async () => {
    const changes: Written[] = [
      [1, 5],
      [2, 6],
      [2, 8],
    ]
    const [sink, disk] = await ran(changes, [1])
    expect(await replay(sink, disk, changes)).toEqual({ healed: 1, failed: 0, gone: 0 })
    expect(sink.rows.get('{"visit_id":2}')).toBe('{"visit_id":2,"stay":8}')
  })

  test('leaves the letters of what fails again', async () => {
    const changes: Written[] = [
      [1, 'torn'],
      [2, -6],
    ]
    const [sink, disk] = await ran(changes, [])
    const before = new Map(sink.deadLetters)
    expect(await replay(sink, disk, changes)).toEqual({ healed: 0, failed: 2, gone: 0 })
    expect(sink.deadLetters).toEqual(before)
  })

  test('says what is gone from its topic', async () => {
    const changes: Written[] = [
      [1, 5],
      [2, 6],
      [3, 7],
    ]
    const [sink, disk] = await ran(changes, [1])
    const records = written(changes).filter(({ offset }) => offset !== 1)
    const source = new DealtSource(name, [records], [3])
    const { replayed } = await run(sink, disk, { source, replay: true })
    expect(replayed).toEqual({ healed: 0, failed: 0, gone: 1 })
    expect(offsets(sink)).toEqual([1])
  })
})
