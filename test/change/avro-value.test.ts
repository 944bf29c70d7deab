import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseAvroSchema } from '../../src/change/avro-schema.js'
import { avroDecoder } from '../../src/change/avro-value.js'
import type { JsonValue } from '../../src/change/json.js'
import { failure } from '../source/failure.js'
import { avroSchemaOf, avscType, avscValue, type WrittenSchema } from './avro-converter.js'

function decode(schema: string, hex: string): JsonValue {
  return avroDecoder(parseAvroSchema(schema))(Buffer.from(hex.replaceAll(' ', ''), 'hex'))
}

test.each([
  ['"long"', '00', 0],
  ['"long"', '01', -1],
  ['"long"', '02', 1],
  ['"int"', '03', -2],
  ['"int"', '7f', -64],
  ['"int"', '80 01', 64],
  ['"string"', '06 66 6f 6f', 'foo'],
  [
    '{"type":"record","name":"test","fields":[{"name":"a","type":"long"},{"name":"b","type":"string"}]}',
    '36 06 66 6f 6f',
    { a: 27, b: 'foo' },
  ],
  ['{"type":"array","items":"long"}', '04 06 36 00', [3, 27]],
  ['["null","string"]', '00', null],
  ['["null","string"]', '02 02 61', 'a'],
])('the example of the Avro specification, %s as %s, is %j', (schema, hex, value) => {
  expect(decode(schema, hex)).toEqual(value)
})

test.each([
  ['"long"', 'feffffffffffffffff01', 9223372036854775807n],
  ['"long"', 'ffffffffffffffffff01', -9223372036854775808n],
  ['"long"', 'feffffffffffff1f', 9007199254740991],
  ['"long"', '8080808080808020', 9007199254740992n],
  ['"int"', 'feffffff0f', 2147483647],
  ['"int"', 'ffffffff0f', -2147483648],
  ['"float"', 'cdcccc3d', 0.1],
  ['"float"', '0000c03f', 1.5],
  ['"float"', 'ffff7f7f', 3.4028235e38],
  ['"double"', '9a9999999999b93f', 0.1],
  ['"boolean"', '01', true],
  ['"bytes"', '04 00ff', 'AP8='],
  ['{"type":"fixed","name":"f","size":2}', '00ff', 'AP8='],
  ['{"type":"enum","name":"e","symbols":["a","b"]}', '02', 'b'],
  ['{"type":"map","values":"int"}', '02 02 61 04 00', { a: 2 }],
  ['{"type":"array","items":"int"}', '03 04 02 04 02 06 00', [1, 2, 3]],
  ['["null","int","string"]', '02 0e', { int: 7, string: null }],
  ['["null","int","string"]', '00', null],
  [
    '{"type":"record","name":"n","fields":[{"name":"next","type":["null","n"]}]}',
    '02 00',
    { next: { next: null } },
  ],
] as [string, string, JsonValue][])('%s of %s is read as %s', (schema, hex, value) => {
  expect(decode(schema, hex)).toEqual(value)
})

test.each([
  ['"string"', '06 66 6f', 'an end in the middle of a value'],
  ['"string"', '01', 'a negative length'],
  ['"string"', '04 c328', 'a string that is not UTF-8'],
  ['"int"', '', 'an end in the middle of a value'],
  ['"long"', 'ffffffffffffffffffffff01', 'an integer of more than 64 bits'],
  ['"double"', '00', 'an end in the middle of a value'],
  ['"boolean"', '02', 'a boolean that is neither 0 nor 1'],
  ['"int"', '02 00', 'bytes after its end'],
  ['["null","int"]', '04 02', 'a branch that it does not have'],
  ['{"type":"enum","name":"e","symbols":["a"]}', '02', 'a symbol that it does not have'],
  ['{"type":"array","items":"null"}', 'feffffff0f 00', 'more items than it has bytes'],
  [
    '{"type":"record","name":"n","fields":[{"name":"next","type":["null","n"]}]}',
    '02'.repeat(100_000),
    'a value nested too deeply',
  ],
])('%s of other bytes is refused, telling none of them', (schema, hex, found) => {
  expect(failure(() => decode(schema, hex))).toMatchObject({
    code: 'avro-unreadable',
    message: `Expected Avro as its schema says, found ${found}.`,
  })
})

