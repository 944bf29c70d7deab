import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { cascadingColumns } from '../../src/change/change-findings.js'
import { topicFindingCodes } from '../../src/change/topic-finding-codes.js'
import type { Finding } from '../../src/finding.js'
import type { KafkaRecord } from '../../src/source/record.js'
import { edited, type Reading, readTopic } from './recordings/reading.js'

const found = async (reading: Reading, code: string): Promise<Finding | undefined> =>
  (await findings(reading)).find(finding => finding.code === code)

const findings = async (reading: Reading): Promise<readonly Finding[]> =>
  (await readTopic(reading)).reader.findings

const again = (records: readonly KafkaRecord[]): readonly KafkaRecord[] => [...records, ...records.slice(2)]
const withoutDeletes = (records: readonly KafkaRecord[]): readonly KafkaRecord[] =>
  records.filter(({ value }) => value === null || !Buffer.from(value).includes('"op":"d"'))
/** The first update once more, as another server would have logged it, further back. */
const failedOver = (records: readonly KafkaRecord[]): readonly KafkaRecord[] => {
  const update = records
    .filter(({ value }) => value !== null && Buffer.from(value).includes('"op":"u"'))
    .slice(0, 1)
  return [...records, ...edited('"gtid":"', '"gtid":"f')(edited('"pos":', '"pos":4,"was":')(update))]
}

const surprises: readonly [string, string, Reading, object][] = [
  [
    'redelivered',
    'a block written twice',
    { recording: 'plain', topic: 'obslab_capture.moved', changed: again },
    {},
  ],
  [
    're-snapshot',
    'a connector registered anew',
    { recording: 'whole', topic: 'surprises.ward' },
    { count: 1 },
  ],
  [
    'incremental-snapshot',
    'an incremental snapshot',
    { recording: 'plain', topic: 'obslab_capture.moved' },
    { count: 3, first: [15, 16, 17].map(offset => expect.objectContaining({ offset })) },
  ],
  [
    'server-changed',
    'another server’s change from further back (constructed from a recorded one)',
    { recording: 'plain', topic: 'obslab_capture.big_keys', changed: failedOver },
    { count: 1 },
  ],
  ['truncated', 'TRUNCATE', { recording: 'plain', topic: 'obslab_capture.emptied' }, { count: 1 }],
  [
    'truncated-in-partitions',
    'TRUNCATE of a spread table',
    { recording: 'whole', topic: 'surprises.spread' },
    {},
  ],
  [
    'tombstone-without-delete',
    'deletes compacted away',
    { recording: 'plain', topic: 'obslab_capture.moved', changed: withoutDeletes },
    { count: 3 },
  ],
  [
    'delete-without-tombstone',
    'tombstones.on.delete=false',
    { recording: 'whole', topic: 'surprises.ward' },
    { count: 2 },
  ],
  [
    'key-changed',
    'UPDATE of a primary key',
    { recording: 'schema', topic: 'obslab_capture.moved' },
    { count: 1 },
  ],
  ['key-null', 'a table without a key', { recording: 'plain', topic: 'obslab_capture.no_key' }, { count: 4 }],
  [
    'key-differs',
    'a definition with another key',
    {
      recording: 'whole',
      topic: 'surprises.visit_log',
      definition: { columns: [], key: ['day'] },
    },
    { columns: ['day', 'ward'] },
  ],
  [
    'unwrapped',
    'the transform with all fields',
    { recording: 'rewritten', topic: 'surprises.ward' },
    { count: 11 },
  ],
  [
    'unwrapped-without-op',
    'the transform as it comes',
    { recording: 'bare', topic: 'surprises.ward' },
    { count: 9 },
  ],
  [
    'unwrapped-without-position',
    'the transform as it comes',
    { recording: 'bare', topic: 'surprises.ward' },
    { count: 9 },
  ],
  [
    'unwrapped-tombstone',
    'the transform as it comes',
    { recording: 'bare', topic: 'surprises.ward' },
    { count: 2 },
  ],
  [
    'columns-changed',
    'ALTER TABLE',
    { recording: 'maria', topic: 'surprises.ward' },
    { count: 2, columns: ['floor'] },
  ],
  [
    'column-unknown',
    'an ALTER TABLE that the connector’s DDL lacks',
    { recording: 'bare', topic: 'surprises.ward' },
    { columns: ['floor'] },
  ],
  [
    'types-inferred',
    'neither schema nor DDL',
    { recording: 'plain', topic: 'obslab_capture.moved', ddl: false },
    { columns: ['id', 'v'] },
  ],
  ['times-in-seconds', 'MariaDB', { recording: 'maria', topic: 'surprises.ward' }, {}],
  [
    'cascade-possible',
    'ON UPDATE CASCADE',
    { recording: 'maria', topic: 'surprises.bed' },
    { columns: ['ward_id'] },
  ],
  ['transaction-without-end', 'DDL on MariaDB', { recording: 'maria', topic: 'transaction' }, { count: 3 }],
  [
    'quarantined',
    'an op that nobody knows (constructed)',
    { recording: 'plain', topic: 'obslab_capture.moved', changed: edited('"op":"u"', '"op":"x"') },
    { count: 3 },
  ],
  [
    'partial-row',
    'Debezium’s placeholder for a value it does not have (constructed)',
    {
      recording: 'plain',
      topic: 'obslab_capture.altered',
      changed: edited('"same transaction"', '"__debezium_unavailable_value"'),
    },
    { count: 1 },
  ],
]

