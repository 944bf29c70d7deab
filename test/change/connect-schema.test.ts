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
