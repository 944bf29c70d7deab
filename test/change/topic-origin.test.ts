import { expect, test } from 'vitest'
import { SchemaPrefixes } from '../../src/change/schema-prefix.js'
import { topicOrigin } from '../../src/change/topic-origin.js'
import { readRecording } from './recordings/read.js'

const none = { connector: null, prefix: null, server: null }

test('recorded changes tell connector, prefix and server, as far as they carry them', async () => {
  for (const name of ['plain', 'schema', 'modes'] as const) {
    const topics = await readRecording(name)
    const of = (topic: string) => topicOrigin(topic, topics.get(topic)!, new SchemaPrefixes())
    expect(of(`${name}.obslab_capture.moved`)).toEqual({ connector: 'mysql', prefix: name, server: 223344 })
    expect(of(name)).toMatchObject({ connector: 'mysql', prefix: name })
    expect(of(`${name}.transaction`)).toEqual({ ...none, prefix: name })
  }
  const unwrapped = (await readRecording('unwrapped')).get('unwrapped.obslab_capture.moved')!
  expect(topicOrigin('any', unwrapped, new SchemaPrefixes())).toEqual({ ...none, server: 223344 })
})

test('snapshot rows, which name no server, leave it open', async () => {
  const records = (await readRecording('plain')).get('plain.obslab_capture.moved')!
  const first = topicOrigin('any', records.slice(0, 1), new SchemaPrefixes())
  expect(first).toEqual({ connector: 'mysql', prefix: 'plain', server: null })
})

test('a heartbeat’s prefix is in its topic’s name; what cannot be read says nothing', () => {
  expect(topicOrigin('__debezium-heartbeat.a.b', [], new SchemaPrefixes())).toEqual({
    ...none,
    prefix: 'a.b',
  })
  const record = { topic: 'x', partition: 0, offset: 0, timestamp: 0, key: null, headers: [] }
  const values = [null, Buffer.from('hello'), Buffer.from([0, 0, 0, 0, 1, 2])]
  const sample = values.map(value => ({ ...record, value }))
  expect(topicOrigin('x', sample, new SchemaPrefixes())).toEqual(none)
})