describe('what a topic holds is found', () => {
  test.each(surprises)('%s: %s', async (code, _, reading, evidence) => {
    expect(await found(reading, code)).toMatchObject({ code, evidence })
  })

  test('and nothing is where nothing surprises', async () => {
    for (const topic of ['obslab_capture.big_keys', 'obslab_capture.debezium_signal', 'transaction', ''])
      expect(await findings({ recording: 'plain', topic })).toEqual([])
  })

  test('a finding never quotes a row', async () => {
    const all = await Promise.all(surprises.map(([, , reading]) => findings(reading)))
    const told = all.flat().map(({ sentence }) => sentence)
    expect(told.length).toBeGreaterThan(surprises.length)
    for (const value of ['east', 'same transaction', '71.25'])
      expect(told.filter(sentence => sentence.includes(value))).toEqual([])
  })

  test('MySQL’s times with milliseconds are no finding', async () => {
    expect(await found({ recording: 'whole', topic: 'surprises.ward' }, 'times-in-seconds')).toBeUndefined()
  })

  test('records without a key are no finding where the definition names one', async () => {
    const definition = { columns: [], key: ['a'] }
    expect(await findings({ recording: 'plain', topic: 'obslab_capture.no_key', definition })).toEqual([])
  })
})

test('every code is raised by a test', () => {
  const own = new Set(surprises.map(([code]) => code))
  const folders = ['change', 'frame', 'pipeline', '.'].map(folder =>
    path.join(import.meta.dirname, '..', folder),
  )
  const others = folders.flatMap(folder =>
    readdirSync(folder)
      .filter(name => name.endsWith('.test.ts') && !name.startsWith('topic-finding'))
      .map(name => readFileSync(path.join(folder, name), 'utf8')),
  )
  const raised = (code: string): boolean => own.has(code) || others.some(text => text.includes(`'${code}'`))
  expect(Object.keys(topicFindingCodes).filter(code => !raised(code))).toEqual([])
})

describe('the columns that a foreign key may change are read from DDL', () => {
  const columns = (ddl: string): readonly string[] =>
    cascadingColumns([{ position: null, ddl, columns: [], key: [] }])

  test.each<[string, string, string[]]>([
    ['ON UPDATE CASCADE', 'FOREIGN KEY (`a`) REFERENCES `p` (`id`) ON UPDATE CASCADE', ['a']],
    [
      'after ON DELETE RESTRICT',
      'FOREIGN KEY (a) REFERENCES p (id) ON DELETE RESTRICT ON UPDATE CASCADE',
      ['a'],
    ],
    ['ON DELETE SET NULL', 'foreign key k (a, b) references d.p (x, y) on delete set null', ['a', 'b']],
    ['RESTRICT', 'FOREIGN KEY (a) REFERENCES p (id) ON UPDATE RESTRICT ON DELETE NO ACTION', []],
    [
      'of the next key',
      'FOREIGN KEY (a) REFERENCES p (id), FOREIGN KEY (b) REFERENCES q (id) ON DELETE CASCADE',
      ['b'],
    ],
    ['in a comment', "COMMENT 'FOREIGN KEY (a) REFERENCES p (id) ON UPDATE CASCADE'", []],
    ['of a time', 'at TIMESTAMP ON UPDATE CURRENT_TIMESTAMP', []],
  ])('%s', (_, ddl, expected) => {
    expect(columns(ddl)).toEqual(expected)
  })
})
