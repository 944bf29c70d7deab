import { expect, test } from 'vitest'
import { columnsOfSchema, rowSchemaOf } from '../../src/change/connect-schema.js'
import { SchemaPrefixes } from '../../src/change/schema-prefix.js'
import { readRecording } from './recordings/read.js'

const kinds = async (name: 'schema' | 'modes'): Promise<Record<string, string>> => {
  const [record] = (await readRecording(name)).get(`${name}.obslab_capture.types`) ?? []
  const { schema } = new SchemaPrefixes().parse(record?.value ?? Buffer.alloc(0))
  const columns = columnsOfSchema(rowSchemaOf(schema!.schema))
  return Object.fromEntries(
    columns.map(({ name, kind, encoding, scale }) => [name, [kind, encoding, scale ?? ''].join(' ').trim()]),
  )
}

test('a recorded schema block gives every column its kind and how it is written', async () => {
  expect(await kinds('schema')).toMatchObject({
    id: 'int number',
    ti1: 'int number',
    iu: 'bigint int64',
    b: 'bigint int64',
    f: 'double number',
    de: 'decimal decimal-base64 2',
    de30: 'decimal decimal-base64 10',
    d: 'date epoch-days',
    dt: 'datetime epoch-ms',
    dt3: 'datetime epoch-ms',
    dt6: 'datetime epoch-us',
    ts: 'timestamp iso-datetime',
    t: 'time time-us',
    y: 'int number',
    c: 'text text',
    bl: 'bytes base64',
    b1: 'boolean boolean',
    b16: 'bytes bits',
    en: 'text text',
    js: 'json text',
    pt: 'bytes geometry',
  })
})

test('under other settings of the connector the schema block says so', async () => {
  expect(await kinds('modes')).toMatchObject({
    de: 'text text',
    bu: 'decimal decimal-base64 0',
    d: 'date epoch-days',
    dt6: 'datetime epoch-ms',
    t: 'time time-ms',
    bl: 'text text',
  })
})

test('a propagated source type names the MySQL type (constructed)', () => {
  const parameters = {
    '__debezium.source.column.type': 'INT UNSIGNED',
    '__debezium.source.column.comment': 'how many',
  }
  const fields = [{ type: 'int64', optional: false, field: 'n', parameters }]
  expect(columnsOfSchema({ type: 'struct', fields })).toEqual([
    {
      name: 'n',
      kind: 'int',
      encoding: 'int64',
      nullable: false,
      mysqlType: 'INT UNSIGNED',
      comment: 'how many',
      origin: 'connect-schema',
    },
  ])
})

test('an ENUM has its values and a column its default (as recorded), a YEAR and a UUID their MySQL types', () => {
  const of = (field: object): unknown =>
    columnsOfSchema({ type: 'struct', fields: [{ ...field } as never] })[0]
  const allowed = "a,b\\,c,é,d'q,"
  expect(
    of({ type: 'string', name: 'io.debezium.data.Enum', field: 'e', parameters: { allowed } }),
  ).toMatchObject({
    kind: 'text',
    enumValues: ['a', 'b,c', 'é', "d'q", ''],
  })
  expect(of({ type: 'int32', optional: true, default: 5, field: 'i' })).toMatchObject({ defaultValue: 5 })
  expect(of({ type: 'int32', name: 'io.debezium.time.Year', field: 'y' })).toMatchObject({
    mysqlType: 'YEAR',
  })
  expect(of({ type: 'string', name: 'io.debezium.data.Uuid', field: 'u' })).toMatchObject({
    mysqlType: 'UUID',
  })
})

test.each([
  ['int32', 'io.debezium.time.Date', 'date epoch-days'],
  ['int32', 'io.debezium.time.Time', 'time time-ms'],
  ['int64', 'io.debezium.time.MicroTime', 'time time-us'],
  ['int64', 'io.debezium.time.NanoTime', 'time time-ns'],
  ['int64', 'io.debezium.time.Timestamp', 'datetime epoch-ms'],
  ['int64', 'io.debezium.time.MicroTimestamp', 'datetime epoch-us'],
  ['int64', 'io.debezium.time.NanoTimestamp', 'datetime epoch-ns'],
  ['string', 'io.debezium.time.ZonedTimestamp', 'timestamp iso-datetime'],
  ['string', 'io.debezium.time.ZonedTime', 'time iso-time'],
  ['string', 'io.debezium.time.IsoDate', 'date iso-date'],
  ['string', 'io.debezium.time.IsoTime', 'time iso-time'],
  ['string', 'io.debezium.time.IsoTimestamp', 'datetime iso-datetime'],
  ['int32', 'io.debezium.time.Year', 'int number'],
  ['bytes', 'io.debezium.data.Bits', 'bytes bits'],
  ['string', 'io.debezium.data.Json', 'json text'],
  ['string', 'io.debezium.data.Enum', 'text text'],
  ['string', 'io.debezium.data.EnumSet', 'text text'],
  ['string', 'io.debezium.data.Uuid', 'text text'],
  ['array', 'io.debezium.data.FloatVector', 'json struct'],
  ['struct', 'io.debezium.data.VariableScaleDecimal', 'decimal decimal-struct'],
  ['struct', 'io.debezium.data.geometry.Geometry', 'bytes geometry'],
  ['struct', 'io.debezium.data.geometry.Point', 'bytes geometry'],
  ['int32', 'org.apache.kafka.connect.data.Date', 'date epoch-days'],
  ['int32', 'org.apache.kafka.connect.data.Time', 'time time-ms'],
  ['int64', 'org.apache.kafka.connect.data.Timestamp', 'datetime epoch-ms'],
  ['bytes', 'org.apache.kafka.connect.data.Decimal', 'decimal decimal-base64'],
])('an %s named %s is %s', (type, name, expected) => {
  const [column] = columnsOfSchema({ type: 'struct', fields: [{ type, name, field: 'a' }] })
  expect(`${column?.kind} ${column?.encoding}`).toBe(expected)
})