interface Written {
  schema: WrittenSchema
  value: JsonValue
}

const long = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(value => {
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : value
})
const bytes = fc.uint8Array({ maxLength: 9 }).map(value => Buffer.from(value).toString('base64'))
const leaves: fc.Arbitrary<Written>[] = [
  fc.integer().map(value => ({ schema: { type: 'int32' }, value })),
  fc.oneof(long, fc.integer()).map(value => ({ schema: { type: 'int64' }, value })),
  fc.double({ noNaN: true }).map(value => ({ schema: { type: 'double' }, value })),
  fc.boolean().map(value => ({ schema: { type: 'boolean' }, value })),
  fc.string({ unit: 'grapheme' }).map(value => ({ schema: { type: 'string' }, value })),
  bytes.map(value => ({ schema: { type: 'bytes' }, value })),
]
let named = 0
const { written } = fc.letrec<{ written: Written; optional: Written; array: Written; struct: Written }>(
  tie => ({
    written: fc.oneof({ maxDepth: 3 }, ...leaves, tie('optional'), tie('array'), tie('struct')),
    optional: fc
      .tuple(fc.oneof(...leaves, tie('struct')), fc.boolean())
      .map(([{ schema, value }, isNull]) => ({
        schema: { ...schema, optional: true },
        value: isNull ? null : value,
      })),
    array: fc.tuple(tie('written'), fc.nat(3)).map(([{ schema, value }, length]) => ({
      schema: { type: 'array', items: schema },
      value: Array.from({ length }, () => value),
    })),
    struct: fc.array(tie('written'), { maxLength: 5 }).map(fields => ({
      schema: {
        type: 'struct',
        name: `x.N${named++}`,
        fields: fields.map(({ schema }, i) => ({ ...schema, field: `f${i}` })),
      },
      value: Object.fromEntries(fields.map(({ value }, i) => [`f${i}`, value])),
    })),
  }),
)

test('whatever avsc writes is read as it was, and cut short or with more after it is refused', () => {
  fc.assert(
    fc.property(written, fc.nat(), ({ schema, value }, cut) => {
      const avro = avroSchemaOf(schema)
      const bytes = avscType(avro).toBuffer(avscValue(schema, value))
      const read = avroDecoder(parseAvroSchema(JSON.stringify(avro)))
      expect(read(bytes)).toEqual(value)
      expect(failure(() => read(Buffer.concat([bytes, Buffer.from([0])])))).toMatchObject({
        code: 'avro-unreadable',
      })
      if (bytes.length > 0)
        expect(failure(() => read(bytes.subarray(0, cut % bytes.length)))).toMatchObject({
          code: 'avro-unreadable',
        })
    }),
    { numRuns: 300 },
  )
})

test('any bytes are a value or refused, whatever the schema', () => {
  fc.assert(
    fc.property(written, fc.uint8Array({ maxLength: 60 }), ({ schema }, random) => {
      const read = avroDecoder(parseAvroSchema(JSON.stringify(avroSchemaOf(schema))))
      try {
        read(Buffer.from(random))
      } catch (error) {
        expect(error).toMatchObject({ code: 'avro-unreadable' })
      }
    }),
    { numRuns: 300 },
  )
})

test('a float is the shortest decimal that rounds to it', () => {
  const read = avroDecoder(parseAvroSchema('"float"'))
  const decimal = fc.tuple(fc.integer({ min: -999_999, max: 999_999 }), fc.integer({ min: -20, max: 20 }))
  fc.assert(
    fc.property(decimal, ([digits, exponent]) => {
      const value = Number(`${digits}e${exponent}`)
      expect(read(avscType('float').toBuffer(value))).toBe(value)
    }),
  )
  fc.assert(
    fc.property(fc.float({ noNaN: true }), value => {
      expect(Math.fround(read(avscType('float').toBuffer(value)) as number)).toBe(value)
    }),
  )
})
