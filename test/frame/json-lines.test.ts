import { expect, test } from 'vitest'
import { columnOf } from '../../src/frame/column-builder.js'
import { Frame } from '../../src/frame/frame.js'

test('JSON lines have bigints as integers, decimals as text, times as milliseconds, bytes as base64, nulls present', () => {
  const frame = Frame.fromColumns([
    columnOf('id', [18446744073709551615n, null]),
    columnOf('amount', ['7.90', null], { kind: 'decimal' }),
    columnOf('at', [1767261600000.5, null], { kind: 'timestamp' }),
    columnOf('data', [Uint8Array.of(1, 2), null]),
    columnOf('text', ['"\n\ud800', null]),
    columnOf('name', ['Amina', null], { sensitive: true }),
  ])
  expect(frame.jsonLines()).toBe(
    '{"id":18446744073709551615,"amount":"7.90","at":1767261600000.5,"data":"AQI=","text":"\\"\\n\\ud800","name":"•••"}\n' +
      '{"id":null,"amount":null,"at":null,"data":null,"text":null,"name":null}\n',
  )
  expect(frame.jsonLines({ unmask: true })).toContain('"name":"Amina"')
})

test.each([Number.NaN, Number.POSITIVE_INFINITY])('%s, which JSON cannot write, is refused', value => {
  expect(() => Frame.from([{ ratio: value }]).jsonLines()).toThrow("column 'ratio' holds one")
})
