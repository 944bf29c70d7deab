import fc from 'fast-check'
import { expect, test } from 'vitest'
import { GtidSet, gtidForm } from '../../src/change/gtid-set.js'

const a = '3e11fa47-71ca-11e1-9e33-c80aa9429561'
const b = '3e11fa47-71ca-11e1-9e33-c80aa9429562'

test.each<[string, string, [string, number, boolean][]]>([
  [
    'one number',
    `${a}:5`,
    [
      [a, 5, true],
      [a, 4, false],
      [b, 5, false],
    ],
  ],
  [
    'ranges and numbers',
    `${a}:1-5:7`,
    [
      [a, 1, true],
      [a, 5, true],
      [a, 6, false],
      [a, 7, true],
      [a, 8, false],
    ],
  ],
  [
    'several servers, as MySQL prints them',
    `${a}:1-3,\n${b}:2`,
    [
      [a, 3, true],
      [b, 2, true],
      [b, 1, false],
    ],
  ],
  ['capital letters', `${a.toUpperCase()}:1-3`, [[a, 2, true]]],
  [
    'tags',
    `${a}:1-3:backup:5-6`,
    [
      [a, 5, false],
      [`${a}:backup`, 5, true],
      [a, 3, true],
    ],
  ],
  [
    'a position of MariaDB: all of its domain up to there',
    '0-223344-703',
    [
      ['0-1', 703, true],
      ['0-1', 704, false],
      ['1-1', 1, false],
    ],
  ],
  [
    'several domains',
    '0-1-5, 1-2-3',
    [
      ['0-9', 5, true],
      ['1-9', 4, false],
    ],
  ],
])('%s', (_, text, expected) => {
  const set = GtidSet.parse(text)
  for (const [server, number, has] of expected)
    expect([server, number, set.has(server, number)]).toEqual([server, number, has])
})

test.each(['', ' , ', 'abc', a, `${a}:`, `${a}:0`, `${a}:5-3`, `${a}:1-2:tag`, '0-1', `0-1-5,${a}:1`])(
  '%j is none, and an error that says where to get one',
  text => expect(() => GtidSet.parse(text)).toThrow(/^Expected a GTID set, found .*@@gtid_executed/),
)

test('the form of a server’s GTIDs is told from its name', () => {
  expect([a, `${a}:tag`, '0-223344', '#1'].map(gtidForm)).toEqual(['mysql', 'mysql', 'mariadb', null])
})

test('a set has exactly the numbers that were written into it', () => {
  const range = fc.tuple(fc.integer({ min: 1, max: 30 }), fc.nat(5))
  fc.assert(
    fc.property(fc.array(range, { minLength: 1, maxLength: 5 }), ranges => {
      const set = GtidSet.parse(
        `${a}:${ranges.map(([from, more]) => (more === 0 ? from : `${from}-${from + more}`)).join(':')}`,
      )
      for (let n = 1; n < 40; n++)
        expect(set.has(a, n)).toBe(ranges.some(([from, more]) => n >= from && n <= from + more))
    }),
  )
})
