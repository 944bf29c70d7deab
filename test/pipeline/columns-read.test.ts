import { expect, test } from 'vitest'
import {
  columnGiven,
  columnsBehind,
  columnsGiven,
  columnsOfResult,
  columnsRead,
} from '../../src/pipeline/columns-read.js'

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
  ['a default of the row, which is never undefined', (row = {}) => row.a, ['a']],
  ['a pattern with a default', ({ a, b = 1 }: AnyRow = {}) => [a, b], ['a', 'b']],
  [
    'an alias',
    row => {
      const r = row
      return r.a
    },
    ['a'],
  ],
  [
    'a pattern in the body',
    row => {
      const { a, b: renamed = 2 } = row
      return [a, renamed]
    },
    ['a', 'b'],
  ],
  [
    'an alias that is assigned to',
    row => {
      let r = row
      if (row.a === 1) r = other
      return r.b
    },
    'all',
  ],
  ['a name that shadows the row', row => [other].map(row => row.b).concat(row.a), ['a']],
  ['a template', row => `${row.a}-${row.b}`, ['a', 'b']],
  // biome-ignore lint/complexity/useLiteralKeys: the name in a template is what is tested
  ['a template name', row => row[`a`], ['a']],
  ['a fallback for the row', row => (row ?? other).a, ['a']],
  ['whether there is a row', row => (row === null || !row ? 0 : row.a), ['a']],
  ['a call of the row’s own', row => row.a!.toFixed(1), ['a']],
  ['a loop over it', row => Object.entries(row), 'all'],
  ['a method', { where: (row: AnyRow) => row.a }.where, ['a']],
  [
    'a method’s own text',
    {
      where(row: AnyRow) {
        return row.a
      },
    }.where,
    ['a'],
  ],
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

test('the rows of a join and the state of a fold are told apart', () => {
  const row = (one: AnyRow, other: AnyRow | null): object => ({ a: one.a, b: other?.b ?? null, c: other!.c })
  expect([columnsRead(row), columnsRead(row, 1)]).toEqual([new Set(['a']), new Set(['b', 'c'])])
})

type Behind = Record<string, [string[] | 'all', ...(string[] | 'all')[]]>

const results: [string, (row: AnyRow, other: AnyRow) => unknown, Behind][] = [
  [
    'a literal',
    row => ({ x: row.a, y: Math.abs(row.b!), z: 1 }),
    { x: [['a'], []], y: [['b'], []], z: [[], []], none: [[], []] },
  ],
  ['two rows', (row, other) => ({ x: row.a, y: other?.b }), { x: [['a'], []], y: [[], ['b']] }],
  ['a spread', row => ({ ...row, x: row.a }), { x: [['a'], []], b: [['b'], []] }],
  ['a spread behind', row => ({ x: row.a, ...row }), { x: [['a', 'x'], []], b: [['b'], []] }],
  ['two spreads', (row, other) => ({ ...row, ...other }), { x: [['x'], ['x']] }],
  [
    'a spread of a choice',
    row => ({ ...(row.c === 1 ? { x: row.a } : {}), y: row.b }),
    { x: [['a', 'c'], []], y: [['b', 'c'], []] },
  ],
  ['a choice', row => (row.c ? { x: row.a } : { x: row.b }), { x: [['a', 'b', 'c'], []] }],
  ['the row itself', row => row, { a: [['a'], []] }],
  [
    'a pattern',
    new Function('{ a, b: { c = 1 } = {} }', 'return { x: a, y: c }') as () => unknown,
    { x: [['a'], []], y: [['b'], []] },
  ],
  ['a computed name', row => ({ [`${row.c}`]: row.a, x: row.b }), { x: [['b'], []], z: [['a', 'c'], []] }],
  [
    'constants',
    row => {
      const { a } = row
      const double = (n: number): number => n * 2
      const sum = double(a!) + 1
      const result = { x: sum, y: row.b }
      return result
    },
    { x: [['a'], []], y: [['b'], []] },
  ],
  [
    'an early return',
    row => {
      if (row.c === null) return { x: 1 }
      return { x: row.a, y: row.b }
    },
    { x: [['a', 'c'], []], y: [['b', 'c'], []] },
  ],
  [
    'a list that is filled',
    row => {
      const list: unknown[] = []
      list.push(row.a)
      return { x: list, y: row.b }
    },
    { x: [['a', 'b'], []], y: [['a', 'b'], []] },
  ],
  [
    'a variable that is assigned to',
    row => {
      let x = row.a
      if (row.b === 1) x = row.c
      return { x, y: 1 }
    },
    { x: [['a', 'b', 'c'], []] },
  ],
  ['several rows', row => [{ x: row.a }, { x: row.b }], { x: [['a', 'b'], []] }],
  ['a call', row => Object.assign({}, { x: row.a }, { y: row.b }), { x: [['a', 'b'], []] }],
  [
    'the row passed on',
    row => ({ x: Object.keys(row).length, y: row.a }),
    { x: ['all', []], y: [['a'], []] },
  ],
]

test.each(results)('what the columns of %s are made of is known from the source', (_, result, behind) => {
  const found = columnsOfResult(result, 2)
  for (const [column, expected] of Object.entries(behind)) {
    const read = columnsBehind(found, column).map(columns =>
      columns === 'all' ? columns : [...columns].sort(),
    )
    expect(read, column).toEqual(expected)
  }
})

test('a function without a source may make anything of everything', () => {
  expect(columnsBehind(columnsOfResult(Object.assign), 'x')).toEqual(['all'])
})

test.each(functions.filter(([, , columns]) => columns !== 'all'))(
  'no column is read besides those that are known: %s',
  (_, rowFunction, columns) => {
    const read = new Set<unknown>()
    const row = new Proxy({} as AnyRow, {
      get: (__, column) => {
        read.add(column)
        return Object.assign(new String('1'), { b: 1, toFixed: () => '1' })
      },
    })
    rowFunction(row)
    expect(columns).toEqual(expect.arrayContaining([...read]))
  },
)
