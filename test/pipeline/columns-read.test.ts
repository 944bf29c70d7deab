import { expect, test } from 'vitest'
import { columnGiven, columnsGiven, columnsRead } from '../../src/pipeline/columns-read.js'

type AnyRow = Record<string, number | null>

const functions: [string, (row: AnyRow) => unknown, string[] | 'all'][] = [
  ['members', row => row.a! + row.b!, ['a', 'b']],
  ['optional members', row => row?.a, ['a']],
  ['literal names', row => row['a b'], ['a b']],
  ['destructuring', ({ a, b: renamed }) => (a ?? 0) + (renamed ?? 0), ['a', 'b']],
  ['nested functions', row => [1].map(x => x + row.a!), ['a']],
  ['nothing', () => 1, []],
  ['a computed name', row => row[String(1 + 1)], 'all'],
  ['the row passed on', row => Object.keys(row), 'all'],
  ['a copy', row => ({ ...row }), 'all'],
  ['the row returned', row => row, 'all'],
  ['the rest of it', ({ a, ...rest }) => [a, rest], 'all'],
  [
    'arguments',
    function () {
      // biome-ignore lint/complexity/noArguments: what is tested
      return arguments[0]
    },
    'all',
  ],
  [
    'arguments besides a pattern',
    new Function('{ a }', 'return arguments[0].b') as (row: AnyRow) => unknown,
    'all',
  ],
  ['this', new Function('row', 'return this.b + row.a') as (row: AnyRow) => unknown, 'all'],
  [
    'a function’s own arguments',
    new Function('return (function f(row) { return f.arguments[0].b })')(),
    'all',
  ],
  ['with', new Function('row', 'with (row) { return b }') as (row: AnyRow) => unknown, 'all'],
  ['eval', new Function('{ a }', 'return eval("a")') as (row: AnyRow) => unknown, 'all'],
  ['what every object has', row => (row.valueOf() as AnyRow).b, 'all'],
  ['a default of the row', (row = {}) => row.a, 'all'],
  ['defaults', ({ a = other.b! }) => a, ['a']],
  [
    'nested patterns',
    new Function('{ a: { length }, b: [c] }', 'return [length, c]') as (row: AnyRow) => unknown,
    ['a', 'b'],
  ],
  ['a computed property of a pattern', ({ [String(1)]: a }) => a, 'all'],
  ['native code', Object.keys, 'all'],
]

test.each(functions)(
  'the columns of %s are known from the source, or all are taken to be read',
  (_, rowFunction, columns) => {
    const read = columnsRead(rowFunction)
    expect(read === 'all' ? read : [...read].sort()).toEqual(columns)
  },
)

test.each<[string, (row: AnyRow) => unknown, string | null]>([
  ['a member', row => row.a, 'a'],
  ['a literal name', row => row['a b'], 'a b'],
  ['an expression', row => row.a! + 1, null],
  ['a default', row => row.a ?? 0, null],
  ['another object', () => other.a, null],
])('%s tells which column is given as it is, or that none is', (_, rowFunction, column) => {
  expect(columnGiven(rowFunction)).toBe(column)
})

const other: AnyRow = { a: 1 }

test('a key function tells which of its properties are columns as they are', () => {
  const key = (row: AnyRow): object => ({ x: row.a, y: row.b! + 1, z: 7 })
  expect([...columnsGiven(key)]).toEqual([['x', 'a']])
})
