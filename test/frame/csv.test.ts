import fc from 'fast-check'
import { expect, test } from 'vitest'
import { columnOf } from '../../src/frame/column-builder.js'
import { Frame } from '../../src/frame/frame.js'

/** Reads CSV after RFC 4180; null is an empty field without quotes. */
function parse(csv: string): (string | null)[][] {
  const field = /("(?:[^"]|"")*"|[^",\r\n]*)(,|\r\n)/y
  const lines: (string | null)[][] = [[]]
  while (field.lastIndex < csv.length) {
    const match = field.exec(csv)!
    const [, text, end] = match as unknown as [string, string, string]
    lines
      .at(-1)!
      .push(text === '' ? null : text.startsWith('"') ? text.slice(1, -1).replaceAll('""', '"') : text)
    if (end === '\r\n') lines.push([])
  }
  return lines.slice(0, -1)
}

test('CSV has a line of names, CRLF, quotes where needed, all digits, ISO times, and null apart from empty text', () => {
  const frame = Frame.fromColumns([
    columnOf('id', [18446744073709551615n, null]),
    columnOf('amount, KES', ['7.90', null], { kind: 'decimal' }),
    columnOf('at', [1767261600000, null], { kind: 'timestamp' }),
    columnOf('seen', [1767261600000, null], { kind: 'datetime' }),
    columnOf('text', ['a "b"\nc', ''], { kind: 'text' }),
    columnOf('data', [Uint8Array.of(1, 2), null]),
  ])
  expect(frame.csv()).toBe(
    'id,"amount, KES",at,seen,text,data\r\n' +
      '18446744073709551615,7.90,2026-01-01T10:00:00Z,2026-01-01T10:00:00,"a ""b""\nc",AQI=\r\n' +
      ',,,,"",\r\n',
  )
})

test('sensitive values are masked unless asked, nulls stay empty', () => {
  const frame = Frame.fromColumns([columnOf('born', [1980, null], { sensitive: true })])
  expect(frame.csv()).toBe('born\r\n•••\r\n\r\n')
  expect(frame.csv({ unmask: true })).toBe('born\r\n1980\r\n\r\n')
})

test('any text comes back from the CSV it was written to', () => {
  const text = fc.option(fc.string({ unit: fc.constantFrom('"', ',', '\r', '\n', ' ', 'a', 'é', '😀') }))
  fc.assert(
    fc.property(fc.array(fc.tuple(text, text), { minLength: 1 }), rows => {
      const frame = Frame.from(
        rows.map(([a, b]) => ({ a, b })),
        { a: 'text', b: 'text' },
      )
      expect(parse(frame.csv()).slice(1)).toEqual(rows)
    }),
  )
})
