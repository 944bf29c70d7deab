import { expect, test } from 'vitest'
import { FullSnapshots } from '../../src/change/full-snapshot.js'

const at = (pos: number, snapshot: string, time = 1000) => ({
  file: 'bin.000001',
  pos,
  row: 0,
  serverId: 0,
  gtid: null,
  snapshot,
  time,
})

test('a snapshot is all rows of one position, in each partition from its first row to what shows it is past', () => {
  const snapshots = new FullSnapshots()
  snapshots.read(0, 5, at(100, 'first', 2000))
  snapshots.read(1, 6, at(100, 'true', 1500))
  snapshots.read(0, 7, at(100, 'last'))
  snapshots.logged(0, 8)
  snapshots.logged(1, 9)
  snapshots.logged(1, 10)
  expect(snapshots.list).toEqual([
    {
      file: 'bin.000001',
      pos: 100,
      time: 1000,
      marked: true,
      ended: 7,
      parts: new Map([
        [0, { first: 5, last: 7, past: 7, next: 8 }],
        [1, { first: 6, last: 6, past: 9, next: 9 }],
      ]),
    },
  ])
})

test('one that is begun anew at another position is another', () => {
  const snapshots = new FullSnapshots()
  snapshots.read(0, 0, at(100, 'first'))
  snapshots.read(0, 1, at(200, 'first'))
  snapshots.read(0, 2, at(200, 'last'))
  expect(snapshots.list.map(({ pos, ended }) => [pos, ended])).toEqual([
    [100, -1],
    [200, 2],
  ])
})

test('rows of one sent again after it was over change nothing about it, and an incremental one is none', () => {
  const snapshots = new FullSnapshots()
  snapshots.read(0, 0, at(100, 'true'))
  snapshots.logged(0, 1)
  snapshots.read(0, 2, at(100, 'true'))
  snapshots.read(0, 3, at(300, 'incremental'))
  expect(snapshots.list.map(({ marked, parts }) => [marked, parts.get(0)])).toEqual([
    [false, { first: 0, last: 0, past: 1, next: 1 }],
  ])
})
