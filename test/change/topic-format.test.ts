import { expect, test } from 'vitest'
import { SchemaPrefixes } from '../../src/change/schema-prefix.js'
import { formatOf, formatsText } from '../../src/change/topic-format.js'
import { readRecording } from './recordings/read.js'

test('recorded keys and values are told to be JSON with or without schema, wrapped or not', async () => {
  const formats = async (name: 'plain' | 'schema' | 'unwrapped'): Promise<string[]> => {
    const records = (await readRecording(name)).get(`${name}.obslab_capture.moved`)!
    const schemas = new SchemaPrefixes()
    return (['key', 'value'] as const).map(part =>
      formatsText(records.map(record => formatOf(record[part], schemas))),
    )
  }
  expect(await formats('plain')).toEqual(['json', 'json'])
  expect(await formats('schema')).toEqual(['json+schema', 'json+schema'])
  expect(await formats('unwrapped')).toEqual(['json', 'unwrapped json'])
})

test.each<[string, Uint8Array | null, string]>([
  ['nothing', null, 'none'],
  ['a row', Buffer.from('{"id":1}'), 'json'],
  ['a row with its deletion', Buffer.from('{"id":1,"__deleted":"false"}'), 'unwrapped json'],
  [
    'an unwrapped row beside its schema',
    Buffer.from('{"schema":{"type":"struct","fields":[]},"payload":{"__op":"c"}}'),
    'unwrapped json+schema',
  ],
  ['the offset of a connector', Buffer.from('["a",{"server":"b"}]'), 'json'],
  ['a word', Buffer.from('hello'), 'text'],
  ['a number that may be text as well', Buffer.from('42'), 'text'],
  ['the wire format of Avro', Buffer.from([0, 0, 0, 0, 7, 2, 4]), 'avro'],
  ['bytes', Buffer.from([0xff, 0xfe, 1]), 'bytes'],
])('%s (constructed)', (_, bytes, format) => {
  expect(formatOf(bytes, new SchemaPrefixes())).toBe(format)
})

test('several formats are all named, and none only where there is nothing else', () => {
  expect(formatsText(['none', 'none'])).toBe('none')
  expect(formatsText(['json', 'none', 'avro', 'json'])).toBe('avro, json')
})
