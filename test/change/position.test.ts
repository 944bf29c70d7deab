import { expect, test } from 'vitest'
import type { SourcePosition } from '../../src/change/change.js'
import { comparePositions, isFullSnapshot, logFile, transactionNumber } from '../../src/change/position.js'

const at = (file: string, pos: number, row: number, gtid: string | null = null): SourcePosition => ({
  file,
  pos,
  row,
  serverId: 7,
  gtid,
  snapshot: 'false',
  time: 0,
})

test.each([
  [at('bin.000001', 4, 0), at('bin.000001', 4, 0), 0],
  [at('bin.000001', 4, 0), at('bin.000001', 4, 1), -1],
  [at('bin.000001', 5, 0), at('bin.000001', 4, 9), 1],
  [at('bin.000002', 4, 0), at('bin.000001', 900, 9), 1],
  [at('bin.999999', 900, 0), at('bin.1000000', 4, 0), -1],
])('%o against %o is %d', (a, b, order) => {
  expect(Math.sign(comparePositions(a, b))).toBe(order)
  expect(Math.sign(comparePositions(b, a))).toBe(order === 0 ? 0 : -order)
})

test.each([
  ['mysql-bin.000003', { base: 'mysql-bin', number: 3 }],
  ['host.name-bin.1000000', { base: 'host.name-bin', number: 1000000 }],
  ['binlog', { base: 'binlog', number: 0 }],
])('the binlog file %s is taken apart', (name, parts) => {
  expect(logFile(name)).toEqual(parts)
})

test.each([
  [
    'dd5eef83-e697-11f1-bdef-02fc00000001:3314',
    { server: 'dd5eef83-e697-11f1-bdef-02fc00000001', number: 3314 },
  ],
  [
    'dd5eef83-e697-11f1-bdef-02fc00000001:tag:7',
    { server: 'dd5eef83-e697-11f1-bdef-02fc00000001:tag', number: 7 },
  ],
  ['0-223344-703', { server: '0-223344', number: 703 }],
  [null, { server: '#7', number: null }],
])('the GTID %s names server and transaction', (gtid, expected) => {
  expect(transactionNumber(at('bin.1', 4, 0, gtid))).toEqual(expected)
})

test.each([
  ['true', true],
  ['first', true],
  ['first_in_data_collection', true],
  ['last_in_data_collection', true],
  ['last', true],
  ['incremental', false],
  ['false', false],
])('snapshot %s is of a full snapshot: %s', (snapshot, full) => {
  expect(isFullSnapshot({ ...at('bin.1', 4, 0), snapshot })).toBe(full)
})
