import { expect, test } from 'vitest'
import { topicKind } from '../../src/change/topic-kind.js'
import type { KafkaRecord } from '../../src/source/record.js'
import { readRecording } from './recordings/read.js'

test('recorded topics are told by their records', async () => {
  for (const name of ['plain', 'schema', 'modes', 'unwrapped'] as const) {
    const kinds = Object.fromEntries(
      [...(await readRecording(name))].map(([topic, records]) => [
        topic.slice(name.length),
        topicKind('any', records.slice(0, 3)),
      ]),
    )
    expect(kinds).toEqual({
      '': 'schema-changes',
      '.transaction': 'transactions',
      ...Object.fromEntries(
        ['altered', 'big_keys', 'emptied', 'moved', 'no_key', 'two_keys', 'types'].map(table => [
          `.obslab_capture.${table}`,
          'table',
        ]),
      ),
      '.obslab_capture.debezium_signal': 'signals',
    })
  }
})

test.each([
  ['__debezium-heartbeat.dbserver1', 'heartbeats'],
  ['dbserver1.transaction', 'transactions'],
  ['dbserver1.openmrs.obs', 'table'],
  ['connect-offsets', 'connect-internal'],
  ['my_connect_configs', 'connect-internal'],
  ['connect-status', 'connect-internal'],
  ['dbserver1', 'unknown'],
])('%s without records is told by its name: %s', (name, kind) => {
  expect(topicKind(name, [])).toBe(kind)
})

function record(key: string | null, value: string | null): KafkaRecord {
  const bytes = (text: string | null): Buffer | null => (text === null ? null : Buffer.from(text))
  return {
    topic: 'any',
    partition: 0,
    offset: 0,
    timestamp: 0,
    key: bytes(key),
    value: bytes(value),
    headers: [],
  }
}

test.each<[string, string | null, string | null, string]>([
  [
    'an offset of Connect',
    '["dbserver1",{"server":"dbserver1"}]',
    '{"file":"mysql-bin.000003","pos":4}',
    'connect-internal',
  ],
  ['a configuration of Connect', 'connector-dbserver1', '{"properties":{}}', 'connect-internal'],
  ['a status of Connect', 'status-task-dbserver1-0', '{"state":"RUNNING"}', 'connect-internal'],
  [
    'the connector’s memory of DDL',
    null,
    '{"source":{"server":"a"},"position":{"file":"b.1"},"databaseName":"c","ddl":"","tableChanges":[]}',
    'schema-history',
  ],
  ['a heartbeat', '{"serverName":"dbserver1"}', '{"ts_ms":1795368317741}', 'heartbeats'],
  ['a row nobody wrapped', '{"id":1}', '{"id":1}', 'unknown'],
  ['text', null, 'hello', 'unknown'],
  ['only tombstones', '{"id":1}', null, 'unknown'],
])('%s (constructed) makes the topic %4$s', (_, key, value, kind) => {
  expect(topicKind('any', [record(key, value)])).toBe(kind)
})
