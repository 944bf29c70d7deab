import { describe, expect, expectTypeOf, test } from 'vitest'
import { z } from 'zod'
import type { Change } from '../../src/change/change.js'
import { topic } from '../../src/change/topic.js'
import { checkColumns } from '../../src/pipeline/check-columns.js'
import { Engine } from '../../src/pipeline/engine.js'
import { runFingerprint } from '../../src/pipeline/fingerprint.js'
import { rowText } from '../../src/pipeline/output.js'
import { type Pipeline, pipeline } from '../../src/pipeline/pipeline.js'
import { recompute } from '../../src/pipeline/recompute.js'

interface Person {
  id: number
  name: string
  weight: number | null
  visits: { at: number; place: string }[]
}

const person = topic<Person>('person', z.custom<Person>(), { key: ['id'] })
const rows = pipeline('p').from(person)
const whole = z.object({
  id: z.int(),
  name: z.string().max(8),
  weight: z.number().min(0).nullable(),
  visits: z.array(z.object({ at: z.number(), place: z.enum(['ward', 'clinic']) })),
})

const good = { id: 1, name: 'Adam', weight: 70.5, visits: [{ at: 5, place: 'ward' }] }

function created(offset: number, after: object): Change {
  return {
    kind: 'row',
    op: 'c',
    topic: 'person',
    partition: 0,
    offset,
    key: { id: (after as Person).id },
    before: null,
    source: null,
    after,
  } as unknown as Change
}

function run(
  schema: z.ZodType<Person> | undefined,
  ...given: object[]
): { engine: Engine; written: (string | null)[] } {
  const { plan } = rows.to('p', schema === undefined ? {} : { schema })
  const engine = new Engine(plan)
  engine.apply(given.map((row, i) => created(i, row)))
  return { engine, written: engine.flush().map(one => one.rowText) }
}

describe('a row of a declared output', () => {
  test('that fits is written as it is', () => {
    expect(run(whole, good).written).toEqual([rowText(good as never)])
  })

  test.each<[string, object, string]>([
    ['a null where none may be', { ...good, name: null }, 'column name: expected a text, found null'],
    ['a number out of its bounds', { ...good, weight: -1 }, 'column weight: expected a number from 0 up'],
    [
      'a text that is too long',
      { ...good, name: 'Nebuchadnezzar' },
      'column name: expected a text of at most 8 characters',
    ],
    [
      'a value in a list',
      { ...good, visits: [good.visits[0], { at: 5, place: 'home' }] },
      "column visits.1.place: expected 'ward' or 'clinic'",
    ],
    [
      'a column that is not declared',
      { ...good, secret: 'Hamlet' },
      'column secret: there is none in the schema',
    ],
  ])('with %s is set aside, with the column and what was expected, and without its value', (_, row, told) => {
    const { engine, written } = run(whole, row, { ...good, id: 2 })
    expect(written).toEqual([rowText({ ...good, id: 2 } as never)])
    const [{ step, reason, offset } = {}, ...others] = engine.setAside
    expect([step, offset, others]).toEqual(['.to(…)', 0, []])
    expect(reason).toContain(told)
    expect(reason).not.toMatch(/Nebu|Hamlet|home|-1/)
  })

  test('is in the output again once a version of it fits', () => {
    const { engine } = run(whole, { ...good, weight: -1 })
    engine.apply([created(1, good)])
    expect(engine.flush()).toHaveLength(1)
    expect(engine.setAside).toEqual([])
  })

  test('stops a run that is asked to stop', () => {
    const engine = new Engine(rows.to('p', { schema: whole }).plan, { onError: 'stop' })
    const apply = (): void => {
      engine.apply([created(0, { ...good, weight: -1 })])
      engine.flush()
    }
    expect(apply).toThrow('column weight: expected a number from 0 up')
  })

  test('has the columns in the order of the schema, whatever order the step gives them in', () => {
    const { visits, weight, name, id } = good
    expect(run(whole, { visits, weight, name, id }).written).toEqual([rowText(good as never)])
  })

  test('has null for NaN and the infinities, which JSON has no form for', () => {
    expect(run(whole, { ...good, weight: Number.NaN }).written).toEqual([
      rowText({ ...good, weight: null } as never),
    ])
  })

  test('is left out by the recomputation too', () => {
    const { plan } = rows.to('p', { schema: whole })
    const final = [good, { ...good, id: 2, weight: -1 }]
    expect(recompute(plan, () => final as never)).toEqual([{ key: { id: 1 }, row: good }])
  })
})

