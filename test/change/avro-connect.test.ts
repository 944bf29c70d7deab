import { afterAll, beforeAll, expect, test } from 'vitest'
import { connectSchemaOf } from '../../src/change/avro-connect.js'
import { parseAvroSchema } from '../../src/change/avro-schema.js'
import { columnsOfSchema } from '../../src/change/connect-schema.js'
import { parseJson } from '../../src/change/json.js'
import { RecordReader } from '../../src/source/record.js'
import { openRecording } from '../../src/source/recording.js'
import type { Source } from '../../src/source/source.js'
import { avroSchemaOf, avscType, type WrittenSchema } from './avro-converter.js'

let source: Source
beforeAll(async () => {
  source = await openRecording('datasets/openmrs-schemas')
})
afterAll(() => source.close())

/** Every Connect schema that the connector wrote into a recording, of keys and values of all topics. */
async function recordedSchemas(): Promise<Map<string, WrittenSchema>> {
  const found = new Map<string, WrittenSchema>()
  for (const { topic, partitions } of await source.topics()) {
    for (const { partition, start, stable } of partitions) {
      const range = { topic, partition, from: start, to: stable }
      const reader = new RecordReader(topic, partition, range)
      for await (const chunk of source.read({ ranges: [range] })) {
        for (const { key, value } of reader.read(chunk)) {
          for (const bytes of [key, value]) {
            if (bytes === null) continue
            const { schema } = parseJson(Buffer.from(bytes).toString()) as never as { schema: WrittenSchema }
            found.set(JSON.stringify(schema), schema)
          }
        }
      }
    }
  }
  return found
}

test('the Connect schemas that Debezium wrote come back from what AvroConverter makes of them', async () => {
  const schemas = await recordedSchemas()
  expect(schemas.size).toBeGreaterThan(30)
  for (const schema of schemas.values()) {
    const avro = avroSchemaOf(schema)
    expect(avscType(avro).schema()).toBeDefined()
    expect(connectSchemaOf(parseAvroSchema(JSON.stringify(avro)))).toEqual(schema)
  }
})

const record = (type: string): string =>
  `{"type":"record","name":"db.t.Value","fields":[{"name":"x","type":${type}}]}`

test.each([
  ['{"type":"int","logicalType":"date"}', 'date', 'epoch-days'],
  ['{"type":"int","logicalType":"time-millis"}', 'time', 'time-ms'],
  ['{"type":"long","logicalType":"time-micros"}', 'time', 'time-us'],
  ['{"type":"long","logicalType":"timestamp-millis"}', 'datetime', 'epoch-ms'],
  ['{"type":"long","logicalType":"timestamp-micros"}', 'datetime', 'epoch-us'],
  ['{"type":"long","logicalType":"timestamp-nanos"}', 'datetime', 'epoch-ns'],
  ['{"type":"long","logicalType":"local-timestamp-millis"}', 'datetime', 'epoch-ms'],
  ['{"type":"long","logicalType":"local-timestamp-micros"}', 'datetime', 'epoch-us'],
  ['{"type":"bytes","logicalType":"decimal","precision":9,"scale":2}', 'decimal', 'decimal-base64'],
  ['{"type":"fixed","name":"d","size":4,"logicalType":"decimal","precision":9}', 'decimal', 'decimal-base64'],
  ['{"type":"string","logicalType":"uuid"}', 'text', 'text'],
  ['{"type":"enum","name":"e","symbols":["a","b"]}', 'text', 'text'],
  ['{"type":"long","logicalType":"of-a-later-avro"}', 'bigint', 'int64'],
  ['{"type":"int","connect.type":"int16"}', 'int', 'number'],
  ['"float"', 'double', 'number'],
  ['{"type":"array","items":"int"}', 'json', 'struct'],
  ['{"type":"map","values":"int"}', 'json', 'struct'],
  ['["int","string"]', 'json', 'struct'],
])('an Avro field %s that no Connect converter wrote is a column of kind %s', (type, kind, encoding) => {
  const schema = connectSchemaOf(parseAvroSchema(record(type)))
  expect(schema).toMatchObject({ type: 'struct', name: 'db.t.Value', optional: false })
  expect(columnsOfSchema(schema)).toMatchObject([{ name: 'x', kind, encoding, nullable: false }])
  const [nullable] = columnsOfSchema(
    connectSchemaOf(
      parseAvroSchema(
        record(`["null",${type}]`.replace('["null",["int","string"]]', '["null","int","string"]')),
      ),
    ),
  )
  expect(nullable).toMatchObject({ kind, encoding, nullable: true })
})

test('a decimal keeps scale and precision, a default its value, a comment its text', () => {
  const fields = [
    '{"name":"price","type":{"type":"bytes","logicalType":"decimal","precision":9,"scale":2}}',
    '{"name":"blob","type":{"type":"bytes","connect.default":"\\u00ff"},"default":"\\u00ff"}',
    '{"name":"n","type":[{"type":"int","connect.default":7,"connect.doc":"a number"},"null"],"default":7}',
    '{"name":"tagged","type":{"type":"string","connect.parameters":{"a":"1"}},"connect.parameters":{"b":"2"}}',
  ]
  const text = `{"type":"record","name":"Row","namespace":"db","fields":[${fields}]}`
  expect(connectSchemaOf(parseAvroSchema(text)).fields).toEqual([
    {
      field: 'price',
      type: 'bytes',
      optional: false,
      name: 'org.apache.kafka.connect.data.Decimal',
      version: 1,
      parameters: { scale: '2', 'connect.decimal.precision': '9' },
    },
    { field: 'blob', type: 'bytes', optional: false, default: '/w==' },
    { field: 'n', type: 'int32', optional: true, default: 7, doc: 'a number' },
    { field: 'tagged', type: 'string', optional: false, parameters: { a: '1', b: '2' } },
  ])
})

test('a struct that Connect gave no name has none, and one that contains itself is told by its name', () => {
  const unnamed =
    '{"type":"record","name":"ConnectDefault2","namespace":"io.confluent.connect.avro","fields":[]}'
  expect(connectSchemaOf(parseAvroSchema(unnamed))).toEqual({ type: 'struct', optional: false, fields: [] })
  const tree = '{"type":"record","name":"db.Node","fields":[{"name":"next","type":["null","Node"]}]}'
  expect(connectSchemaOf(parseAvroSchema(tree)).fields).toEqual([
    { field: 'next', type: 'struct', optional: true, name: 'db.Node' },
  ])
})
