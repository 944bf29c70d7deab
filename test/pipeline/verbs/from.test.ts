import { describe, expect, test } from 'vitest'
import type { Change, RowChange, SourcePosition } from '../../../src/change/change.js'
import { Engine } from '../../../src/pipeline/engine.js'
import { pipeline } from '../../../src/pipeline/pipeline.js'
import { planTopics } from '../../../src/pipeline/plan.js'
import { recompute } from '../../../src/pipeline/recompute.js'
import { rowChange } from '../legal-changes.js'
import { items, Run } from '../running.js'

const rows = pipeline('p').from(items('a')).select('id', 'value').to('out')
const at = { topic: 'a', partition: 0, offset: 5, timestamp: 0 }

test('a voided row is gone, and is there again when it is not voided any more', () => {
  const run = new Run(rows)
  run.put('a', 1, { value: 1 })
  expect(run.put('a', 1, { value: 1, voided: 1 })).toEqual(['{"id":1} gone'])
  expect(run.put('a', 1, { value: 1 })).toHaveLength(1)
})

test('a row whose newest version cannot be read is gone until one can', () => {
  const run = new Run(rows)
  run.put('a', 1, { value: 1 })
  run.put('a', 2, { value: 2 })
  const unreadable = { kind: 'quarantined' as const, ...at, reason: 'odd', source: null }
  expect(run.apply([{ ...unreadable, key: { id: 1 } }])).toEqual(['{"id":1} gone'])
  expect(run.apply([{ ...unreadable, key: null }])).toEqual([])
  expect(run.put('a', 1, { value: 1 })).toEqual(['{"id":1} {"id":1,"value":1}'])
})

test('a record without the declared key is an error that says what to declare', () => {
  const run = new Run(rows)
  const change = rowChange({ ...at, key: { other: 1 }, after: { other: 1 } })
  expect(() => run.engine.apply([change])).toThrow('a is keyed by id, but a record has no id.')
})

test('a key that was widened to BIGINT names the same rows', () => {
  const run = new Run(rows)
  run.put('a', 1, { value: 1 })
  const widened = rowChange({ ...at, key: { id: 1n }, after: null })
  run.engine.apply([widened])
  expect(run.engine.flush().map(({ keyText, row }) => [keyText, row])).toEqual([['{"id":1}', null]])
})

test('rows that count as deleted are read where they are asked for, and nowhere else', () => {
  const p = pipeline('p')
  const { plan } = p
    .from(items('a'))
    .join(
      p.from(items('a'), { includeDeleted: true }),
      { on: row => row.box, to: box => box.id, kind: 'left' },
      (row, box) => ({ id: row.id, of: box?.value ?? null }),
    )
    .to('out', { key: ['id'] })
  const item = { box: null, at: null, value: null, note: null, voided: 0 }
  const rowsOfA = [
    { ...item, id: 1, value: 7, voided: 1 },
    { ...item, id: 2, box: 1 },
  ]
  const engine = new Engine(plan)
  engine.apply(rowsOfA.map(row => rowChange({ topic: 'a', key: { id: row.id }, after: row })))
  expect(engine.flush().map(({ row }) => row)).toEqual([{ id: 2, of: 7 }])
  expect(recompute(plan, () => rowsOfA).map(({ row }) => row)).toEqual([{ id: 2, of: 7 }])
  expect(planTopics(plan.root)).toMatchObject([{ topic: 'a', deleted: [] }])
})

test('an option that there is not is refused', () => {
  const options = { includeVoided: true } as object
  expect(() => pipeline('p').from(items('a'), options)).toThrow('includeVoided')
})

