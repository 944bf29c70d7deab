import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ObslabError } from '../../src/errors.js'
import { VarintReader, varintSize, writeVarint } from '../../src/log/varint.js'

function encode(value: number): Uint8Array {
  const bytes = new Uint8Array(varintSize(value))
  expect(writeVarint(bytes, 0, value)).toBe(bytes.length)
  return bytes
}

describe('varints', () => {
  test.each([
    [0, [0]],
    [-1, [1]],
    [1, [2]],
    [63, [126]],
    [-64, [127]],
    [64, [128, 1]],
    [300, [216, 4]],
    [2147483647, [254, 255, 255, 255, 15]],
    [-2147483648, [255, 255, 255, 255, 15]],
  ])('%i is written and read as Kafka writes it', (value, bytes) => {
    expect([...encode(value)]).toEqual(bytes)
    expect(new VarintReader(Uint8Array.from(bytes)).int32()).toBe(value)
    expect(new VarintReader(Uint8Array.from(bytes)).int64()).toBe(value)
  })

  test('every integer within 2^52 is read back', () => {
    fc.assert(
      fc.property(fc.integer({ min: -(2 ** 52), max: 2 ** 52 - 1 }), value => {
        expect(new VarintReader(encode(value)).int64()).toBe(value)
      }),
    )
  })

  test.each([
    ['cut short', [0x80], 'int32', 'batch-corrupt'],
    ['empty', [], 'int64', 'batch-corrupt'],
    ['longer than 32 bits', [255, 255, 255, 255, 255, 1], 'int32', 'batch-corrupt'],
    ['longer than 64 bits', [255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1], 'int64', 'batch-corrupt'],
    [
      'beyond what a number holds',
      [255, 255, 255, 255, 255, 255, 255, 255, 127],
      'int64',
      'batch-unsupported',
    ],
  ] as const)('a varint %s is a named error', (_, bytes, method, code) => {
    const read = (): number => new VarintReader(Uint8Array.from(bytes))[method]()
    expect(read).toThrow(ObslabError)
    expect(read).toThrow(expect.objectContaining({ code }))
  })
})
