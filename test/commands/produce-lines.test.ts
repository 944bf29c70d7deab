import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type LineFormat, LineSplitter, recordOfLine } from '../../src/commands/produce-lines.js'

function split(text: Buffer, cuts: readonly number[]): string[] {
  const splitter = new LineSplitter()
  const at = [...cuts.map(cut => cut % (text.length + 1)), 0, text.length].sort((a, b) => a - b)
  const lines = at.slice(1).flatMap((end, i) => splitter.push(text.subarray(at[i], end)))
  return [...lines, ...splitter.end()].map(line => line.toString())
}

test('lines are the same wherever the bytes are cut', () => {
  const line = fc.string({ unit: 'grapheme' }).map(text => text.replaceAll(/[\n\r]/g, ' '))
  fc.assert(
    fc.property(fc.array(line), fc.array(fc.nat()), fc.boolean(), (lines, cuts, windows) => {
      const end = windows ? '\r\n' : '\n'
      const text = Buffer.from(lines.map(one => `${one}${end}`).join(''))
      expect(split(text, cuts)).toEqual(lines)
    }),
  )
})

test('the last line needs no end', () => {
  expect(split(Buffer.from('a\nb'), [])).toEqual(['a', 'b'])
})

const texts = (line: string, format: LineFormat): object => {
  const { key, value, headers } = recordOfLine(Buffer.from(line), 1, format)
  return { key: key?.toString() ?? null, value: value?.toString() ?? null, ...(headers && { headers }) }
}

test.each<[string, LineFormat, object]>([
  ['only a value', {}, { key: null, value: 'only a value' }],
  ['k:v:w', { keySeparator: ':' }, { key: 'k', value: 'v:w' }],
  ['ключ→значение', { keySeparator: '→' }, { key: 'ключ', value: 'значение' }],
  ['k:', { keySeparator: ':' }, { key: 'k', value: null }],
  [':v', { keySeparator: ':' }, { key: '', value: 'v' }],
  ['{"key":{"id":1},"value":"x"}', { jsonLines: true }, { key: '{"id":1}', value: 'x' }],
  ['{"key":"k","value":null}', { jsonLines: true }, { key: 'k', value: null }],
  ['{"value":""}', { jsonLines: true }, { key: null, value: '' }],
  [
    '{"key":7,"value":{"big":9007199254740993,"price":1.10},"headers":{"by":"me"}}',
    { jsonLines: true },
    { key: '7', value: '{"big":9007199254740993,"price":1.10}', headers: { by: 'me' } },
  ],
])('%s is read', (line, format, record) => {
  expect(texts(line, format)).toEqual(record)
})

test('a value keeps its bytes, also those that are no text', () => {
  const bytes = Buffer.from([0x6b, 0x3a, 0xff, 0x00, 0xc3])
  expect(recordOfLine(bytes, 1, { keySeparator: ':' }).value).toEqual(Buffer.from([0xff, 0x00, 0xc3]))
})

test.each<[string, LineFormat, string]>([
  ['', {}, 'it is empty'],
  ['secret', { keySeparator: ':' }, "found no ':'"],
  ['{"key":"secret"', { jsonLines: true }, 'it is not JSON'],
  ['"secret"', { jsonLines: true }, 'expected an object'],
  ['{"key":"secret"}', { jsonLines: true }, 'expected a value'],
  ['{"value":null}', { jsonLines: true }, 'a tombstone needs a key'],
  ['{"valu":1,"value":"secret"}', { jsonLines: true }, 'found another'],
  ['{"value":"secret","headers":{"a":1}}', { jsonLines: true }, 'headers to be an object of texts'],
])('%j is refused with the number of its line, and without what is in it', (line, format, told) => {
  const read = (): unknown => recordOfLine(Buffer.from(line), 17, format)
  expect(read).toThrow(told)
  expect(read).toThrow('Line 17 cannot be produced')
  expect(read).not.toThrow('secret')
})
