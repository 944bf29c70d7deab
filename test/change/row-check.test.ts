import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { ChangeReader } from '../../src/change/change-reader.js'
import type { ColumnType, Row, Value } from '../../src/change/column-type.js'
import { columnOfMysqlType, parseMysqlType } from '../../src/change/mysql-type.js'
import { rowCheck } from '../../src/change/row-check.js'
import { declaredColumns } from '../../src/change/row-schema.js'
import { tableSchema } from '../../src/change/table-schema.js'
import { topic } from '../../src/change/topic.js'

const types = { id: 'INT NOT NULL', big: 'BIGINT', note: 'VARCHAR(20)', at: 'DATETIME NOT NULL', raw: 'BLOB' }
const table = tableSchema<Record<string, unknown>>(types)
const columnsOf = (types: Readonly<Record<string, string>>): ColumnType[] =>
  Object.entries(types).map(([name, type]) =>
    columnOfMysqlType(name, parseMysqlType(type), { nullable: true, origin: 'schema-change' }),
  )
const good: Row = { id: 1, big: 2n, note: 'secret', at: 0.5, raw: Uint8Array.of(1) }
const checkOf = (schema: z.ZodType): ReturnType<typeof rowCheck> =>
  rowCheck('t', schema, declaredColumns(schema))

describe('the rows of a table schema', () => {
  const check = checkOf(table)
  const now = columnsOf(types)

  test.each<[string, Row, string | null]>([
    ['what fits', good, null],
    ['null where it may be', { ...good, big: null, note: null, raw: null }, null],
    ['a column that the schema does not name', { ...good, added: 'x' }, null],
    ['null where none may be', { ...good, at: null }, 'column at: expected DATETIME NOT NULL, found null'],
    [
      'a number that became text',
      { ...good, id: 'secret' },
      'column id: expected INT NOT NULL, found a text',
    ],
    ['a bigint that became a number', { ...good, big: 2 }, 'column big: expected BIGINT, found a number'],
    ['bytes that became text', { ...good, raw: 'secret' }, 'column raw: expected BLOB, found a text'],
    [
      'a text that became bytes',
      { ...good, note: Uint8Array.of(7) },
      'column note: expected VARCHAR(20), found bytes',
    ],
  ])('%s', (_, row, reason) => {
    const told = check(row)
    expect(told).toBe(
      reason === null
        ? null
        : `Expected a row that fits the definition of topic t, but ${reason}. Correct the definition if it is wrong.`,
    )
  })

  test('from before a column was added fit, and those written after it became another type do not', () => {
    const { at: _, ...older } = good
    expect(
      check(
        older,
        columnsOf({ ...types, at: undefined as never }).filter(({ name }) => name !== 'at'),
      ),
    ).toBe(null)
    const varchar = columnsOf({ ...types, id: 'VARCHAR(20)' })
    expect(check({ ...good, id: 'x' }, varchar)).toContain('column id: expected INT NOT NULL, found a text')
    expect(check({ ...good, id: null }, varchar)).toContain('column id: expected INT NOT NULL, found null')
    expect(check(good, now)).toBe(null)
  })

  test('are told the same whether the decoder vouches for kinds, nothing is vouched for, or zod looks at all of it', () => {
    const value: fc.Arbitrary<Value> = fc.oneof(
      fc.constant(null),
      fc.integer(),
      fc.bigInt(),
      fc.boolean(),
      fc.string(),
      fc.uint8Array({ maxLength: 2 }),
    )
    const shape = Object.fromEntries(Object.keys(types).map(name => [name, value]))
    const typeOf: Readonly<Partial<Record<string, string>>> = {
      number: 'INT',
      bigint: 'BIGINT',
      boolean: 'BIT(1)',
      object: 'BLOB',
    }
    const kindOf = (value: Value): string => (value === null ? 'TEXT' : (typeOf[typeof value] ?? 'TEXT'))
    fc.assert(
      fc.property(fc.record(shape), row => {
        const decoded = columnsOf(
          Object.fromEntries(Object.entries(row).map(([name, v]) => [name, kindOf(v)])),
        )
        const fits = table.safeParse(row).success
        expect([check(row) === null, check(row, decoded) === null]).toEqual([fits, fits])
      }),
      { numRuns: 300 },
    )
  })
})

