import { expect, test } from 'vitest'
import { columnOf } from '../../src/frame/column-builder.js'
import { Frame } from '../../src/frame/frame.js'
import { jsonValue } from '../../src/frame/json-value.js'

test.each([
  [5n, 5],
  [2n ** 63n, '9223372036854775808'],
  [Uint8Array.of(1, 2), 'AQI='],
  [Number.NaN, null],
  ['text', 'text'],
  [null, null],
])('%s stands in JSON as %j', (value, json) => {
  expect(jsonValue(value)).toBe(json)
})

test('JSON.stringify of a frame gives its rows, masked', () => {
  const name = columnOf('name', ['Amina', null], { sensitive: true })
  const frame = Frame.fromColumns([columnOf('id', [1n, 2n]), name])
  expect(JSON.parse(JSON.stringify(frame))).toEqual([
    { id: 1, name: '•••' },
    { id: 2, name: null },
  ])
})
