import { expect, test } from 'vitest'
import { type AvroType, parseAvroSchema } from '../../src/change/avro-schema.js'
import { failure } from '../source/failure.js'

type Record = Extract<AvroType, { kind: 'record' }>

test('a type is found by its full name, and within its namespace by its own', () => {
  const schema = parseAvroSchema(`{"type":"record","name":"server.db.t.Envelope","fields":[
    {"name":"before","type":["null",{"type":"record","name":"Value","fields":[{"name":"id","type":"int"}]}]},
    {"name":"after","type":["null","Value"]},
    {"name":"copy","type":"server.db.t.Value"},
    {"name":"source","type":{"type":"record","name":"Source","namespace":"io.debezium","fields":[
      {"name":"kind","type":{"type":"enum","name":"Kind","symbols":["a"]}},{"name":"again","type":"Kind"}]}}
  ]}`) as Record
  const names = (type: AvroType): string[] => {
    if (type.kind === 'union') return type.branches.flatMap(names)
    return type.kind === 'record'
      ? [type.name, ...type.fields.flatMap(field => names(field.type))]
      : [type.kind]
  }
  const value = ['server.db.t.Value', 'int']
  expect(names(schema)).toEqual([
    'server.db.t.Envelope',
    ...['null', ...value, 'null', ...value, ...value],
    ...['io.debezium.Source', 'enum', 'enum'],
  ])
  const [before, after, copy] = schema.fields.map(({ type }) =>
    type.kind === 'union' ? type.branches[1] : type,
  )
  expect(after).toBe(before)
  expect(copy).toBe(before)
})

test('types of the schemas that it refers to are known', () => {
  const block =
    '{"type":"record","name":"block","namespace":"event","fields":[{"name":"id","type":"string"}]}'
  const pair =
    '{"type":"record","name":"pair","namespace":"event","fields":[{"name":"of","type":"event.block"}]}'
  const schema = parseAvroSchema('["null","event.pair"]', [block, pair])
  expect(schema).toMatchObject({
    branches: [{ kind: 'null' }, { name: 'event.pair', fields: [{ name: 'of' }] }],
  })
})

test.each([
  ['{', 'text that is not JSON'],
  ['"db.Missing"', 'the name db.Missing, which it does not define'],
  ['[]', 'a union without branches'],
  ['7', 'a type that is neither a name, a list nor an object'],
  ['{"type":"record","fields":[]}', 'a type record without a name'],
  ['{"type":"record","name":"R"}', 'the record R without fields'],
  ['{"type":"record","name":"R","fields":[{"type":"int"}]}', 'a field of R without a name'],
  ['{"type":"fixed","name":"F"}', 'a type fixed without a size'],
  ['{"type":"array"}', 'a type that is neither a name, a list nor an object'],
])('%s is refused as no Avro schema', (text, found) => {
  expect(failure(() => parseAvroSchema(text))).toMatchObject({
    code: 'avro-unreadable',
    message: `Expected an Avro schema in the registry, found ${found}.`,
  })
})
