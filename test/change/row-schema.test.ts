import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { declaredColumns, requireUnchanging } from '../../src/change/row-schema.js'
import { tableSchema } from '../../src/change/table-schema.js'

describe('a row schema that would change rows is refused, with its column and what it does', () => {
  test.each<[string, z.ZodType, string]>([
    ['transform', z.object({ id: z.string().transform(Number) }), 'a transform in column id,'],
    ['preprocess', z.object({ id: z.preprocess(Number, z.number()) }), 'a transform in column id,'],
    ['default', z.object({ id: z.number().nullable().default(0) }), 'a default in column id,'],
    ['prefault', z.object({ id: z.number().prefault(0) }), 'a default in column id,'],
    ['catch', z.object({ id: z.number().catch(0) }), 'a catch in column id,'],
    ['coerce', z.object({ id: z.coerce.number() }), 'a coercion in column id,'],
    ['stringbool', z.object({ id: z.stringbool() }), 'a codec in column id,'],
    [
      'trim',
      z.object({ id: z.string().min(1).trim() }),
      'a check that rewrites, such as trim() in column id,',
    ],
    ['in a union', z.object({ id: z.union([z.number(), z.string().toLowerCase()]) }), 'in column id,'],
    ['in a lazy', z.object({ id: z.lazy(() => z.coerce.bigint()).nullable() }), 'a coercion in column id,'],
    ['nested', z.object({ a: z.object({ b: z.array(z.coerce.date()) }) }), 'a coercion in column a.b,'],
    ['of the whole row', z.object({ id: z.number() }).transform(row => row), 'a transform, which'],
  ])('%s', (_, schema, told) => {
    expect(() => requireUnchanging('lab', schema)).toThrow(
      expect.objectContaining({ code: 'option-invalid', message: expect.stringContaining(told) }),
    )
  })

  test('and one that only checks is not, however it is built', () => {
    interface Node {
      id: number
      next: Node | null
    }
    const node: z.ZodType<Node> = z.lazy(() => z.object({ id: z.number(), next: node.nullable() }))
    const schema = z
      .object({
        id: z.int().min(1).refine(Number.isSafeInteger),
        name: z.string().regex(/x/).readonly().optional(),
        kind: z.enum(['a', 'b']).or(z.literal(7)).brand<'Kind'>(),
        node,
        piped: z.string().pipe(z.string().max(3)),
      })
      .refine(() => true)
    expect(() => requireUnchanging('lab', schema)).not.toThrow()
    expect(() =>
      requireUnchanging('lab', tableSchema({ id: 'INT NOT NULL', at: 'DATETIME(6)' })),
    ).not.toThrow()
  })
})

test('a JSON column has its kind fixed and not how it is written: as text or as JSON itself', () => {
  const [js, d] = declaredColumns(tableSchema({ js: 'JSON', d: 'DECIMAL(10,2) NOT NULL' }))
  expect(js).toEqual({ name: 'js', nullable: true, kind: 'json' })
  expect(d?.type).toMatchObject({ encoding: 'decimal-base64', scale: 2 })
})

test('a field that cannot be asked about null holds none', () => {
  const schema = z.object({
    waits: z
      .number()
      .nullable()
      .refine(async () => true),
    throws: z
      .number()
      .nullable()
      .refine(value => value!.toFixed() !== ''),
  })
  expect(declaredColumns(schema).map(({ nullable }) => nullable)).toEqual([false, false])
})