test.each<[string, unknown, string]>([
  ['no object', z.string(), 'found a schema of string'],
  ['no schema', { id: 'int' }, 'found an object'],
  ['a default', z.object({ id: z.int().default(0) }), 'found a default in column id'],
  [
    'a transform',
    z.object({ a: z.object({ b: z.string().transform(Number) }) }),
    'found a transform in column a.b',
  ],
  ['an optional column', z.object({ id: z.int(), name: z.string().optional() }), 'name is optional'],
  ['no column of the key', z.object({ name: z.string() }), 'the key has id, and the schema only name'],
])('a schema with %s is refused', (_, schema, told) => {
  expect(() => rows.to('p', { key: ['id'], schema: schema as never })).toThrow(told)
})

test.each<[string, z.ZodType<Person>, string]>([
  ['lacks a column', z.object({ id: z.int(), name: z.string() }) as never, 'it lacks twice'],
  [
    'has one more',
    z.object({ id: z.int(), name: z.string(), twice: z.int(), third: z.int() }) as never,
    'third is not among them',
  ],
])('a schema that %s of the rows is refused when the pipeline is bound', (_, schema, told) => {
  const { plan } = pipeline('p')
    .from(person)
    .map(p => ({ id: p.id, name: p.name, twice: 2 * p.id }))
    .to('p', { schema: schema as never })
  expect(() => checkColumns(plan)).toThrow(told)
})

describe('the fingerprint of an output', () => {
  const print = (schema?: z.ZodType<Person>): string | undefined =>
    runFingerprint(rows.to('p', schema === undefined ? {} : { schema }).plan).steps.get('1:to')
  const same = z.object({ ...whole.shape })
  test('is that of an equal schema', () => expect(print(same)).toBe(print(whole)))
  test.each<[string, z.ZodType<Person> | undefined]>([
    ['no schema', undefined],
    ['another bound', whole.extend({ weight: z.number().min(1).nullable() })],
    ['null no longer', whole.extend({ weight: z.number().min(0) })],
    [
      'another order',
      z.object({
        weight: whole.shape.weight,
        name: whole.shape.name,
        id: whole.shape.id,
        visits: whole.shape.visits,
      }),
    ],
    [
      'a refinement',
      whole.extend({
        name: z
          .string()
          .max(8)
          .refine(name => name !== 'x'),
      }),
    ],
  ])('is another with %s', (_, schema) => expect(print(schema)).not.toBe(print(whole)))
  test('is another with another refinement', () => {
    const refined = (test: (name: string) => boolean): string | undefined =>
      print(whole.extend({ name: z.string().refine(test) }))
    expect(refined(name => name !== 'x')).not.toBe(refined(name => name !== 'y'))
  })
  test('of the steps before it does not change', () => {
    expect(runFingerprint(rows.to('p', { schema: whole }).plan).steps.get('0:from')).toBe(
      runFingerprint(rows.to('p').plan).steps.get('0:from'),
    )
  })
  test('does not count settings, which change no row', () => {
    const { plan } = rows.to('p', { schema: whole, settings: { 'retention.ms': '-1' } })
    expect(plan.settings).toEqual({ 'retention.ms': '-1' })
    expect(runFingerprint(plan).steps.get('1:to')).toBe(print(whole))
  })
})

test('the schema is of the type of the rows', () => {
  const ids = rows.map(p => ({ id: p.id }))
  expectTypeOf(ids.to('p', { schema: z.object({ id: z.int() }) })).toEqualTypeOf<Pipeline<{ id: number }>>()
  // @ts-expect-error a text is not what the step gives
  ids.to('p', { schema: z.object({ id: z.string() }) })
  // @ts-expect-error the column is never null
  ids.to('p', { schema: z.object({ id: z.int().nullable() }) })
})
