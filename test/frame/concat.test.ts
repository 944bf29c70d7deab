import { expect, test } from 'vitest'
import { Frame } from '../../src/frame/frame.js'

test('frames are put one below the other by column name, int with double as double, int with bigint as bigint', () => {
  const first = Frame.from([{ a: 1, b: 1, c: 'x' }])
  const second = Frame.from([{ c: 'y', b: 2n, a: 0.5 }]) as unknown as typeof first
  const both = first.concat(second)
  expect(both.rows()).toEqual([
    { a: 1, b: 1n, c: 'x' },
    { a: 0.5, b: 2n, c: 'y' },
  ])
  expect(both.columns.map(column => column.kind)).toEqual(['double', 'bigint', 'text'])
})

test('frames with different columns or kinds are refused', () => {
  const a: Frame = Frame.from([{ a: 1 }])
  expect(() => a.concat(Frame.from([{ b: 1 }]) as unknown as Frame)).toThrow(
    'missing: a; only in the later one: b',
  )
  expect(() => a.concat(Frame.from([{ a: 'x' }]) as unknown as Frame)).toThrow(
    "Column 'a' is int in one frame and text",
  )
})