describe("the rows of a user's own zod object", () => {
  const schema = z.object({
    id: z.int(),
    weight: z.number().min(0.5).max(400).nullable(),
    sex: z.enum(['F', 'M']).optional(),
    code: z
      .string()
      .regex(/^[A-Z]+$/)
      .nullable(),
  })
  const check = checkOf(schema)
  const fits: Row = { id: 1, weight: 3.9, sex: 'F', code: 'A' }
  const misfit = (row: Row, columns?: readonly ColumnType[]): string | undefined =>
    /but (.*)\. Correct/.exec(check(row, columns) ?? '')?.[1]

  test.each<[string, Row, string | undefined]>([
    ['what fits', fits, undefined],
    ['a column that the schema does not name', { ...fits, added: 'x' }, undefined],
    ['a fraction', { ...fits, id: 1.5 }, 'column id: expected a whole number, found a number'],
    ['text', { ...fits, id: 'secret' }, 'column id: expected a number, found a text'],
    ['out of range', { ...fits, weight: 7777 }, 'column weight: expected a number up to 400'],
    ['not of the enum', { ...fits, sex: 'secret' }, "column sex: expected 'F' or 'M'"],
    ['not of the format', { ...fits, code: 'secret' }, 'column code: expected a text of format /^[A-Z]+$/'],
    ['null where it may only be missing', { ...fits, sex: null }, "column sex: expected 'F' or 'M'"],
    [
      'two of them',
      { ...fits, id: null, weight: -1 },
      'column id: expected a number, found null; column weight: expected a number from 0.5 up',
    ],
  ])('%s', (_, row, told) => {
    expect(misfit(row)).toBe(told)
  })

  test('a nullable column that the table did not have yet is null; one that may not be null is told', () => {
    expect(misfit({ id: 1, sex: 'F' })).toBe(undefined)
    expect(misfit({ weight: 1, code: null })).toBe(
      'column id: expected a number, found no such column in the table',
    )
  })

  test('a column that a projection left out is not judged, and the others still are', () => {
    const all = columnsOf({ id: 'INT', weight: 'DOUBLE', sex: 'TEXT', code: 'TEXT' })
    expect(misfit({ weight: 1 }, all)).toBe(undefined)
    expect(misfit({ weight: -1 }, all)).toBe('column weight: expected a number from 0.5 up')
  })

  test('a strict object takes columns that it does not name, as every definition does', () => {
    const strict = checkOf(z.strictObject({ id: z.number() }))
    expect(strict({ id: 1, added: 'x' })).toBe(null)
    expect(strict({ id: 'x', added: 'x' })).toContain('column id')
  })

  test('a schema that is no object is asked about the row as a whole', () => {
    const either = checkOf(z.union([z.object({ a: z.number() }), z.object({ b: z.string() })]))
    expect(either({ a: 1 })).toBe(null)
    expect(either({ b: 1 })).toMatch(/but expected a number or a text|but expected /)
  })
})

