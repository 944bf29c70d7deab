import { expect, test } from 'vitest'
import type { ColumnKind, Value } from '../../src/change/column-type.js'
import { formatValue, isoTime } from '../../src/frame/format.js'

test.each<[ColumnKind, Value, string]>([
  ['int', 4294967295, '4294967295'],
  ['bigint', 18446744073709551615n, '18446744073709551615'],
  ['double', 0.1, '0.1'],
  ['double', null, 'null'],
  ['decimal', '7.90', '7.90'],
  ['datetime', 1767261600000, '2026-01-01T10:00:00'],
  ['timestamp', 1767261600123.456, '2026-01-01T10:00:00.123456Z'],
  ['boolean', true, 'true'],
  ['bytes', Uint8Array.of(0, 255), '0x00ff'],
  ['bytes', new Uint8Array(2000), `0x${'00'.repeat(16)}… (2,000 bytes)`],
  ['text', 'a\nb\t\u001b[31m', 'a\\nb\\t\\u001b[31m'],
  ['text', 'left\u202eright \ud800', 'left\\u202eright \\ud800'],
  ['text', '👩‍⚕️ é', '👩‍⚕️ é'],
])('%s %s is shown as %s', (kind, value, text) => {
  expect(formatValue(kind, value, { masked: false })).toBe(text)
})

test('a masked value is three dots whatever it is, a masked null is null', () => {
  expect(formatValue('int', 5, { masked: true })).toBe('•••')
  expect(formatValue('text', '', { masked: true })).toBe('•••')
  expect(formatValue('text', null, { masked: true })).toBe('null')
})

test.each([
  [0, '1970-01-01T00:00:00'],
  [-1, '1969-12-31T23:59:59.999'],
  [-0.001, '1969-12-31T23:59:59.999999'],
  [0.001, '1970-01-01T00:00:00.000001'],
  [253402300799999, '9999-12-31T23:59:59.999'],
  [8.64e15 + 1, '8640000000000001'],
  [Number.NaN, 'NaN'],
])('%s milliseconds are %s', (ms, text) => {
  expect(isoTime(ms)).toBe(text)
})
