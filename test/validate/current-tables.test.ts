import { expect, test } from 'vitest'
import type { Change, RowChange, SourcePosition } from '../../src/change/change.js'
import { CurrentTables } from '../../src/validate/current-tables.js'
import { reading } from './log.js'

const topic = { topic: 'readings', key: ['id'], deleted: [] }

function idsAfter(changes: readonly Change[]): unknown[] {
  const tables = new CurrentTables([topic])
  for (const change of changes) tables.apply(change)
  return Array.from(tables.rows('readings'), row => row.id)
}

function read(id: number, pos: number, snapshot: string): Change {
  const change = reading('r', { id }, pos) as RowChange
  return { ...change, source: { ...(change.source as SourcePosition), serverId: 0, snapshot } }
}

test('a row that a whole snapshot did not read again is gone', () => {
  const before = [reading('c', { id: 1 }, 10), reading('c', { id: 2 }, 20)]
  const snapshot = [read(1, 30, 'first'), read(3, 30, 'last')]
  expect(idsAfter([...before, ...snapshot, reading('c', { id: 4 }, 40)])).toEqual([1, 3, 4])
})

test('an incremental snapshot takes no row away', () => {
  const before = [reading('c', { id: 1 }, 10), reading('c', { id: 2 }, 20)]
  expect(idsAfter([...before, read(1, 30, 'incremental'), reading('c', { id: 4 }, 40)])).toEqual([1, 2, 4])
})

test('a truncate takes the rows that were there, and those that come later stay', () => {
  const truncate: Change = {
    kind: 'truncate',
    ...{ topic: 'readings', partition: 0, offset: 2, timestamp: 0 },
    source: { file: 'log.000001', pos: 20, row: 0, serverId: 1, gtid: null, snapshot: 'false', time: 20 },
  }
  expect(idsAfter([reading('c', { id: 1 }, 10), truncate, reading('c', { id: 2 }, 30)])).toEqual([2])
})
