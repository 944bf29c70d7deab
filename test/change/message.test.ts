import { expect, test } from 'vitest'
import { positionOf } from '../../src/change/envelope.js'
import type { JsonObject } from '../../src/change/json.js'
import { readMessage } from '../../src/change/message.js'

const source = { connector: 'mysql', file: 'bin.1', pos: 4, ts_ms: 1 }

test.each<[string, JsonObject, object]>([
  ['a heartbeat', { ts_ms: 5 }, { kind: 'heartbeat', time: 5 }],
  [
    'the begin of a transaction',
    { status: 'BEGIN', id: 'u:1', event_count: null, data_collections: null, ts_ms: 5 },
    { kind: 'transaction', status: 'BEGIN', id: 'u:1', eventCount: null, tables: [], time: 5 },
  ],
  [
    'the end of a transaction',
    {
      status: 'END',
      id: 'u:1',
      event_count: 2,
      data_collections: [{ data_collection: 'd.t', event_count: 2 }],
    },
    {
      kind: 'transaction',
      status: 'END',
      eventCount: 2,
      tables: [{ name: 'd.t', eventCount: 2 }],
      time: null,
    },
  ],
  [
    'a DDL statement of a table with odd names',
    {
      source,
      databaseName: 'd',
      ddl: 'x',
      tableChanges: [
        {
          type: 'ALTER',
          id: '"d"."a.b""c"',
          previousId: '"d"."old"',
          table: { columns: [{ name: 'id' }], primaryKeyColumnNames: ['id'] },
        },
      ],
    },
    {
      kind: 'schema-change',
      ddl: 'x',
      tables: [
        {
          type: 'ALTER',
          database: 'd',
          table: 'a.b"c',
          previous: { database: 'd', table: 'old' },
          key: ['id'],
          columns: [{ name: 'id' }],
        },
      ],
    },
  ],
  [
    'a DDL statement that changed no table',
    { source, databaseName: 'd', ddl: 'CREATE DATABASE d', tableChanges: [] },
    { tables: [] },
  ],
])('%s is read (constructed)', (_, payload, expected) => {
  expect(readMessage(payload, positionOf)).toMatchObject(expected)
})

test.each<[string, JsonObject]>([
  ['a row', { id: 1, status: 'BEGIN' }],
  ['a row with a time among its columns', { id: 1, ts_ms: 5 }],
  [
    'the connector’s own memory of DDL',
    { source: { server: 'a' }, position: { file: 'bin.1' }, ddl: 'x', tableChanges: [] },
  ],
  ['an empty object', {}],
])('%s is no message (constructed)', (_, payload) => {
  expect(readMessage(payload, positionOf)).toBeNull()
})
