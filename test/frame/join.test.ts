import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Value } from '../../src/change/column-type.js'
import { columnOf } from '../../src/frame/column-builder.js'
import { Frame } from '../../src/frame/frame.js'

const leftRow = fc.record({
  k: fc.option(fc.integer({ min: 0, max: 4 })),
  s: fc.option(fc.constantFrom('x', 'y')),
})
const rightRow = fc.record({
  k: fc.option(fc.bigInt({ min: 0n, max: 4n })),
  t: fc.option(fc.constantFrom('x', 'y')),
})

test('inner and left joins equal the nested loop of SQL: null equals nothing, an int equals its bigint', () => {
  const how = fc.constantFrom('inner' as const, 'left' as const)
  fc.assert(
    fc.property(fc.array(leftRow), fc.array(rightRow), how, (lefts, rights, how) => {
      const left = Frame.from(
        lefts.map((row, l) => ({ ...row, l })),
        { k: 'int', s: 'text', l: 'int' },
      )
      const right = Frame.from(
        rights.map((row, r) => ({ ...row, r })),
        { k: 'bigint', t: 'text', r: 'int' },
      )
      const naive: { l: number; r: number | null }[] = []
      lefts.forEach((a, l) => {
        const matches = rights.flatMap((b, r) =>
          a.k !== null && b.k !== null && BigInt(a.k) === b.k && a.s !== null && a.s === b.t ? [r] : [],
        )
        for (const r of matches) naive.push({ l, r })
        if (how === 'left' && matches.length === 0) naive.push({ l, r: null })
      })
      const joined = left.join(right, { on: { k: 'k', s: 't' }, how, suffix: '_right' })
      expect(joined.select('l', 'r').rows()).toEqual(naive)
    }),
  )
})

const encounters = Frame.from([
  { encounter_id: 1, voided: 0 },
  { encounter_id: 2, voided: 1 },
])
const obs = Frame.from([
  { obs_id: 10, encounter_id: 2, voided: 0 },
  { obs_id: 11, encounter_id: null, voided: 0 },
])

test('the shared key stands once, names that both have get the suffix', () => {
  const joined = obs.join(encounters, { on: ['encounter_id'], suffix: '_encounter' })
  expect(joined.rows()).toEqual([{ obs_id: 10, encounter_id: 2, voided: 0, voided_encounter: 1 }])
})

test('names that both have without a suffix are refused', () => {
  expect(() => obs.join(encounters, { on: ['encounter_id'] })).toThrow(
    "Both frames have 'voided': give a `suffix` for the names of the right one",
  )
})

test.each<[Value, string, Value, string]>([
  [1, 'datetime', 1, 'timestamp'],
  [1, 'int', '1', 'text'],
  [0.5, 'double', '0.5', 'decimal'],
])('a join of %s (%s) to %s (%s) is refused: they are never the same', (l, leftKind, r, rightKind) => {
  const left = Frame.fromColumns([columnOf('k', [l], { kind: leftKind as 'int' })])
  const right = Frame.fromColumns([columnOf('k', [r], { kind: rightKind as 'int' })])
  expect(() => left.join(right, { on: ['k'] })).toThrow(`Cannot join 'k' (${leftKind}) to 'k' (${rightKind})`)
})

test('a key that is sensitive on either side is sensitive in the join', () => {
  const open = Frame.fromColumns([columnOf('identifier', ['A1'])])
  const secret = Frame.fromColumns([columnOf('identifier', ['A1'], { sensitive: true }), columnOf('id', [7])])
  expect(open.join(secret, { on: ['identifier'] }).column('identifier').sensitive).toBe(true)
})

test('integers beyond 2^53 join exactly', () => {
  const left = Frame.from([{ k: 2n ** 53n }, { k: 2n ** 53n + 1n }])
  const right = Frame.from([{ k: 2n ** 53n + 1n, found: true }])
  expect(left.join(right, { on: ['k'] }).rows()).toEqual([{ k: 2n ** 53n + 1n, found: true }])
})

test('a join on a name that one of the frames lacks is an error, of types and when run', () => {
  // @ts-expect-error The encounters have no obs_id.
  expect(() => obs.join(encounters, { on: ['obs_id'] })).toThrow("There is no column 'obs_id'.")
  expect(() => obs.join(encounters, { on: [] })).toThrow('A join needs the columns to join on')
})

test('what is no frame, and columns that are no list, are refused with what was expected', () => {
  expect(() => obs.join(encounters, 'person_id' as never)).toThrow(
    "Expected the columns to join on in `on`, as in frame.join(other, { on: ['person_id'] }), found nothing.",
  )
  expect(() => obs.join(encounters, undefined as never)).toThrow('Expected the columns to join on')
  expect(() => obs.join(undefined as unknown as typeof encounters, { on: ['encounter_id'] })).toThrow(
    'Expected another frame',
  )
  expect(() => obs.join({} as typeof encounters, { on: ['encounter_id'] })).toThrow('Expected another frame')
})
