import { inspect } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { connect, type Lab } from '../src/lab.js'
import { openmrs } from '../src/openmrs/openmrs.js'
import type { TopicOffsets } from '../src/source/source.js'
import { type Tail, tailTopic } from '../src/tail.js'
import type { TailOptions } from '../src/tail-options.js'
import { FakeClock } from './fake-clock.js'

const visit = 'dbserver1.openmrs.visit'
let lab: Lab
let offsets: TopicOffsets
beforeAll(async () => {
  lab = await connect()
  ;[offsets] = (await lab.source.topics([visit])) as [TopicOffsets]
})
afterAll(() => lab.close())

const tail = (options: TailOptions = {}, clock = new FakeClock()): Promise<Tail> =>
  tailTopic(lab.source, { offsets, definition: null }, { speed: Number.POSITIVE_INFINITY, ...options }, clock)

async function positions(of: Tail): Promise<string[]> {
  const found: string[] = []
  for await (const { partition, offset } of of) found.push(`${partition}:${offset}`)
  return found
}

async function replayed(bounds: object = {}): Promise<string[]> {
  const changes = (await lab.replay(visit, { columns: [], ...bounds })).changes().rows()
  return changes.map(row => `${row._partition}:${row._offset}`)
}

test('a recording is played from its beginning to its end, and then the tail ends', async () => {
  const played = await tail()
  expect(await positions(played)).toEqual(await replayed())
  expect(played.state).toBe('the recording ended')
  await played.ended
})

test('each change has its rows, its key and the verdict of the redelivery rule, as a replay has them', async () => {
  const rows = (await lab.replay('obs', { columns: ['voided'] })).changes().rows()
  const expected = new Map(rows.map(row => [`${row._partition}:${row._offset}`, row]))
  const played = await lab.tail(openmrs.obs, { speed: Number.POSITIVE_INFINITY })
  let redelivered = 0
  for await (const change of played) {
    const row = expected.get(`${change.partition}:${change.offset}`)!
    expect([change.op, change.redelivered ? 'redelivered' : 'applied']).toEqual([row._op, row._status])
    expect((change.after ?? change.before)?.voided ?? null).toBe(row.voided)
    if (change.redelivered) redelivered++
  }
  expect(played.changes).toBe(rows.length)
  expect(redelivered).toBeGreaterThan(0)
})

test('it begins at an offset, at a time, at the end', async () => {
  const all = await replayed()
  const middle = (await lab.replay(visit)).changes().row(1_000)._timestamp as number
  expect(await positions(await tail({ from: 1_000 }))).toEqual(await replayed({ from: 1_000 }))
  expect(await positions(await tail({ from: new Date(middle) }))).toEqual(
    await replayed({ from: new Date(middle) }),
  )
  expect(await positions(await tail({ from: 'end' }))).toEqual([])
  expect(await positions(await tail({ from: 'beginning', limit: 5 }))).toEqual(all.slice(0, 5))
})

test('at speed 10 it takes a tenth of the time it took to write', async () => {
  const rows = (await lab.replay(visit, { columns: [] })).changes().rows()
  const times = rows.map(row => row._timestamp as number)
  const clock = new FakeClock()
  const started = clock.now()
  await positions(await tail({ speed: 10 }, clock))
  expect(clock.now() - started).toBeCloseTo((times.at(-1)! - times[0]!) / 10, 0)
})

test('forEach visits every change, waits for each, and resolves at the end', async () => {
  let running = 0
  let visited = 0
  await (await tail({ limit: 50 })).forEach(async () => {
    expect(++running).toBe(1)
    await new Promise(resolve => setImmediate(resolve))
    running--
    visited++
  })
  expect(visited).toBe(50)
})

test('an error of the visitor stops the tail and is passed on', async () => {
  const played = await tail()
  const mistake = new Error('mistake')
  await expect(
    played.forEach(() => {
      throw mistake
    }),
  ).rejects.toBe(mistake)
  expect(played.state).toBe('stopped')
})

test('leaving the loop stops the tail, and so do stop() and the signal', async () => {
  const left = await tail()
  for await (const change of left) if (change.offset > 20) break
  expect(left.state).toBe('stopped')

  const stopped = await tail()
  await stopped.forEach(() => {
    if (stopped.changes === 30) stopped.stop()
  })
  expect(stopped.changes).toBeLessThanOrEqual(31)

  const controller = new AbortController()
  const aborted = await tail({ signal: controller.signal })
  await aborted.forEach(() => {
    controller.abort()
  })
  expect(aborted.state).toBe('stopped')
  await aborted.ended
})

test('a visitor that comes later begins with the changes kept', async () => {
  const played = await tail({ limit: 40, keep: 10 })
  await played.ended
  expect(await positions(played)).toEqual((await replayed()).slice(30, 40))
})

test('the frame holds the latest changes kept, no more, as a replay shows them', async () => {
  const played = await tail({ keep: 100 })
  await played.ended
  const changes = (await lab.replay(visit)).changes()
  const frame = played.frame()
  expect(frame.names).toEqual(changes.names)
  expect(frame.rows()).toEqual(changes.rows().slice(-100))
})

test('only the columns asked for are kept, with the key', async () => {
  const played = await tail({ columns: ['voided'], limit: 3 })
  for await (const { after } of played) expect(Object.keys(after!)).toEqual(['visit_id', 'voided'])
  expect(played.frame().names.filter(name => !name.startsWith('_'))).toEqual(['visit_id', 'voided'])
})

test('everything it prints is masked', async () => {
  const played = await lab.tail('person_name', { speed: Number.POSITIVE_INFINITY, limit: 200 })
  const names = new Set<string>()
  const printed: string[] = []
  for await (const change of played) {
    for (const column of ['given_name', 'family_name'])
      names.add(String((change.after ?? change.before)?.[column]))
    printed.push(inspect(change))
  }
  printed.push(inspect(played), ...Object.values(played.mimeBundle()), played.frame().text())
  expect(names.size).toBeGreaterThan(20)
  const words = new Set(printed.join('\n').split(/[^\p{L}]+/u))
  expect([...names].filter(name => words.has(name))).toEqual([])
})

test('it tells how many changes come a second and how late they were, and no last hop on a recording', async () => {
  const played = await tail({ limit: 500 })
  await played.ended
  expect(played.rate).toBe(500)
  expect(played.lag.debeziumToKafka).toBeGreaterThan(0)
  expect(played.lag.kafkaToHere).toBeNull()
  expect(played.text()).toContain(`${visit} · its limit is reached · 500 changes`)
})

test.each<[object, string, string]>([
  [{ from: 'yesterday' }, 'option-invalid', 'write it as 2026-03-01T10:00:00Z'],
  [{ from: 99_999_999 }, 'offset-out-of-range', 'ends at'],
  [{ columns: ['voidedd'] }, 'column-unknown', "'voided'"],
  [{ speed: 0 }, 'option-invalid', 'speed'],
  [{ keep: 1_000_000 }, 'option-invalid', 'keep'],
  [{ sped: 3 }, 'option-invalid', 'sped'],
])('%j is refused before anything is read', async (options, code, told) => {
  await expect(lab.tail(visit, options)).rejects.toMatchObject({
    code,
    message: expect.stringContaining(told),
  })
})

test('closing the lab ends its tails', async () => {
  const own = await connect()
  const played = await own.tail(visit)
  await own.close()
  await played.ended
  expect(played.state).toBe('stopped')
})
