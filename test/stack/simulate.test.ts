import { describe, expect, inject, test } from 'vitest'
import { live, type SimulateOptions, type Simulation, simulate } from '../../src/stack/simulate.js'
import { waitUntilCaptured } from './captured.js'
import { deleteConnector, registerConnector, waitForSnapshot } from './connector.js'
import { finalTables } from './final-rows.js'
import { type Envelope, records, topicNames } from './topics.js'

const stack = inject('stack')

function options(database: string, changes: number): SimulateOptions {
  return { url: `${stack?.mysql}/${database}`, password: 'openmrs', seed: 42, patients: 6, changes }
}

describe.skipIf(stack === null)('the simulated life in a real MySQL', () => {
  test('the same seed leaves the same rows, whether played at once or in phases', async () => {
    const atOnce = await simulate(options('same_a', 600))
    await simulate({ ...options('same_b', 600), phases: ['schema', 'population'] })
    const inPhases = await live(options('same_b', 600))
    expect(inPhases.rows.life).toBe(atOnce.rows.life)
    const [a, b] = await Promise.all([
      finalTables(stack!.mysql, 'same_a'),
      finalTables(stack!.mysql, 'same_b'),
    ])
    expect(a.map(({ table, rows }) => [table, rows.length])).toEqual(
      b.map(({ table, rows }) => [table, rows.length]),
    )
    expect(a).toEqual(b)
    expect(a.find(({ table }) => table === 'obs')?.rows.length).toBeGreaterThan(300)
  })

  test('a database that holds tables is left alone', async () => {
    await simulate({ ...options('taken', 0), phases: ['schema'] })
    await expect(simulate(options('taken', 0))).rejects.toMatchObject({
      code: 'database-failed',
      message: "The simulation expects an empty database, found 15 tables in 'taken': name another one.",
    })
  })

  test('a life played a second time is told as that', async () => {
    await simulate(options('twice', 30))
    await expect(live(options('twice', 30))).rejects.toMatchObject({
      code: 'database-failed',
      message: expect.stringContaining(
        '(ER_DUP_ENTRY): its rows are there already; play into another database.',
      ),
    })
  })

  test('a wrong password is told in one sentence that does not repeat it', async () => {
    await expect(simulate({ ...options('any', 0), password: 'hunter2' })).rejects.toMatchObject({
      code: 'database-failed',
      message: expect.not.stringContaining('hunter2'),
    })
  })

  test('a life can be cancelled between two transactions, and can be slowed down', async () => {
    const controller = new AbortController()
    const seen: number[] = []
    let slept = 0
    const cancelled = simulate({
      ...options('cancelled', 5000),
      rate: 10,
      signal: controller.signal,
      clock: {
        now: () => slept,
        sleep: async ms => {
          slept += ms
        },
      },
      onProgress: ({ phase, rows }) => {
        if (phase === 'life') seen.push(rows)
        if (seen.length === 20) controller.abort()
      },
    })
    await expect(cancelled).rejects.toMatchObject({ code: 'cancelled' })
    expect(seen).toHaveLength(20)
    expect(slept).toBeGreaterThanOrEqual(seen.at(-1)! * 100)
  })
})

describe.skipIf(stack === null)('the topics of a simulated life', () => {
  const topics = new Map<string, { values: (Envelope | null)[]; headers: string[][] }>()
  let life: Simulation
  let population: Simulation

  test('a life is captured to its last change', async () => {
    const connector = { prefix: 'life', database: 'life', serverId: 184_100 }
    population = await simulate({ ...options('life', 800), phases: ['schema', 'population'] })
    await registerConnector(stack!, connector)
    await waitForSnapshot(stack!, 'life')
    life = await live(options('life', 800))
    await waitUntilCaptured(stack!, connector)
    await deleteConnector(stack!, 'life')
    const names = (await topicNames(stack!.kafka)).filter(name => /^life(\.|$)/.test(name))
    const read = await Promise.all(names.map(name => records(stack!.kafka, name)))
    for (const [index, name] of names.entries()) topics.set(name.replace(/^life\.life\./, ''), read[index]!)
    expect(names).toHaveLength(17)
  })

  const of = (table: string): Envelope[] => topics.get(table)!.values.filter(value => value !== null)
  const streamed = (table: string): Envelope[] => of(table).filter(({ op }) => op !== 'r')
  const tables = (): string[] =>
    [...topics.keys()].filter(name => !/^(life|life\.transaction|debezium_signal)$/.test(name))

  test('every change is one event, and a key change two', () => {
    const events = tables().reduce((sum, table) => sum + streamed(table).length, 0)
    expect(events).toBe(life.rows.life + life.steps['key-change']!)
    const snapshot = tables().reduce((sum, table) => sum + of(table).filter(({ op }) => op === 'r').length, 0)
    expect(snapshot).toBeGreaterThan(population.rows.population * 0.9)
  })

  test('updates, voids, un-voids, moves, deletes, tombstones and key changes are there', () => {
    const updates = streamed('obs').filter(({ op }) => op === 'u')
    const changed = (column: string): Envelope[] =>
      updates.filter(({ before, after }) => before?.[column] !== after?.[column])
    expect(changed('value_numeric').length).toBeGreaterThan(0)
    expect(changed('encounter_id').length).toBeGreaterThan(0)
    expect(changed('obs_datetime').length).toBeGreaterThan(0)
    expect(changed('voided').some(({ after }) => after?.voided === 1)).toBe(true)
    expect(changed('voided').some(({ after }) => after?.voided === 0)).toBe(true)
    expect(streamed('obs').some(({ after }) => typeof after?.previous_version === 'number')).toBe(true)
    const { values, headers } = topics.get('obs')!
    const deletes = values.filter(value => value?.op === 'd').length
    expect(deletes).toBe(life.steps.delete! + life.steps['key-change']!)
    expect(values.filter(value => value === null)).toHaveLength(deletes)
    const named = (header: string): number => headers.filter(names => names.includes(header)).length
    expect(named('__debezium.oldkey')).toBe(life.steps['key-change'])
  })

  test('what was rolled back or changed nothing left no event', () => {
    expect(life.steps.rollback).toBeGreaterThan(0)
    expect(life.steps['no-change']).toBeGreaterThan(0)
    expect(JSON.stringify(of('obs'))).not.toContain('never committed')
  })

  test('schema changes, transactions and the large transaction are told', () => {
    const ddl = of('life').map(({ ddl }) => String(ddl))
    expect(ddl.filter(statement => statement.startsWith('ALTER TABLE'))).toHaveLength(4)
    const ends = of('life.transaction').filter(({ status }) => status === 'END')
    expect(Math.max(...ends.map(({ event_count }) => Number(event_count)))).toBeGreaterThanOrEqual(80)
    expect(streamed('person_address').some(({ after }) => after?.address7 === 'near the market')).toBe(true)
    expect(streamed('obslab_types').some(({ after }) => Number(after?.small) > 2 ** 31)).toBe(true)
  })

  test('the edges of types and emoji are there', () => {
    expect(of('obslab_types').map(({ after }) => after?.note)).toContain('zero dates, the rest null')
    expect(JSON.stringify(of('obslab_types'))).toContain('😀')
    expect(JSON.stringify(of('person_name'))).toMatch(/\p{Extended_Pictographic}/u)
  })
})
