import { DuckDBInstance } from '@duckdb/node-api'
import * as fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { at, num } from '../../src/change/row-value.js'
import { expressionOf, Untranslatable } from '../../src/pipeline/expression.js'
import { param } from '../../src/pipeline/param.js'
import { isRefusedValue } from '../../src/pipeline/plan-sql.js'
import { SqlTranslator } from '../../src/pipeline/sql-expression.js'
import { type OddRow, OddRows, told } from './odd-rows.js'

const odd = new OddRows(await DuckDBInstance.create(':memory:'))
beforeAll(() => odd.load())
afterAll(() => odd.close())

type Translated = (row: OddRow) => unknown

const limit = 5
const limits = { max: 2.5, list: [1, 2, null], names: new Set(['a', 'ß']) }
const most = param('most', 7)
const half = (x: number | null): number => (x === null ? 0 : x / 2)

const translated: [string, Translated][] = [
  ['strict equality', row => row.n === 0],
  ['strict equality of columns', row => row.n === row.m],
  ['strict inequality of columns', row => row.n !== row.k],
  ['equality to null', row => row.s === null],
  ['loose equality to null', row => row.n == null],
  // biome-ignore lint/suspicious/noDoubleEquals: what is tested
  ['loose inequality to undefined', row => row.n != undefined],
  ['strict equality to undefined', row => row.n === undefined],
  // biome-ignore lint/correctness/useIsNan: what is tested
  ['equality to NaN', row => row.m === Number.NaN],
  ['equality of two types', row => (row.n as unknown) === row.s],
  ['equality of texts', row => row.s === 'ß'],
  ['equality of bigints', row => row.g === 9007199254740993n],
  ['a bigint and a number', row => (row.g as unknown) === 5],
  ['null below a number', row => row.n! < 5],
  ['null above a negative', row => row.n! > -1],
  ['numbers compared', row => row.n! <= row.m],
  ['at least', row => row.m >= row.n!],
  ['bigints compared', row => row.g! < 0n],
  ['a text below a plain one', row => row.t < 'b'],
  ['a nullable text when it is there', row => row.s !== null && row.s >= 'a'],
  ['and', row => row.n !== null && row.m > 0],
  ['and of values', row => row.n && row.m],
  ['or of values', row => row.s || 'none'],
  ['not', row => !row.n],
  ['not a text', row => !row.s],
  ['not not a bigint', row => !!row.g],
  ['a fallback', row => row.n ?? -1],
  ['a fallback that may be null', row => row.n ?? row.k],
  ['a choice', row => (row.n! > 1 ? row.m : row.k)],
  ['a choice of null', row => (row.b ? null : row.t)],
  ['a sum', row => row.n! + row.m],
  ['a difference', row => row.m - row.k!],
  ['a product', row => row.n! * row.k!],
  ['a quotient', row => row.m / row.n!],
  ['a remainder', row => row.m % row.k!],
  ['a remainder by zero', row => row.m % 0],
  ['a negation', row => -row.n!],
  ['the sign of a zero', row => 1 / -row.n!],
  ['texts put together', row => row.t + row.s],
  ['a number in a text', row => `${row.m}/${row.n}`],
  ['a number behind a text', row => row.t + row.m],
  ['a bigint in a text', row => `${row.g}`],
  ['a boolean in a text', row => `${row.b}`],
  ['length', row => row.t.length],
  ['length of one that may be null', row => row.s?.length ?? -1],
  ['trim', row => row.t.trim()],
  ['trimStart and trimEnd', row => `[${row.t.trimStart()}|${row.t.trimEnd()}]`],
  ['includes', row => row.t.includes('a')],
  ['includes nothing', row => row.t.includes('')],
  ['startsWith', row => row.t.startsWith('😀')],
  ['endsWith', row => row.t.endsWith('ß')],
  ['lower case of plain text', row => row.p.toLowerCase()],
  ['upper case of plain text', row => row.p.toUpperCase()],
  ['the first characters', row => row.p.slice(0, 2)],
  ['the rest', row => row.p.slice(2)],
  ['the last characters', row => row.p.slice(-2)],
  ['an empty piece', row => row.p.slice(2, 1)],
  ['substring', row => row.p.substring(1, 3)],
  ['abs', row => Math.abs(row.m)],
  ['floor', row => Math.floor(row.n!)],
  ['ceil', row => Math.ceil(row.m)],
  ['trunc', row => Math.trunc(row.m)],
  ['round', row => Math.round(row.m)],
  ['the sign of what round gives', row => 1 / Math.round(row.m)],
  ['sign', row => Math.sign(row.m)],
  ['sqrt', row => Math.sqrt(row.m)],
  ['min', row => Math.min(row.m, row.n!)],
  ['max of three', row => Math.max(row.m, row.n!, 0)],
  ['the sign of min', row => 1 / Math.min(row.m, -0)],
  ['the sign of max', row => 1 / Math.max(-0, row.m)],
  ['isFinite', row => Number.isFinite(row.n)],
  ['isInteger', row => Number.isInteger(row.m)],
  ['isNaN', row => Number.isNaN(row.m)],
  ['Number of a number', row => Number(row.n)],
  ['Number of a boolean', row => Number(row.b)],
  ['Number of a bigint', row => Number(row.g)],
  ['String of a number', row => String(row.n)],
  ['Boolean', row => Boolean(row.s)],
  ['num of a decimal', row => num(row.e)],
  ['num of a bigint', row => num(row.g)],
  ['at', row => row.m < at('2026-03-01')],
  ['a list of numbers', row => [1, 2.5, Number.NaN].includes(row.m)],
  ['a list with null', row => [null, 'a', 'ß'].includes(row.s)],
  ['a list from outside', row => limits.list.includes(row.n)],
  ['a set from outside', row => limits.names.has(row.s!)],
  ['an empty list', row => [].includes(row.n as never)],
  ['a constant from outside', row => row.m > limit],
  ['a member from outside', row => row.m > limits.max],
  ['a param', row => row.m > most.value],
  ['a function from outside', row => half(row.n) + 1],
  ['a year', row => new Date(row.d!).getUTCFullYear()],
  [
    'month, day and weekday',
    row =>
      new Date(row.d!).getUTCMonth() * 1000 +
      new Date(row.d!).getUTCDate() * 10 +
      new Date(row.d!).getUTCDay(),
  ],
  [
    'hours, minutes and seconds',
    row =>
      `${new Date(row.d!).getUTCHours()}:${new Date(row.d!).getUTCMinutes()}:${new Date(row.d!).getUTCSeconds()}`,
  ],
  ['an ISO time', row => new Date(row.d!).toISOString()],
  ['the month of a time', row => new Date(row.d!).toISOString().slice(0, 7)],
  ['milliseconds', row => new Date(row.d!).getTime()],
  ['a destructured row', ({ n, m: other }) => (n ?? 0) + other],
  ['the date of a text', row => row.f > '2026-01-01'],
  [
    'statements',
    row => {
      if (row.n === null) return 'none'
      const double = row.n * 2
      if (double > 5) {
        return 'high'
      } else if (double < 0) return `low ${double}`
      return row.s ?? ''
    },
  ],
]

