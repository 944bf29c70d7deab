import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseJson } from '../../src/change/json.js'
import { ObslabError } from '../../src/errors.js'

/** JSON text and what it stands for, built together so that no parser is needed to know it. */
const leaf = fc.oneof(
  fc.constant({ text: 'null', value: null as unknown }),
  fc.boolean().map(value => ({ text: String(value), value: value as unknown })),
  fc
    .double({ noNaN: true, noDefaultInfinity: true })
    .map(value => ({ text: decimalText(value), value: value as unknown })),
  fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }).map(integer),
  fc.integer({ min: -40, max: 40 }).map(near => integer(2n ** 53n + BigInt(near))),
  fc.integer({ min: -40, max: 40 }).map(near => integer(-(2n ** 53n) + BigInt(near))),
  fc
    .oneof(
      fc.string({ unit: 'grapheme' }),
      fc.constantFrom(
        '"ts_ns":9007199254740993',
        ': 9007199254740993',
        '12345678901234567890',
        '\\"ts_us":9999999999999999',
      ),
    )
    .map(value => ({ text: JSON.stringify(value), value: value as unknown })),
)
const name = fc.oneof(
  fc.constantFrom(
    'ts_ns',
    'ts_us',
    'op',
    'source',
    'before',
    'after',
    'payload',
    'connector',
    'x"ts_ns',
    'a',
  ),
  fc.string().filter(name => name !== '__proto__'),
)

const document = fc.letrec<{ node: { text: string; value: unknown } }>(tie => ({
  node: fc.oneof(
    { maxDepth: 4 },
    leaf,
    fc.array(tie('node'), { maxLength: 4 }).map(items => ({
      text: `[${items.map(item => item.text).join(', ')}]`,
      value: items.map(item => item.value) as unknown,
    })),
    fc
      .uniqueArray(fc.tuple(name, tie('node')), { maxLength: 6, selector: ([name]) => name })
      .map(entries => ({
        text: `{${entries.map(([name, item]) => `${JSON.stringify(name)}:${item.text}`).join(',')}}`,
        value: Object.fromEntries(entries.map(([name, item]) => [name, item.value])) as unknown,
      })),
  ),
})).node

function integer(value: bigint): { text: string; value: unknown } {
  const safe = value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER)
  return { text: value.toString(), value: safe ? Number(value) : value }
}

/** A double as Java writes it: never as a bare integer. */
function decimalText(value: number): string {
  const text = Object.is(value, -0) ? '-0.0' : String(value)
  return /^-?\d+$/.test(text) ? `${text}.0` : text
}

describe('parseJson', () => {
  test('gives what the text says, integers beyond 2^53 as bigint', () => {
    fc.assert(
      fc.property(document, ({ text, value }) => {
        expect(parseJson(text)).toEqual(value)
      }),
      { numRuns: 2000 },
    )
  })

  test('keeps every value of the rows of an envelope exact, also in columns named ts_ns and ts_us', () => {
    const row = fc.dictionary(
      fc.constantFrom('ts_ns', 'ts_us', 'op', 'source', 'a'),
      fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n }),
    )
    fc.assert(
      fc.property(row, row, fc.bigInt({ min: 0n, max: 2n ** 63n }), (before, after, time) => {
        const times = `"ts_ms":1,"ts_us":1795368477525071,"ts_ns":${time}`
        const text = `{"before":${rowText(before)},"after":${rowText(after)},"source":{"connector":"mysql",${times}},"op":"u",${times}}`
        const parsed = parseJson(text) as Record<string, unknown>
        expect([parsed.before, parsed.after]).toEqual([exactRow(before), exactRow(after)])
      }),
      { numRuns: 500 },
    )
  })

  test.each([
    ['9007199254740991', 9007199254740991],
    ['9007199254740992', 9007199254740992n],
    ['-9007199254740993', -9007199254740993n],
    ['[1,9007199254740993]', [1, 9007199254740993n]],
    ['{"a":9007199254740993.5}', { a: 9007199254740994 }],
    ['{"a":12345678901234567890e0}', { a: 12345678901234567000 }],
    ['{"a":0.12345678901234567890}', { a: 0.12345678901234568 }],
    ['{"a":1,"a":9007199254740993}', { a: 9007199254740993n }],
    ['{"ts_ns":9007199254740993}', { ts_ns: 9007199254740993n }],
    ['{"id":1,"ts_ns":9007199254740993,"__op":"c"}', { id: 1, ts_ns: 9007199254740993n, __op: 'c' }],
  ])('reads %s', (text, value) => {
    expect(parseJson(text)).toEqual(value)
  })

  test.each(['', '{', '{"secret":"Mary"', 'Mary', '[1,]', '.5', '01', '{"a":9007199254740993'])(
    'refuses %j without quoting it',
    text => {
      const error = catchError(() => parseJson(text))
      expect(error).toBeInstanceOf(ObslabError)
      expect((error as ObslabError).code).toBe('envelope-unknown')
      expect(String(error)).not.toContain('Mary')
    },
  )
})

function rowText(row: Record<string, bigint>): string {
  return `{${Object.entries(row)
    .map(([name, value]) => `"${name}":${value}`)
    .join(',')}}`
}

function exactRow(row: Record<string, bigint>): unknown {
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, integer(value).value]))
}

function catchError(run: () => unknown): unknown {
  try {
    run()
    return null
  } catch (error) {
    return error
  }
}
