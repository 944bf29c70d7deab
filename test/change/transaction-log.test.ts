import { describe, expect, test } from 'vitest'
import type { RowChange } from '../../src/change/change.js'
import type { TransactionMark } from '../../src/change/message.js'
import { TransactionLog, type TransactionSummary } from '../../src/change/transaction-log.js'

let offset = 0
function mark(
  status: 'BEGIN' | 'END',
  id: string,
  tables: Record<string, number> | null = null,
): TransactionMark {
  const listed = Object.entries(tables ?? {}).map(([name, eventCount]) => ({ name, eventCount }))
  return {
    ...{ kind: 'transaction', status, id, tables: listed, time: 1000 },
    eventCount: tables === null ? null : listed.reduce((sum, { eventCount }) => sum + eventCount, 0),
    ...{ topic: 'p.transaction', partition: 0, offset: offset++, timestamp: offset },
  }
}

function event(
  id: string | null,
  pos: number,
  op: RowChange['op'] = 'c',
  totalOrder: number = pos,
): RowChange {
  return {
    ...{ kind: 'row', op, key: { id: 1 }, before: null, after: { id: 1 } },
    source: { file: 'bin.000001', pos, row: 0, serverId: 1, gtid: null, snapshot: 'false', time: 1000 },
    transaction: id === null ? null : { id, totalOrder, collectionOrder: 1 },
    ...{ processedAt: null, newKey: null, oldKey: null, headers: [] },
    ...{ topic: 'p.d.t', partition: 0, offset: offset++, timestamp: 1 },
  }
}

type Step = TransactionMark | RowChange

/** The summaries of constructed marks and events of the tables d.t and d.u, of which d.t is read. */
function summaries(...steps: Step[]): Map<string, TransactionSummary> {
  const log = new TransactionLog({ isRead: (_, table) => table === 'd.t', isDdl: id => id === 'ddl' })
  for (const step of steps) {
    if (step.kind === 'row') log.addEvent('p', 'd.t', step)
    else log.addMark('p', step)
  }
  return new Map(log.summaries.map(summary => [summary.id, summary]))
}

describe('the status of a transaction (constructed)', () => {
  const other = [mark('BEGIN', 'other'), mark('END', 'other', {})]
  test.each<[string, Step[], string]>([
    [
      'all its events are there',
      [mark('BEGIN', 'a'), event('a', 1), mark('END', 'a', { 'd.t': 1 })],
      'complete',
    ],
    ['it changed nothing', [mark('BEGIN', 'a'), mark('END', 'a', {})], 'complete'],
    ['its BEGIN was lost', [event('a', 1), mark('END', 'a', { 'd.t': 1 })], 'complete'],
    [
      'an event is missing',
      [mark('BEGIN', 'a'), event('a', 1), mark('END', 'a', { 'd.t': 2 })],
      'incomplete',
    ],
    [
      'an event of a table that is not read is missing',
      [mark('BEGIN', 'a'), event('a', 1), mark('END', 'a', { 'd.t': 1, 'd.u': 1 })],
      'unread',
    ],
    [
      'the table’s changes do not tell their transactions',
      [mark('BEGIN', 'a'), event(null, 1), mark('END', 'a', { 'd.t': 1 })],
      'unread',
    ],
    ['its END has not come', [...other, mark('BEGIN', 'a'), event('a', 1)], 'open'],
    ['others began since', [mark('BEGIN', 'a'), event('a', 1), ...other], 'unended'],
    ['others began since, and it has no events', [mark('BEGIN', 'a'), ...other], 'unended'],
    ['neither mark is there', [event('a', 1)], 'unmarked'],
  ])('%s', (_, steps, status) => {
    expect(summaries(...steps).get('a')?.status).toBe(status)
  })

  test('a DDL statement’s BEGIN, which never ends, is no incomplete transaction, first or last', () => {
    expect(summaries(mark('BEGIN', 'ddl'), ...other).get('ddl')?.status).toBe('ddl')
    expect(summaries(...other, mark('BEGIN', 'ddl')).get('ddl')?.status).toBe('ddl')
  })
})

test('marks and events that come again count once, and how often they came is told', () => {
  const block = [mark('BEGIN', 'a'), event('a', 1), event('a', 2), mark('END', 'a', { 'd.t': 2 })] as const
  const [once, twice] = [summaries(...block).get('a'), summaries(...block, ...block).get('a')]
  expect(twice).toEqual({ ...once, redelivered: 2 })
  expect(once).toMatchObject({ events: 2, announced: 2, redelivered: 0, status: 'complete' })
})

test('a changed key is two events at one position', () => {
  expect(
    summaries(event('a', 7, 'd', 1), event('a', 7, 'c', 2), mark('END', 'a', { 'd.t': 2 })).get('a'),
  ).toMatchObject({ events: 2, status: 'complete' })
})

test('a connector that resumed amid a transaction counts less in its new END: the greatest count holds', () => {
  const first = [
    mark('BEGIN', 'a'),
    event('a', 1, 'c', 1),
    event('a', 2, 'c', 2),
    mark('END', 'a', { 'd.t': 2 }),
  ]
  expect(summaries(...first, mark('BEGIN', 'a'), mark('END', 'a', {})).get('a')).toMatchObject({
    announced: 2,
    status: 'complete',
  })
  const killed = [mark('BEGIN', 'a'), event('a', 1, 'c', 1), event('a', 2, 'c', 2)]
  const resumed = [mark('BEGIN', 'a'), event('a', 3, 'c', 1), mark('END', 'a', { 'd.t': 1 })]
  expect(summaries(...killed, ...resumed).get('a')).toMatchObject({ events: 3, status: 'complete' })
})

test('connectors of one database have transactions of the same ids, which are kept apart', () => {
  const log = new TransactionLog({ isRead: () => true, isDdl: () => false })
  log.addMark('p', mark('BEGIN', 'a'))
  log.addMark('q', mark('BEGIN', 'a'))
  expect(log.summaries.map(({ prefix }) => prefix)).toEqual(['p', 'q'])
})