test.each(translated)(
  '%s gives in SQL what it gives in JavaScript, for every odd value',
  async (_, compute) => {
    const expected = odd.rows.map(row => told(compute(row)))
    expect(await odd.evaluate(compute)).toEqual(expected)
  },
)

test.each<[string, Translated]>([
  ['upper case of a sharp s', row => row.t.toUpperCase()],
  ['a piece of a text with characters beyond U+FFFF', row => row.t.slice(0, 1)],
  ['num of no number', row => num(row.t)],
])('%s fails instead of giving something else', async (_, compute) => {
  const error = await odd.evaluate(compute).catch((cause: unknown) => cause)
  expect(isRefusedValue(error)).toBe(true)
})

const refused: [string, Translated, string][] = [
  ['a power', row => row.m ** 2, '** has no translation'],
  ['bits', row => row.m | 1, '| has no translation'],
  ['a regular expression', row => /a/.test(row.t), 'regular expressions'],
  ['a function whose last digit differs', row => Math.log(row.m), 'Math.log has no translation'],
  ['text in the order of units', row => row.t < row.t2, 'UTF-16 units'],
  ['a nullable text in order', row => row.s! < 'a', 'converts null'],
  ['a text and a number', row => (row.s as never) < 5, 'converts'],
  ['a method of what may be null', row => row.s!.trim(), 'may be null'],
  ['undefined compared to null', row => row.s?.trim() === null, 'undefined'],
  ['undefined in a text', row => `${row.s?.trim()}`, 'undefined'],
  ['two types in one column', row => (row.b ? 1 : 'a'), 'a number or a string'],
  ['a column that is not there', row => (row as never as { x: number }).x, 'no column x'],
  // biome-ignore lint/suspicious/noDoubleEquals: what is tested
  ['loose equality of two types', row => (row.n as never) == 'a', 'use ==='],
  ['a time of now', () => Date.now(), 'Date.now has no translation'],
  ['chance', () => Math.random(), 'Math.random'],
  ['something unknown', () => globalThis.process.pid, 'not known'],
  ['a computed column', row => row[`${row.t}` as 'n'], 'computed'],
  [
    'a loop',
    row => {
      for (const x of [1]) if (x > row.m) return 1
      return 2
    },
    'only const, if and return',
  ],
  [
    'an assignment',
    row => {
      let x = row.m
      x += 1
      return x
    },
    'assigned',
  ],
  ['a Date', row => new Date(row.d!), 'no Date'],
  ['Number of a text', row => Number(row.t), 'use num()'],
  ['local time', row => new Date(row.d!).getHours(), 'no translation'],
  ['asynchronous functions', async row => row.m, 'asynchronous'],
]

