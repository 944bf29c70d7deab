import { expect, test } from 'vitest'
import { num } from '../../src/change/row-value.js'
import { purity } from '../../src/pipeline/purity.js'

interface AnyRow {
  a: number | null
  text: string
  list: number[]
}

let seen = 0
const cache = new Map<number, number>()
const clock = { now: () => Date.now() }
const double = (x: number): number => x * 2
function chance(x: number): number {
  return x * Math.random()
}

const impure: [string, (row: AnyRow, other?: AnyRow) => unknown, string, string][] = [
  ['the clock', row => row.a! + Date.now(), 'function-clock', 'Date.now()'],
  ['a new Date of now', () => new Date().toISOString(), 'function-clock', 'new Date()'],
  ['performance', () => performance.now(), 'function-clock', 'performance.now()'],
  ['the clock of something outside', () => clock.now(), 'function-clock', 'Date.now()'],
  ['chance', row => row.a! + Math.random(), 'function-random', 'Math.random()'],
  ['chance of a function that is called', row => chance(row.a!), 'function-random', 'Math.random()'],
  ['crypto', () => crypto.randomUUID(), 'function-random', 'crypto.randomUUID()'],
  ['the process', () => process.env.HOME, 'function-outside', 'process.env.HOME'],
  ['the network', () => fetch('http://localhost'), 'function-outside', "fetch('http://localhost')"],
  ['the global object', () => globalThis.process, 'function-outside', 'globalThis.process'],
  [
    'an import',
    new Function('row', 'return import(row.text)') as () => unknown,
    'function-outside',
    'import(',
  ],
  ['printing', row => console.log(row.a), 'function-console', 'console.log(row.a)'],
  ['an asynchronous function', async row => row.a, 'function-async', 'async'],
  ['a Promise', () => Promise.resolve(1), 'function-async', 'Promise.resolve(1)'],
  [
    'a generator',
    function* (row: AnyRow) {
      yield row.a
    },
    'function-generator',
    'function*',
  ],
  ['counting outside', () => ++seen, 'captured-changes', '++seen'],
  ['a memory outside', row => cache.set(row.a!, 1), 'function-mutates', 'cache.set(row.a, 1)'],
  [
    'a change of the row',
    row => {
      row.a = 1
      return row
    },
    'function-mutates',
    'row.a = 1',
  ],
  ['a sort of a list of the row', row => row.list.sort(), 'function-mutates', 'row.list.sort()'],
  [
    'a change of what is taken out of the row',
    ({ list }) => {
      const mine = list
      mine.push(1)
      return mine
    },
    'function-mutates',
    'mine.push(1)',
  ],
  ['an assignment into the row', row => Object.assign(row, { a: 1 }), 'function-mutates', 'Object.assign('],
  ['a deleted column', row => delete (row as Partial<AnyRow>).a, 'function-mutates', 'delete row.a'],
  ['a language', row => row.a!.toLocaleString(), 'function-locale', 'row.a.toLocaleString()'],
  [
    'the order of a language',
    row => row.text.localeCompare('a'),
    'function-locale',
    "row.text.localeCompare('a')",
  ],
  ['a time zone', row => new Date(row.a!).getHours(), 'function-locale', 'new Date(row.a).getHours()'],
  [
    'a local time',
    () => new Date('2026-03-01T10:00').getTime(),
    'function-locale',
    "new Date('2026-03-01T10:00')",
  ],
  ['the parts of a local date', row => new Date(2026, row.a!), 'function-locale', 'new Date(2026, row.a)'],
  ['this', new Function('row', 'return this.b') as (row: AnyRow) => unknown, 'function-opaque', 'this'],
  [
    'arguments',
    new Function('return arguments[0]') as (row: AnyRow) => unknown,
    'function-opaque',
    'arguments',
  ],
]

test.each(impure)('%s is found, with its expression', (_, given, code, expression) => {
  const found = purity(given as (row: AnyRow) => unknown)
  expect(found.map(finding => finding.code)).toContain(code)
  expect(found.find(finding => finding.code === code)?.expression.replaceAll('"', "'")).toContain(expression)
})

test.each<[string, (row: AnyRow) => unknown]>([
  ['columns and constants', row => row.a! * 2 + double(1)],
  ['a function of obslab', row => num(row.a)],
  ['a Date of the row', row => new Date(row.a!).toISOString().slice(0, 10)],
  ['a Date of a text with its zone', () => new Date('2026-03-01T10:00:00Z')],
  [
    'a list of its own that is changed',
    row => {
      const parts: number[] = []
      parts.push(row.a!)
      let sum = 0
      for (const part of parts) sum += part
      return parts.concat(sum)
    },
  ],
  [
    'what is collected in a callback',
    row =>
      row.list.reduce<number[]>((all, one) => {
        all.push(one)
        return all
      }, []),
  ],
  ['the order of a named language', row => row.text.localeCompare('a', 'en')],
  ['a name that shadows a global', ({ a: process }) => process],
])('%s is pure', (_, given) => {
  expect(purity(given)).toEqual([])
})

test('an expression is found at its place in the function', () => {
  const given = (row: AnyRow): number => row.a! + Date.now()
  const [finding] = purity(given)
  expect(given.toString().slice(finding!.place.offset)).toMatch(/^Date\.now\(\)/)
})
