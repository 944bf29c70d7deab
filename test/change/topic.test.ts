import { describe, expect, expectTypeOf, test } from 'vitest'
import { z } from 'zod'
import { tableSchema } from '../../src/change/table-schema.js'
import { isDeleted, type TypedTopic, topic } from '../../src/change/topic.js'

interface Sample {
  id: bigint
  amount: string | null
  taken: number
  done: boolean
}
const sampleSchema = tableSchema<Sample>({
  id: 'BIGINT NOT NULL',
  amount: 'DECIMAL(10,2)',
  taken: 'DATETIME(6) NOT NULL',
  done: 'BIT(1) NOT NULL',
})

describe('topic', () => {
  test('infers the row type from a zod schema, or takes it from a named interface', () => {
    const inferred = topic('lab', z.object({ id: z.number(), note: z.string().nullable() }), { key: ['id'] })
    expectTypeOf(inferred).toEqualTypeOf<TypedTopic<{ id: number; note: string | null }>>()
    const named = topic<Sample>('sample', sampleSchema, { key: ['id'] })
    expectTypeOf(named).toEqualTypeOf<TypedTopic<Sample>>()
  })

  test('takes the kinds that a zod schema fixes and leaves the others open', () => {
    const schema = z.object({
      id: z.bigint(),
      flag: z.boolean().nullable(),
      amount: z.string().meta({ mysqlType: 'DECIMAL(10,2)' }),
      count: z.number().optional(),
    })
    const { columns } = topic('lab', schema, { key: ['id'] })
    expect(columns.map(({ name, kind, nullable }) => [name, kind, nullable])).toEqual([
      ['id', 'bigint', false],
      ['flag', 'boolean', true],
      ['amount', 'decimal', false],
      ['count', undefined, false],
    ])
    expect(columns[2]?.type).toMatchObject({ encoding: 'decimal-base64', scale: 2, origin: 'declared' })
  })

  test('says which columns count as deleted, by truthiness after decoding', () => {
    const schema = z.object({ id: z.number(), voided: z.number(), retired: z.boolean().nullable() })
    const one = topic('t', schema, { key: ['id'], deleted: 'voided' })
    const both = topic('t', schema, { key: ['id'], deleted: ['voided', 'retired'] })
    const rows = [0, 1, 7].map(voided => ({ id: 1, voided, retired: null }))
    expect(rows.map(row => isDeleted(one, row))).toEqual([false, true, true])
    expect(isDeleted(both, { id: 1, voided: 0, retired: true })).toBe(true)
    expect(isDeleted(topic('t', schema, { key: ['id'] }), { voided: 1 })).toBe(false)
  })

  test('refuses a schema that would change rows, because rows are what the database holds', () => {
    const schema = z.object({ id: z.number(), at: z.coerce.date() })
    expect(() => topic('visit', schema, { key: ['id'] })).toThrow(
      /row schema of topic visit .*found a coercion in column at.*change it in a pipeline instead/s,
    )
  })

  test('checks rows as its schema says', () => {
    const { check } = topic<Sample>('sample', sampleSchema, { key: ['id'] })
    expect(check?.({ id: 1n, amount: null, taken: 0, done: true })).toBe(null)
    expect(check?.({ id: 1n, amount: null, taken: null, done: true })).toContain('column taken')
  })

  test('takes how values are written from a connector’s configuration, and refuses what Debezium does not have', () => {
    const config = { 'tasks.max': '1', 'binary.handling.mode': 'hex' }
    const { connector } = topic<Sample>('sample', sampleSchema, { key: ['id'], connector: config })
    expect(connector).toEqual({ binary: 'hex' })
    expect(() =>
      topic<Sample>('sample', sampleSchema, { key: ['id'], connector: { 'binary.handling.mode': 'hexa' } }),
    ).toThrow(/Expected binary.handling.mode to be bytes, base64, base64-url-safe, hex, found 'hexa'/)
  })

  test('refuses a key, deleted or sensitive column that the schema does not have, and a missing key', () => {
    const schema = tableSchema<{ id: number; other?: number }>({ id: 'INT NOT NULL' } as never)
    expect(() => topic('t', schema, { key: ['other'] })).toThrow(/did not find other.*columns are id/s)
    expect(() => topic('t', schema, { key: ['id'], sensitive: ['other'] })).toThrow(/other/)
    expect(() => topic('t', schema, { key: [] })).toThrow(/found none/)
  })
})

describe('tableSchema', () => {
  test('accepts what rows of the table hold and refuses what they do not', () => {
    const row: Sample = { id: 1n, amount: null, taken: 0.001, done: false }
    expect(sampleSchema.safeParse(row).success).toBe(true)
    expect(sampleSchema.safeParse({ ...row, id: 1 }).success).toBe(false)
    expect(sampleSchema.safeParse({ ...row, taken: null }).success).toBe(false)
  })
})
