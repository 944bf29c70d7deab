import fc from 'fast-check'
import { expect, test } from 'vitest'
import { takeColumns } from '../../src/frame/column.js'
import { columnOf } from '../../src/frame/column-builder.js'

const column = columnOf('c', ['a', null, 'b', 'c'], { kind: 'text', sensitive: true })

test('taking rows gives them in the order asked, -1 as null, and keeps name, kind and sensitivity', () => {
  const taken = column.take([3, 1, -1, 0, 3])
  expect(taken.toArray()).toEqual(['c', null, null, 'a', 'c'])
  expect([taken.name, taken.kind, taken.sensitive, taken.nullCount]).toEqual(['c', 'text', true, 2])
  expect(taken.chunks).toBe(column.chunks)
})

test('taking of what was taken equals taking at once', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: -1, max: 3 }), { minLength: 1 }),
      fc.array(fc.nat()),
      (first, second) => {
        const places = second.map(i => i % first.length)
        const values = first.map(i => (i < 0 ? null : column.at(i)))
        expect(column.take(first).take(places).toArray()).toEqual(places.map(i => values[i]))
      },
    ),
  )
})

test('a row that is not there is an error that says which rows are', () => {
  expect(() => column.at(4)).toThrow("There is no row 4 in column 'c': its rows are 0 to 3.")
  expect(() => column.at(-1)).toThrow('There is no row -1')
  expect(() => column.take([]).at(0)).toThrow('it is empty')
  expect(() => column.take([4])).toThrow('There is no row 4 to take: there are 4 rows.')
})

test('columns that share a selection still share one after taking', () => {
  const other = columnOf('d', [1, 2, 3, 4])
  const [a, b] = takeColumns(takeColumns([column, other], [2, 0, 3]), [1, 2])
  expect(a!.rows).toBe(b!.rows)
  expect([a!.toArray(), b!.toArray()]).toEqual([
    ['a', 'c'],
    [1, 4],
  ])
})

test('values read cannot change the column', () => {
  const bytes = Uint8Array.of(1, 2, 3)
  const held = columnOf('b', [bytes], { kind: 'bytes' })
  bytes[0] = 9
  ;(held.at(0) as Uint8Array)[1] = 9
  expect(held.at(0)).toEqual(Uint8Array.of(1, 2, 3))
})
