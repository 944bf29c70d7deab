import { expect, test } from 'vitest'
import { z } from 'zod'
import { tableSchema } from '../../src/change/table-schema.js'
import { topic } from '../../src/change/topic.js'
import { flatObs } from '../../src/openmrs/flat-obs.js'
import { hivSummary } from '../../src/openmrs/hiv-summary.js'
import { vitals } from '../../src/openmrs/vitals.js'
import { collect, count, max } from '../../src/pipeline/aggregate.js'
import { outputColumns, schemaColumns } from '../../src/pipeline/output-columns.js'
import { outputKeyColumns } from '../../src/pipeline/output-key.js'
import { pipeline } from '../../src/pipeline/pipeline.js'
import type { Plan } from '../../src/pipeline/plan.js'

interface Visit {
  visit_id: number
  started: number | null
  fee: string
  note: string | null
  total: bigint
}

const visit = topic(
  'visit',
  tableSchema<Visit>({
    visit_id: 'INT NOT NULL',
    started: 'DATETIME',
    fee: 'DECIMAL(10,2) NOT NULL',
    note: 'JSON',
    total: 'BIGINT NOT NULL',
  }),
  { key: ['visit_id'] },
)

test.each<[string, z.ZodType, string, string, boolean]>([
  ['z.int()', z.int(), 'int', 'number', false],
  ['z.number().int()', z.number().int(), 'int', 'number', false],
  ['z.number()', z.number().min(0), 'double', 'number', false],
  ['z.bigint()', z.bigint(), 'bigint', 'int64', false],
  ['z.boolean()', z.boolean().nullable(), 'boolean', 'boolean', true],
  ['z.string()', z.string().max(5), 'text', 'text', false],
  ['z.email()', z.email(), 'text', 'text', false],
  ['z.iso.date()', z.iso.date().nullable(), 'date', 'iso-date', true],
  ['z.iso.time()', z.iso.time(), 'time', 'iso-time', false],
  ['z.iso.datetime(), a text', z.iso.datetime(), 'text', 'text', false],
  ['an enum', z.enum(['a', 'b']), 'text', 'text', false],
  ['a literal', z.literal([1, 2]), 'int', 'number', false],
  ['a literal with null', z.literal(['a', null]), 'text', 'text', true],
  ['a union of numbers', z.union([z.int(), z.number()]), 'double', 'number', false],
  ['a union with null', z.union([z.string(), z.null()]), 'text', 'text', true],
  ['a union of anything', z.union([z.string(), z.int()]), 'json', 'struct', false],
  ['a list', z.array(z.int()), 'json', 'struct', false],
  ['an object', z.object({ a: z.int() }).readonly(), 'json', 'struct', false],
  ['bytes', z.instanceof(Uint8Array), 'bytes', 'base64', false],
  ['a time', z.number().meta({ mysqlType: 'DATETIME(6)' }).nullable(), 'datetime', 'epoch-ms', true],
  ['a decimal', z.string().nullable().meta({ mysqlType: 'DECIMAL(10,2)' }), 'decimal', 'decimal-text', true],
  ['a JSON document', z.string().meta({ mysqlType: 'JSON' }), 'json', 'text', false],
])('the column of %s', (_, field, kind, encoding, nullable) => {
  expect(schemaColumns(z.object({ column: field }))).toMatchObject([
    { name: 'column', kind, encoding, nullable, origin: 'declared' },
  ])
})

test.each<[string, Plan, string[], string[]]>([
  [
    'vitals',
    vitals.plan,
    ['encounter_id', 'person_id'],
    ['int', 'int', 'double', 'double', 'double', 'double', 'double', 'double', 'double', 'int', 'double'],
  ],
  [
    'flatObs',
    flatObs.plan,
    ['encounter_id'],
    [
      ...['int', 'int', 'int', 'int', 'int', 'int', 'datetime', 'text', 'date', 'int', 'datetime', 'text'],
      ...['json', 'json'],
    ],
  ],
  [
    'hivSummary',
    hivSummary.plan,
    ['encounter_id'],
    ['int', 'int', 'datetime', 'int', 'int', 'date', 'boolean', 'boolean', 'int'],
  ],
])('%s declares its key and columns', (_, plan, key, kinds) => {
  expect(outputKeyColumns(plan)).toEqual(key)
  expect(outputColumns(plan)?.map(({ kind }) => kind)).toEqual(kinds)
})

test('without a schema, columns are those of the topic that are given as they are, null where the key is not', () => {
  const { plan } = pipeline('p')
    .from(visit)
    .groupBy(v => ({ visit_id: v.visit_id, fee: v.fee }))
    .aggregate({
      newest: max(v => v.started),
      notes: collect(v => v.note, { by: v => v.started }),
    })
    .to('p')
  expect(outputKeyColumns(plan)).toEqual(['visit_id', 'fee'])
  const told = outputColumns(plan)?.map(({ name, kind, encoding, nullable }) => [
    name,
    kind,
    encoding,
    nullable,
  ])
  expect(told).toEqual([
    ['visit_id', 'int', 'number', false],
    ['fee', 'decimal', 'decimal-text', false],
    ['newest', 'datetime', 'epoch-ms', true],
    ['notes', 'json', 'struct', true],
  ])
})

test('a document of a JSON column is a text in the row, and a list of documents is not', () => {
  const { plan } = pipeline('p').from(visit).select('visit_id', 'note', 'total').to('p')
  expect(outputColumns(plan)?.map(({ encoding }) => encoding)).toEqual(['number', 'text', 'int64'])
})

test('nothing is told of an output of which one column is computed', () => {
  const { plan } = pipeline('p')
    .from(visit)
    .groupBy(v => ({ visit_id: v.visit_id }))
    .aggregate({ visits: count() })
    .to('p')
  expect(outputColumns(plan)).toBeNull()
})
