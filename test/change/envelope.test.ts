import { describe, expect, test } from 'vitest'
import { type Envelope, positionOf, readEnvelope } from '../../src/change/envelope.js'
import { SchemaPrefixes } from '../../src/change/schema-prefix.js'
import { readRecording } from './recordings/read.js'

const read = (value: unknown): Envelope =>
  readEnvelope(
    typeof value === 'string' ? Buffer.from(value) : Buffer.from(JSON.stringify(value)),
    new SchemaPrefixes(),
  )

describe('a recorded record', () => {
  test('is told apart by itself: with schema, without, unwrapped, tombstone, message', async () => {
    const forms = async (name: 'plain' | 'schema' | 'unwrapped', topic: string): Promise<string[]> => {
      const schemas = new SchemaPrefixes()
      const records = (await readRecording(name)).get(topic) ?? []
      return records.map(record => {
        const envelope = readEnvelope(record.value, schemas)
        const op = envelope.form === 'envelope' || envelope.form === 'unwrapped' ? envelope.op : ''
        const withSchema = 'schema' in envelope && envelope.schema !== null
        return `${envelope.form}${withSchema ? '+schema' : ''} ${op}`.trim()
      })
    }
    const seen = ['r', 'r', 'r', 'r', 'u', 'u', 'c', 'c', 'c', 'c']
    expect((await forms('plain', 'plain.obslab_capture.types')).sort()).toEqual(
      seen.map(op => `envelope ${op}`).sort(),
    )
    expect((await forms('schema', 'schema.obslab_capture.types')).sort()).toEqual(
      seen.map(op => `envelope+schema ${op}`).sort(),
    )
    expect((await forms('unwrapped', 'unwrapped.obslab_capture.types')).sort()).toEqual(
      seen.map(op => `unwrapped ${op}`).sort(),
    )
    expect(await forms('plain', 'plain.obslab_capture.emptied')).toEqual([
      'envelope r',
      'envelope r',
      'envelope t',
      'envelope c',
    ])
    expect(await forms('schema', 'schema.obslab_capture.no_key')).toEqual([
      ...['r', 'c', 'u', 'd'].map(op => `envelope+schema ${op}`),
      'tombstone',
    ])
    expect(new Set(await forms('plain', 'plain'))).toEqual(new Set(['message']))
    expect(new Set(await forms('schema', 'schema.transaction'))).toEqual(new Set(['message']))
  })

  test('carries its position, unwrapped too when the fields were added', async () => {
    const last = async (name: 'plain' | 'unwrapped'): Promise<Envelope> => {
      const records = (await readRecording(name)).get(`${name}.obslab_capture.altered`) ?? []
      return readEnvelope(records.at(-1)?.value ?? null, new SchemaPrefixes())
    }
    const plain = await last('plain')
    const unwrapped = await last('unwrapped')
    if (plain.form !== 'envelope' || unwrapped.form !== 'unwrapped') throw new Error('Expected two changes.')
    expect(unwrapped.source).toEqual(plain.source)
    expect(unwrapped.after).toEqual(plain.after)
    expect(unwrapped.table).toEqual({ database: 'obslab_capture', table: 'altered' })
    expect(plain.source).toMatchObject({
      file: expect.stringMatching(/^mysql-bin\.\d{6}$/),
      snapshot: 'false',
      serverId: 223344,
    })
  })
})

describe('a recorded record of the unwrapping transform', () => {
  test('is a row without op or position where the transform is left as it comes', async () => {
    const records = (await readRecording('bare')).get('bare.surprises.ward') ?? []
    const forms = records.map(record => {
      const schemas = new SchemaPrefixes()
      const alone = readEnvelope(record.value, schemas).form
      const envelope = readEnvelope(record.value, schemas, { key: record.key, headers: [] })
      const byHeaders = readEnvelope(record.value, schemas, { key: null, headers: record.headers })
      expect(byHeaders).toEqual(envelope)
      return [
        alone,
        envelope.form === 'unwrapped' ? [envelope.op, envelope.opIsKnown, envelope.source] : envelope.form,
      ]
    })
    const row = ['unknown', ['u', false, null]]
    const gone = ['tombstone', 'tombstone']
    expect(forms).toEqual([row, row, row, row, row, row, gone, row, gone, row, row])
  })

  test('has op, position and row apart in its schema too', async () => {
    const records = (await readRecording('rewritten')).get('rewritten.surprises.ward') ?? []
    const schemas = new SchemaPrefixes()
    const envelopes = records.map(record => readEnvelope(record.value, schemas))
    const columns = ['id', 'name', 'beds']
    for (const envelope of envelopes) {
      if (envelope.form !== 'unwrapped') throw new Error('Expected unwrapped rows.')
      const fields = envelope.schema?.schema.fields?.map(({ field }) => field)
      expect(fields).toEqual(Object.keys(envelope.after ?? envelope.before ?? {}))
      expect(fields).toEqual(expect.arrayContaining(columns))
      expect(envelope.source?.pos).toBeGreaterThan(0)
    }
    const ops = envelopes.map(envelope => (envelope.form === 'unwrapped' ? envelope.op : '?'))
    expect(ops.join('')).toBe('rrruccdcduu')
    const schemasMet = new Set(envelopes.map(envelope => ('schema' in envelope ? envelope.schema : null)))
    expect(schemasMet.size).toBe(2)
  })
})

