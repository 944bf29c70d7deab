import { expect, test } from 'vitest'
import { columnOf } from '../../src/frame/column-builder.js'
import { Frame } from '../../src/frame/frame.js'
import { textWidth } from '../../src/frame/text-width.js'

const people = Frame.fromColumns([
  columnOf('id', [18446744073709551615n, 7n, null]),
  columnOf('name', ['Amina', null, 'Otieno'], { sensitive: true }),
  columnOf('seen', [1767261600000, 0, null], { kind: 'datetime' }),
  columnOf('changed', [1767261600000.5, 0, null], { kind: 'timestamp' }),
  columnOf('note', ['日本 😀', 'x'.repeat(60), 'a\nb'], { kind: 'text' }),
])

test('a frame is an aligned table: all digits, numbers right, zones said, sensitive values masked', () => {
  expect(people.text({ width: 200 })).toBe(
    [
      '                  id  name          seen                 changed                      note',
      '              bigint  text, masked  datetime (local)     timestamp (UTC)              text',
      '────────────────────  ────────────  ───────────────────  ───────────────────────────  ────────────────────────────────────────',
      '18446744073709551615  •••           2026-01-01T10:00:00  2026-01-01T10:00:00.000500Z  日本 😀',
      '                   7  null          1970-01-01T00:00:00  1970-01-01T00:00:00Z         xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…',
      '                null  •••           null                 null                         a\\nb',
    ].join('\n'),
  )
})

test('unmask shows sensitive values', () => {
  expect(people.text()).not.toContain('Amina')
  expect(people.text({ unmask: true })).toContain('Amina')
})

test('the first rows are shown and the others counted', () => {
  const many = Frame.from(Array.from({ length: 1254 }, (_, i) => ({ i })))
  expect(many.text().split('\n')).toHaveLength(3 + 20 + 1)
  expect(many.text()).toMatch(/… and 1,234 more rows$/)
  expect(many.text({ limit: 1253 })).toMatch(/… and 1 more row$/)
})

test('columns that do not fit in the width are named below, and no line is wider', () => {
  const text = people.text({ width: 60 })
  expect(text).toContain('… and 2 more columns: changed, note')
  for (const line of text.split('\n')) expect(textWidth(line)).toBeLessThanOrEqual(60)
})

test('a wide character does not push the columns after it out of line', () => {
  const frame = Frame.from([
    { a: '日本', b: 'x' },
    { a: 'abcd', b: 'x' },
  ])
  const [first, second] = frame.text().split('\n').slice(3)
  expect(textWidth(first!.slice(0, first!.lastIndexOf('x')))).toBe(second!.lastIndexOf('x'))
})

test('an empty frame says so', () => {
  expect(people.head(0).text()).toMatch(/no rows$/)
  expect(Frame.from([]).text()).toBe('a frame without columns')
})
