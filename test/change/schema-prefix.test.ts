import { describe, expect, test } from 'vitest'
import { SchemaPrefixes } from '../../src/change/schema-prefix.js'
import { readRecording } from './recordings/read.js'

describe('recorded keys and values with schema', async () => {
  const records = (await readRecording('schema')).get('schema.obslab_capture.altered') ?? []

  test('equal a whole parse, and one schema is one object', () => {
    const prefixes = new SchemaPrefixes()
    const schemas = records.map(({ value }) => {
      const { schema, payload } = prefixes.parse(value!)
      const whole = JSON.parse(Buffer.from(value!).toString())
      expect(schema?.schema).toEqual(whole.schema)
      expect((payload as { op: string }).op).toBe(whole.payload.op)
      return schema
    })
    expect(new Set(schemas).size).toBe(6)
    expect(schemas[0]).toBe(schemas[1])
  })

  test('keep their schema’s identity where the wrapper is written another way', () => {
    const prefixes = new SchemaPrefixes()
    const { schema } = prefixes.parse(records[0]!.value!)
    const { schema: own, payload } = JSON.parse(Buffer.from(records[0]!.value!).toString())
    const spaced = prefixes.parse(Buffer.from(JSON.stringify({ payload, schema: own }, null, 2)))
    expect(spaced.schema).toBe(schema)
    expect(spaced.payload).toMatchObject({ op: 'r' })
  })
})

describe('constructed bytes', () => {
  const parse = (text: string): unknown => {
    const { schema, payload } = new SchemaPrefixes().parse(Buffer.from(text))
    return [schema?.schema.type ?? null, payload]
  }

  test.each<[string, unknown]>([
    ['{"id":1}', [null, { id: 1 }]],
    ['{"schema":{"type":"struct"},"payload":{"id":1}}', ['struct', { id: 1 }]],
    ['{"schema":{"type":"struct","name":"a}\\"{"},"payload":{"id":1}}', ['struct', { id: 1 }]],
    ['{"schema":{"type":"int32"},"payload":5}', ['int32', 5]],
    ['{"schema":null,"payload":{"id":1}}', [null, { id: 1 }]],
    ['{"schema":"x","payload":"y"}', [null, { schema: 'x', payload: 'y' }]],
    ['{"schema":{"a":1},"payload":"y"}', [null, { schema: { a: 1 }, payload: 'y' }]],
    ['{"schema":{"type":"struct"},"payload":{},"more":1}', 'refused or whole'],
  ])('%s', (text, expected) => {
    if (expected === 'refused or whole') expect(() => parse(text)).toThrow('Expected JSON text')
    else expect(parse(text)).toEqual(expected)
  })

  test('a table whose every record has another schema does not fill memory with prefixes', () => {
    const prefixes = new SchemaPrefixes()
    for (let i = 0; i < 200; i++) {
      const text = `{"schema":{"type":"struct","name":"s${i % 100}"},"payload":{"i":${i}}}`
      expect(prefixes.parse(Buffer.from(text)).payload).toEqual({ i })
    }
  })
})