describe('what the rows of a table depend on besides the last change of each', () => {
  const source = (pos: number, more: Partial<SourcePosition> = {}): SourcePosition => ({
    file: 'bin.000001',
    pos,
    row: 0,
    serverId: 1,
    gtid: null,
    snapshot: 'false',
    time: pos,
    ...more,
  })
  const item = (id: number, value = 0) => ({ id, value, voided: 0 })
  const change = (op: 'c' | 'u' | 'd', id: number, pos: number, partition = 0, server = 1): Change => {
    const row = rowChange({ topic: 'a', op, key: { id }, after: op === 'd' ? null : item(id, pos) })
    return { ...(row as RowChange), partition, source: source(pos, { serverId: server }) }
  }
  const read = (id: number, pos: number, snapshot: string, partition = 0): Change => {
    const row = rowChange({ topic: 'a', op: 'r', key: { id }, after: item(id, pos) })
    return { ...(row as RowChange), partition, source: source(pos, { snapshot, serverId: 0 }) }
  }
  const truncate = (pos: number, partition = 0): Change => ({
    kind: 'truncate',
    ...at,
    partition,
    source: source(pos),
  })

  /** The rows at the end, as `id=value`. */
  function rowsOf(changes: readonly Change[], isAtEnd = true): string[] {
    const engine = new Engine(rows.plan)
    engine.apply(changes)
    if (isAtEnd) engine.caughtUp()
    engine.flush()
    return [...engine.output.values()]
      .map(text => JSON.parse(text) as { id: number; value: number })
      .map(({ id, value }) => `${id}=${value}`)
      .sort()
  }

  const first = [read(1, 10, 'first'), read(2, 10, 'last')]

  test.each<[string, Change[], string[]]>([
    ['a completed full snapshot', [...first, read(1, 20, 'first'), read(3, 20, 'last')], ['1=20', '3=20']],
    ['one that was not completed', [...first, read(1, 20, 'first')], ['1=20', '2=10']],
    [
      'one without marks, once the log goes on',
      [...first, read(1, 20, 'true'), change('c', 3, 30)],
      ['1=20', '3=30'],
    ],
    [
      'an incremental snapshot',
      [...first, read(1, 20, 'incremental'), change('c', 3, 30)],
      ['1=20', '2=10', '3=30'],
    ],
    ['a change after the snapshot', [...first, read(1, 20, 'last'), change('c', 2, 30)], ['1=20', '2=30']],
  ])('rows that are not read again by %s', (_, changes, expected) => {
    expect(rowsOf(changes, false)).toEqual(expected)
  })

  test('a snapshot sweeps a partition without a row of it, once all were read to the end', () => {
    const changes = [
      change('c', 1, 10),
      change('c', 2, 10, 1),
      change('u', 1, 15),
      read(1, 20, 'last'),
      change('u', 1, 30),
    ]
    expect(rowsOf(changes, false)).toEqual(['1=30', '2=10'])
    expect(rowsOf(changes)).toEqual(['1=30'])
  })

  test.each<[string, Change[], string[]]>([
    ['in its partition', [change('c', 1, 10), truncate(20), change('c', 2, 30)], ['2=30']],
    ['in another, read before it', [change('c', 1, 10, 1), change('c', 2, 30, 1), truncate(20)], ['2=30']],
    ['in another, read after it', [truncate(20), change('c', 1, 10, 1), change('c', 2, 30, 1)], ['2=30']],
  ])('a truncate takes the rows from before its position: %s', (_, changes, expected) => {
    expect(rowsOf(changes)).toEqual(expected)
  })

  test.each<[string, Change[], string[]]>([
    ['the later update', [change('c', 1, 10), change('u', 1, 30, 1), change('u', 1, 20)], ['1=30']],
    ['the later delete', [change('c', 1, 10), change('d', 1, 30, 1), change('u', 1, 20)], []],
    ['a later create', [change('d', 1, 20, 1), change('c', 1, 30)], ['1=30']],
  ])('of a key in two partitions %s decides', (_, changes, expected) => {
    expect(rowsOf(changes)).toEqual(expected)
  })

  test('a key in two partitions with changes of two servers is refused, unless a later full snapshot decides', () => {
    const changes = [change('c', 1, 10), change('c', 1, 20, 1, 2)]
    expect(() => rowsOf(changes)).toThrow('Take a new snapshot')
    expect(rowsOf([...changes, read(1, 40, 'first'), read(2, 40, 'last', 1)])).toEqual(['1=40', '2=40'])
  })

  test('an update of the key columns of a table whose records have no key moves the row', () => {
    const keyless = (before: object | null, after: object | null, op: 'c' | 'u' | 'd'): Change =>
      ({ ...rowChange({ topic: 'a', op, key: { id: 0 }, after: null }), key: null, before, after }) as Change
    const created = keyless(null, item(1), 'c')
    expect(rowsOf([created, keyless(item(1), item(2), 'u')])).toEqual(['2=0'])
    expect(rowsOf([created, keyless(item(1), null, 'd')])).toEqual([])
    expect(rowsOf([created, { kind: 'tombstone', ...at, key: null }])).toEqual(['1=0'])
  })
})
