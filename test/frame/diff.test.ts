import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Row } from '../../src/change/column-type.js'
import {
  interleaved,
  legalSteps,
  picks,
  played,
  replayed,
  replayedBlocks,
  withOffsets,
} from '../change/legal-log.js'
import { change, position } from './changes.js'
import { playedTable, sortedRows, tableOf } from './tables-of.js'

const definition = { key: ['id'], deleted: [], sensitive: ['name'] }
const at = (pos: number) => ({ source: { ...position(pos), time: pos } })
const table = tableOf(
  [
    change('c', { id: 1 }, { id: 1, v: 1, name: 'Amina' }, null, at(100)),
    change('c', { id: 2 }, { id: 2, v: 2, name: 'Aisha' }, null, at(100)),
    change('c', { id: 3 }, { id: 3, v: 3, name: 'Asha' }, null, at(100)),
    change('u', { id: 1 }, { id: 1, v: 9, name: 'Amal' }, null, at(200)),
    change('d', { id: 2 }, null, { id: 2, v: 2, name: 'Aisha' }, at(200)),
    change('c', { id: 4 }, { id: 4, v: 4, name: null }, null, at(200)),
    change('u', { id: 3 }, { id: 3, v: 0, name: 'Asha' }, null, at(300)),
    change('u', { id: 3 }, { id: 3, v: 3, name: 'Asha' }, null, at(400)),
  ],
  { definition },
)

test('a difference has the rows that were added, removed or changed, and what changed in them, masked', () => {
  expect(table.diff({ sourceTime: 100 }, { sourceTime: 200 }).rows()).toEqual([
    {
      _change: 'changed',
      _columns: 'v, name',
      _changed: 'v 1 → 9 · name ••• → •••',
      id: 1,
      v: 9,
      name: 'Amal',
    },
    { _change: 'removed', _columns: null, _changed: null, id: 2, v: 2, name: 'Aisha' },
    { _change: 'added', _columns: null, _changed: null, id: 4, v: 4, name: null },
  ])
})

test('without a second moment the difference is to the end; a row that is again as it was does not differ', () => {
  expect(table.diff({ sourceTime: 100 }).column('id').toArray()).toEqual([1, 2, 4])
  expect(table.diff({ sourceTime: 300 }).column('_changed').toArray()).toEqual(['v 0 → 3'])
})

test('the second moment may be the earlier one', () => {
  const back = table.diff({ sourceTime: 200 }, { sourceTime: 100 })
  expect(back.select('_change', 'id').rows()).toEqual([
    { _change: 'changed', id: 1 },
    { _change: 'added', id: 2 },
    { _change: 'removed', id: 4 },
  ])
})

test('on legal logs, the rows of one moment and the difference give those of the other', () => {
  fc.assert(
    fc.property(
      legalSteps({ losing: true }),
      replayedBlocks,
      picks,
      fc.nat(99),
      fc.nat(99),
      (steps, blocks, order, a, b) => {
        const records = interleaved(withOffsets(replayed(played(steps).records, blocks)), order)
        const table = playedTable(records)
        const [from, to] = [a, b].map(n => ({ offsets: 1 + (n % (records.length + 1)) })) as [never, never]
        fc.pre(records.length > 0)
        const rows = new Map(
          table
            .asOf(from)
            .rows()
            .map(row => [row.id, row]),
        )
        for (const { _change, _columns, _changed, ...row } of table.diff(from, to).rows()) {
          expect(rows.has(row.id!)).toBe(_change !== 'added')
          if (_change === 'removed') rows.delete(row.id!)
          else rows.set(row.id!, row as Row)
        }
        expect(sortedRows(rows.values())).toEqual(table.asOf(to).rows())
      },
    ),
    { numRuns: 300 },
  )
})
