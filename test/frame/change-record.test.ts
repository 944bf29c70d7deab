import { expect, test } from 'vitest'
import type { RowChange } from '../../src/change/change.js'
import type { ColumnKind, ColumnType, Row } from '../../src/change/column-type.js'
import { ChangeRecord, type ChangeRecordParts } from '../../src/frame/change-record.js'

const column = (name: string, kind: ColumnKind): ColumnType => ({
  name,
  kind,
  encoding: 'number',
  nullable: true,
  origin: 'declared',
})
const columns = [
  column('obs_id', 'int'),
  column('big', 'bigint'),
  column('value_numeric', 'double'),
  column('value_text', 'text'),
  column('obs_datetime', 'datetime'),
]
const row = (changed: Partial<Row> = {}): Row => ({
  obs_id: 42,
  big: 9_007_199_254_740_993n,
  value_numeric: 61,
  value_text: 'secret',
  obs_datetime: Date.UTC(2026, 2, 1, 10),
  ...(changed as Row),
})
const change = (parts: Partial<RowChange>): RowChange => ({
  kind: 'row',
  topic: 'db.openmrs.obs',
  partition: 1,
  offset: 7,
  timestamp: Date.UTC(2026, 2, 1, 12, 0, 0, 120),
  op: 'u',
  key: { obs_id: 42 },
  before: row(),
  after: row({ value_numeric: 62, value_text: 'other secret' }),
  source: {
    file: 'bin.000001',
    pos: 10,
    row: 0,
    serverId: 1,
    gtid: null,
    snapshot: 'false',
    time: Date.UTC(2026, 2, 1, 12),
  },
  transaction: null,
  processedAt: Date.UTC(2026, 2, 1, 12, 0, 0, 50),
  newKey: null,
  oldKey: null,
  headers: [],
  ...parts,
})
const of = (parts: Partial<RowChange>, more: Partial<ChangeRecordParts> = {}): ChangeRecord =>
  new ChangeRecord({
    change: change(parts),
    redelivered: false,
    record: { key: Buffer.from('{"obs_id":42}'), value: Buffer.alloc(100), headers: [] },
    columns,
    keyColumns: [columns[0]!],
    definition: null,
    ...more,
  })

test.each<[string, ChangeRecord, string]>([
  [
    'an update shows the columns that changed, before and after',
    of({}),
    'u  obs_id 42  value_numeric 61 → 62 · value_text ••• → •••',
  ],
  [
    'a create shows the columns that have a value',
    of({ op: 'c', before: null, after: row({ value_text: null }) }),
    'c  obs_id 42  big 9007199254740993 · value_numeric 61 · obs_datetime 2026-03-01T10:00:00',
  ],
  [
    'a delete shows the row as it was',
    of({ op: 'd', before: row({ big: null }), after: null }),
    'd  obs_id 42  value_numeric 61 · value_text ••• · obs_datetime 2026-03-01T10:00:00',
  ],
  ['an update of nothing says so', of({ after: row() }), 'u  obs_id 42  nothing changed'],
  ['a change of the key shows it', of({ after: row({ obs_id: 43 }) }), 'u  obs_id 42  obs_id 42 → 43'],
  [
    'what was delivered before is marked',
    of({}, { redelivered: true }),
    'u  obs_id 42  (delivered before) value_numeric 61 → 62 · value_text ••• → •••',
  ],
])('%s, in one masked line', (_, record, line) => {
  expect(record.line()).toBe(`2026-03-01T12:00:00.120Z  ${line}`)
})

test('a line and JSON hold sensitive values only when they are asked to', () => {
  const record = of({})
  for (const shown of [record.line(), record.json(), record.text(), ...Object.values(record.mimeBundle())])
    expect(shown).not.toContain('secret')
  for (const shown of [record.line, record.json, record.text])
    expect(shown.call(record, { unmask: true })).toContain('other secret')
})

test('JSON keeps every digit of a bigint, nulls, and times as milliseconds', () => {
  const json = of({ after: row({ value_text: null }) }).json()
  expect(json).toContain('"big":9007199254740993')
  expect(json).toContain('"value_text":null,')
  expect(JSON.parse(json)).toMatchObject({
    topic: 'db.openmrs.obs',
    partition: 1,
    offset: 7,
    op: 'u',
    redelivered: false,
    key: { obs_id: 42 },
    sourceTime: Date.UTC(2026, 2, 1, 12),
  })
})

test('only the columns asked for are kept', () => {
  const record = of({}, { kept: new Set(['obs_id', 'value_numeric']) })
  expect(record.after).toEqual({ obs_id: 42, value_numeric: 62 })
  expect(record.changed).toEqual(['value_numeric'])
})

test('what could not be decoded shows its bytes only when it is asked to', () => {
  const at = { topic: 't', partition: 0, offset: 0, timestamp: 0 }
  const record = new ChangeRecord({
    change: { kind: 'quarantined', ...at, reason: 'Expected JSON.', key: null, source: null },
    redelivered: false,
    record: { key: Buffer.from('k1'), value: Buffer.from('Ann\u001b[2J'), headers: [] },
    columns: [],
    keyColumns: [],
    definition: null,
  })
  expect(record.line()).toBe('1970-01-01T00:00:00Z  quarantined  Expected JSON.')
  expect(record.json()).not.toContain('Ann')
  expect(record.line({ unmask: true })).toContain('· key k1 · value Ann\\u001b[2J')
  expect(JSON.parse(record.json({ unmask: true }))).toMatchObject({ rawKey: 'k1' })
})

test('a record keeps copies, not views of the batch it came in', () => {
  const batch = Buffer.alloc(1_000)
  const headers = [{ key: 'h', value: batch.subarray(3, 5) }]
  const record = of({}, { record: { key: null, value: null, headers } })
  expect(record.headers[0]!.value!.buffer.byteLength).toBe(2)
  expect([record.keyBytes, record.valueBytes]).toEqual([null, null])
})

test('HTML escapes what is in it', () => {
  const record = of(
    { after: row({ status: '<script>' }) },
    { columns: [...columns, column('status', 'text')] },
  )
  expect(record.mimeBundle()['text/html']).toContain('&lt;script&gt;')
  expect(record.mimeBundle()['text/html']).not.toContain('<script>')
})