test.each(refused)('%s is refused by name', (_, compute, reason) => {
  const translate = (): unknown => new SqlTranslator([odd.sqlRow]).value(expressionOf(compute))
  expect(translate).toThrow(Untranslatable)
  expect(translate).toThrow(reason)
})

/** Random expressions of the subset as source text. Types may be mixed where JavaScript allows it. */
const {
  number,
  text: texts,
  condition,
} = fc.letrec<{ number: string; text: string; condition: string }>(tie => {
  const [number, text, condition] = [tie('number'), tie('text'), tie('condition')]
  const joined = (
    parts: readonly fc.Arbitrary<string>[],
    form: (...given: string[]) => string,
  ): fc.Arbitrary<string> => fc.tuple(...parts).map(given => form(...given))
  const operator = (...operators: string[]): fc.Arbitrary<string> => fc.constantFrom(...operators)
  const choice = (one: fc.Arbitrary<string>): fc.Arbitrary<string> =>
    joined([condition, one, one], (test, yes, no) => `(${test} ? ${yes} : ${no})`)
  return {
    number: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      operator('row.n', 'row.m', 'row.k', '0', '1', '-1', '2.5', '0.1', '1e21', 'null', 'NaN', 'row.id'),
      joined([number, operator('+', '-', '*', '/', '%'), number], (a, o, b) => `(${a} ${o} ${b})`),
      joined([number, operator('&&', '||', '??'), number], (a, o, b) => `(${a} ${o} ${b})`),
      joined(
        [operator('floor', 'ceil', 'round', 'trunc', 'abs', 'sign', 'sqrt'), number],
        (f, a) => `Math.${f}(${a})`,
      ),
      joined([operator('min', 'max'), number, number], (f, a, b) => `Math.${f}(${a}, ${b})`),
      joined([number], a => `-(${a})`),
      joined([text], a => `${a}.length`),
      joined([condition], a => `Number(${a})`),
      choice(number),
    ),
    text: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      operator('row.t', 'row.p', "''", "'a'", "'😀'", "(row.s ?? '-')", 'row.f'),
      joined([text, text], (a, b) => `(${a} + ${b})`),
      joined([text, number], (a, b) => `(${a} + ${b})`),
      joined([number, condition], (a, b) => `\`\${${a}}:\${${b}}\``),
      joined(
        [text, operator('trim()', 'trimEnd()', 'slice(1)', 'slice(0, 2)', 'toUpperCase()')],
        (a, m) => `${a}.${m}`,
      ),
      choice(text),
    ),
    condition: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      operator('true', 'row.b', 'row.s', 'row.n', 'row.g', 'row.n === null', 'row.s !== null'),
      joined([number, operator('<', '<=', '>', '>=', '===', '!=='), number], (a, o, b) => `(${a} ${o} ${b})`),
      joined(
        [text, operator('===', '!==', '<'), operator("'a'", "''", "'ß'")],
        (a, o, b) => `(${a} ${o} ${b})`,
      ),
      joined([condition, operator('&&', '||'), condition], (a, o, b) => `(${a} ${o} ${b})`),
      joined([condition], a => `!(${a})`),
      joined([text, text], (a, b) => `${a}.includes(${b})`),
      joined([number], a => `[1, null, NaN, 2.5].includes(${a})`),
    ),
  }
})

test('random expressions give in SQL what they give in JavaScript, or are refused', async () => {
  let given = 0
  await fc.assert(
    fc.asyncProperty(fc.oneof(number, texts, condition), async source => {
      const compute = new Function('row', `return ${source}`) as Translated
      try {
        const found = await odd.evaluate(compute)
        expect(found).toEqual(odd.rows.map(row => told(compute(row))))
        given++
      } catch (error) {
        if (!(error instanceof Untranslatable) && !isRefusedValue(error)) throw error
      }
    }),
    { numRuns: 120 },
  )
  expect(given).toBeGreaterThan(40)
})