describe('a constructed record', () => {
  test.each<[string, unknown, string]>([
    ['text that is no JSON', 'Mary', 'Expected JSON'],
    ['a number', '12', 'found a number'],
    ['an array', '[]', 'found an array'],
    ['a flat row', { id: 1 }, 'without op'],
    ['an op nobody knows', { op: 'x', after: {} }, 'op to be one of'],
    ['an update without after', { op: 'u', before: {}, after: null }, 'to have an after'],
    ['an after that is no object', { op: 'c', after: 'Mary' }, 'objects or null'],
    ['an unwrapped op nobody knows', { id: 1, __op: 'z' }, '__op to be one of'],
  ])('%s is unknown, with a reason that quotes nothing', (_, value, reason) => {
    const envelope = read(value)
    expect(envelope).toMatchObject({ form: 'unknown', reason: expect.stringContaining(reason), source: null })
    expect(JSON.stringify(envelope)).not.toContain('Mary')
  })

  test('a change that cannot be read says where it stands when its source can be', () => {
    const source = { file: 'bin.000001', pos: 4, snapshot: 'false' }
    for (const change of [
      { op: 'x', after: {} },
      { op: 'u', before: {}, after: null },
      { op: 'c', after: 'Mary' },
    ])
      expect(read({ ...change, source })).toMatchObject({
        form: 'unknown',
        source: { file: 'bin.000001', pos: 4 },
      })
  })

  test.each<[string, object, { id: number } | null, boolean]>([
    ['whose columns are the key’s and more', { id: 1, v: 2 }, { id: 1 }, true],
    ['that has another value than the key', { id: 1, v: 2 }, { id: 2 }, false],
    ['that lacks the key’s column', { v: 2 }, { id: 2 }, false],
    ['beside no key', { id: 1, v: 2 }, null, false],
    ['that looks like a change', { id: 1, op: 'x', source: 2 }, { id: 1 }, false],
  ])('a flat row %s is a row: %#', (_, row, key, isRow) => {
    const beside = { key: key === null ? null : Buffer.from(JSON.stringify(key)), headers: [] }
    const envelope = readEnvelope(Buffer.from(JSON.stringify(row)), new SchemaPrefixes(), beside)
    expect(envelope.form).toBe(isRow ? 'unwrapped' : 'unknown')
  })

  test('bytes that are not UTF-8 are unknown', () => {
    expect(readEnvelope(Buffer.from([0x22, 0xff, 0x22]), new SchemaPrefixes())).toMatchObject({
      form: 'unknown',
    })
    expect(read('"\ufffd"')).toMatchObject({ form: 'unknown', reason: expect.stringContaining('a string') })
  })

  test('null with or without a schema is a tombstone', () => {
    expect(readEnvelope(null, new SchemaPrefixes())).toEqual({ form: 'tombstone' })
    expect(read({ schema: null, payload: null })).toEqual({ form: 'tombstone' })
  })

  test.each<[string, object, object]>([
    [
      'a delete rewritten',
      { id: 1, v: 2, __deleted: 'true' },
      { op: 'd', before: { id: 1, v: 2 }, after: null },
    ],
    ['a row without an op', { id: 1, __deleted: 'false' }, { op: 'u', before: null, after: { id: 1 } }],
    ['a snapshot row', { id: 1, __op: 'r', __source_ts_ms: 5 }, { op: 'r', after: { id: 1 }, source: null }],
    [
      'a column that begins with __',
      { id: 1, __mine: 3, __op: 'c' },
      { op: 'c', after: { id: 1, __mine: 3 } },
    ],
  ])('unwrapped, %s', (_, value, expected) => {
    expect(read(value)).toMatchObject({ form: 'unwrapped', ...expected })
  })

  test('a message and a truncate carry no row', () => {
    expect(read({ op: 'm', source: { file: 'a.1', pos: 4 }, message: {} })).toMatchObject({
      op: 'm',
      before: null,
      after: null,
    })
    expect(read({ op: 't', source: {}, after: null })).toMatchObject({
      op: 't',
      before: null,
      after: null,
      source: null,
    })
  })

  test('a row with columns named schema and payload is not taken for a schema', () => {
    expect(read({ schema: 'x', payload: 'y', __op: 'c' })).toMatchObject({
      after: { schema: 'x', payload: 'y' },
    })
  })
})

test.each<[string, object, object]>([
  [
    '0.7',
    { file: 'b.1', pos: 4, ts_sec: 12, snapshot: true, server_id: 0 },
    { snapshot: 'true', time: 12000, row: 0 },
  ],
  [
    '0.10',
    { file: 'b.1', pos: 4, ts_sec: 12, snapshot: null, row: 2 },
    { snapshot: 'false', time: 12000, row: 2 },
  ],
  ['1.x', { file: 'b.1', pos: 4, ts_ms: 12001, snapshot: 'false' }, { snapshot: 'false', time: 12001 }],
  [
    '3.x',
    { file: 'b.1', pos: 4, ts_ms: 5, ts_ns: 5000000, snapshot: 'incremental', gtid: 'u:1' },
    { snapshot: 'incremental', gtid: 'u:1' },
  ],
])('the source block of Debezium %s is read (constructed)', (_, source, expected) => {
  expect(positionOf(source as never)).toMatchObject(expected)
})