describe('refinements', () => {
  const told = (schema: z.ZodType, row: Row): string | null => checkOf(schema)(row)

  test('are told by their messages, which are made without the value', () => {
    const fixed = z.object({ kg: z.number().refine(kg => kg > 0, 'expected more than nothing') })
    expect(told(fixed, { kg: -77 })).toContain('but column kg: expected more than nothing.')
    const whole = z.object({ a: z.number(), b: z.number() }).refine(({ a, b }) => a < b, 'a must be below b')
    expect(told(whole, { a: 2, b: 1 })).toContain('but a must be below b.')
    const leaking = [
      z.object({ name: z.string().refine(() => false, { error: issue => `not ${String(issue.input)}` }) }),
      z.object({
        name: z.string().refine(() => false, { error: issue => `${(issue.input as string).length}` }),
      }),
      z.object({ name: z.string().superRefine((name, ctx) => ctx.addIssue(`not ${name}`)) }),
      z.object({ name: z.string().max(2, { error: issue => `not ${String(issue.input)}` }) }),
      z.object({
        name: z.union([z.string().refine(() => false, { error: i => `not ${String(i.input)}` }), z.number()]),
      }),
      z.object({
        name: z.string().refine(name => {
          throw new TypeError(name)
        }),
      }),
    ]
    for (const schema of leaking) {
      const reason = told(schema, { name: 'Nakato' })
      expect(reason).toMatch(/column name: (expected|not undefined)|refinement of the schema threw TypeError/)
      expect(reason).not.toContain('Nakato')
    }
  })

  test('that have to be waited for are told, not waited for', () => {
    const schema = z.object({ id: z.number().refine(async () => true) })
    expect(told(schema, { id: 1 })).toContain('the schema has to be waited for')
  })
})

test('a row that does not fit is quarantined with its position and counted, and one that fits is as it was', () => {
  const definition = topic('visit', z.object({ id: z.number(), kg: z.number().max(400) }), { key: ['id'] })
  const reader = new ChangeReader('db.openmrs.visit', { definition })
  const read = (offset: number, kg: number | string): unknown =>
    reader.read({
      topic: 'db.openmrs.visit',
      partition: 0,
      offset,
      timestamp: 0,
      key: Buffer.from('{"id":1}'),
      value: Buffer.from(
        JSON.stringify({
          op: 'c',
          before: null,
          after: { id: 1, kg },
          source: {
            connector: 'mysql',
            db: 'openmrs',
            table: 'visit',
            file: 'b.1',
            pos: offset,
            ts_ms: 1,
            server_id: 1,
          },
        }),
      ),
      headers: [],
    }).change
  expect(read(4, 3.5)).toMatchObject({ kind: 'row', after: { id: 1, kg: 3.5 } })
  expect(read(5, 5000)).toMatchObject({
    kind: 'quarantined',
    partition: 0,
    offset: 5,
    reason: expect.stringContaining('column kg: expected a number up to 400'),
  })
  expect(reader.counts).toMatchObject({ records: 2, c: 1, quarantined: 1 })
})

test('a column that became another type is quarantined from then on, and a finding tells', () => {
  const definition = topic(
    'visit',
    tableSchema<{ id: number; room: number | null }>({ id: 'INT NOT NULL', room: 'INT' }),
    { key: ['id'] },
  )
  const reader = new ChangeReader('db.openmrs.visit', { definition })
  const read = (offset: number, type: string, room: number | string | null): string => {
    const row = {
      type: 'struct',
      fields: [
        { field: 'id', type: 'int32' },
        { field: 'room', type, optional: true },
      ],
    }
    const schema = {
      type: 'struct',
      fields: [
        { ...row, field: 'before' },
        { ...row, field: 'after' },
        { field: 'op', type: 'string' },
      ],
    }
    const source = {
      connector: 'mysql',
      db: 'openmrs',
      table: 'visit',
      file: 'b.1',
      pos: offset,
      ts_ms: 1,
      server_id: 1,
    }
    const payload = { op: 'c', before: null, after: { id: offset, room }, source }
    const { change } = reader.read({
      topic: 'db.openmrs.visit',
      partition: 0,
      offset,
      timestamp: 0,
      key: Buffer.from(JSON.stringify({ id: offset })),
      value: Buffer.from(JSON.stringify({ schema, payload })),
      headers: [],
    })
    return change.kind === 'quarantined' ? change.reason : change.kind
  }
  expect([read(1, 'int32', 7), read(2, 'int32', null)]).toEqual(['row', 'row'])
  const reason = read(3, 'string', 'Ward 7')
  expect(reason).toContain('topic visit, but column room: expected INT, found a text.')
  expect(reason).not.toContain('Ward')
  expect(read(4, 'string', null)).toBe('row')
  expect(reader.findings.map(({ code }) => code)).toContain('quarantined')
})
