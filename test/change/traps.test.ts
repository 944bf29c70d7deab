import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { RowChange } from '../../src/change/change.js'
import { ChangeReader, type ReadChange } from '../../src/change/change-reader.js'
import type { Row } from '../../src/change/column-type.js'
import { positionOf } from '../../src/change/envelope.js'
import { connectorSettings } from '../../src/change/mysql-type.js'
import { isDeleted } from '../../src/change/topic.js'
import { topicKind } from '../../src/change/topic-kind.js'
import { openmrs } from '../../src/openmrs/openmrs.js'
import type { KafkaRecord } from '../../src/source/record.js'
import { readRecording } from './recordings/read.js'
import { edited, finalRows, readDataset, readTopic } from './recordings/reading.js'

const rowsOf = (changes: readonly ReadChange[]): RowChange[] =>
  changes.flatMap(({ change }) => (change.kind === 'row' ? [change] : []))
const kindsOf = (changes: readonly ReadChange[]): string[] =>
  changes.map(({ change }) => (change.kind === 'row' ? change.op : change.kind))
const values = (rows: ReadonlyMap<string, Row>): Row[] => [...rows.values()]
const codes = ({ reader }: { reader: ChangeReader }): string[] => reader.findings.map(({ code }) => code)
const isOp = (op: string) => (record: KafkaRecord) =>
  record.value !== null && Buffer.from(record.value).includes(`"op":"${op}"`)

describe('envelopes', () => {
  test('an op nobody knows is quarantined, never dropped, and takes its row out until it can be read again', async () => {
    const unknown = edited('"op":"u"', '"op":"x"')
    const { changes, records, reader } = await readTopic({
      recording: 'plain',
      topic: 'obslab_capture.moved',
      changed: unknown,
    })
    const { records: read, quarantined } = reader.counts
    expect([read, quarantined]).toEqual([records.length, 3])
    const set = changes.flatMap(({ change }) => (change.kind === 'quarantined' ? [change] : []))
    expect(set.map(({ key }) => key)).toEqual([{ id: 1 }, { id: 4 }, { id: 6 }])
    expect(set.every(({ source, reason }) => source !== null && reason.includes('op'))).toBe(true)
  })

  test('a delete deletes with its tombstone, without it, and a tombstone alone deletes as well', async () => {
    const moved = { recording: 'plain', topic: 'obslab_capture.moved' } as const
    const rows = values(finalRows((await readTopic(moved)).changes))
    const bare = (records: readonly KafkaRecord[]): readonly KafkaRecord[] =>
      records.filter(({ value }) => value !== null)
    const compacted = (records: readonly KafkaRecord[]): readonly KafkaRecord[] =>
      records.filter(record => !isOp('d')(record))
    const twice = (records: readonly KafkaRecord[]): readonly KafkaRecord[] =>
      records.flatMap(record => (record.value === null ? [record, record] : [record]))
    for (const changed of [bare, compacted, twice])
      expect(values(finalRows((await readTopic({ ...moved, changed })).changes))).toEqual(rows)
  })

  test('records with schema, without and unwrapped give the same rows in one topic', async () => {
    const forms = await Promise.all(
      (['plain', 'schema', 'unwrapped'] as const).map(recording =>
        readTopic({ recording, topic: 'obslab_capture.two_keys' }),
      ),
    )
    const expected = forms.map(({ changes }) => values(finalRows(changes)))
    expect(expected[1]).toEqual(expected[0])
    expect(expected[2]).toEqual(expected[0])
    const reader = new ChangeReader('p.obslab_capture.two_keys')
    const mixed = forms.flatMap(({ records }) => records).map(record => reader.read(record))
    expect(reader.counts.quarantined).toBe(0)
    expect(values(finalRows(mixed))).toEqual(expected[0])
  })

  test('unwrapped as the transform comes, what was lost is found and told with the settings that keep it', async () => {
    const bare = await readTopic({ recording: 'bare', topic: 'surprises.ward' })
    const rewritten = await readTopic({ recording: 'rewritten', topic: 'surprises.ward' })
    expect(kindsOf(bare.changes).join(' ')).toBe('u u u u u u tombstone u tombstone u u')
    expect(kindsOf(rewritten.changes).join(' ')).toBe('r r r u c c d c d u u')
    expect(values(finalRows(bare.changes)).map(({ id }) => id)).toEqual(
      values(finalRows(rewritten.changes)).map(({ id }) => id),
    )
    const lost = ['unwrapped', 'unwrapped-without-op', 'unwrapped-without-position', 'unwrapped-tombstone']
    expect(codes(bare)).toEqual(expect.arrayContaining(lost))
    for (const { code, sentence } of bare.reader.findings.filter(({ code }) => lost.includes(code))) {
      expect([code, sentence]).toEqual([
        code,
        expect.stringContaining('delete.tombstone.handling.mode=rewrite'),
      ])
      expect(sentence).toContain('add.fields=op')
      expect(sentence).toContain('replace.null.with.default=false')
    }
    expect(codes(rewritten).filter(code => lost.includes(code))).toEqual(['unwrapped'])
  })

  test('a NULL that the converter wrote as the column’s default is found, and stays null where it was told not to', async () => {
    const names = async (recording: 'whole' | 'rewritten'): Promise<unknown[]> => {
      const read = await readTopic({ recording, topic: 'surprises.ward' })
      expect(codes(read).includes('null-as-default')).toBe(recording === 'whole')
      return values(finalRows(read.changes)).flatMap(({ id, name }) => (id === 2 || id === 4 ? [name] : []))
    }
    expect(await names('whole')).toEqual(['no name', 'no name'])
    expect(await names('rewritten')).toEqual([null, null])
  })

  test.each(['plain', 'schema', 'modes', 'unwrapped'] as const)(
    'a change of key links the delete and the create of %s records',
    async recording => {
      const read = await readTopic({ recording, topic: 'obslab_capture.two_keys' })
      const linked = rowsOf(read.changes).filter(({ newKey, oldKey }) => (newKey ?? oldKey) !== null)
      const old = { k1: 1, k2: 'a' }
      const now = { k1: 1, k2: 'b' }
      expect(linked.map(({ op, key, newKey, oldKey }) => [op, key, newKey, oldKey])).toEqual([
        ['d', old, now, null],
        ['c', now, null, old],
      ])
      expect(codes(read)).toContain('key-changed')
    },
  )

  test('a truncate clears the table, without a key, and with several partitions it is warned of', async () => {
    const one = await readTopic({ recording: 'plain', topic: 'obslab_capture.emptied' })
    expect(kindsOf(one.changes).join(' ')).toBe('r r truncate c')
    expect(values(finalRows(one.changes))).toEqual([{ id: 3, v: 3 }])
    expect(codes(one)).toEqual(['truncated'])
    const spread = await readTopic({ recording: 'maria', topic: 'surprises.spread' })
    expect(codes(spread)).toEqual(expect.arrayContaining(['truncated', 'truncated-in-partitions']))
  })

  test('rows without a key are told with the ways to give them one, and message.key.columns is a key', async () => {
    const bare = await readTopic({ recording: 'maria', topic: 'surprises.visit_log' })
    expect(bare.reader.findings.find(({ code }) => code === 'key-null')?.sentence).toMatch(
      /topic\(name, schema, \{ key: \[...\] \}\).*message\.key\.columns=/,
    )
    const keyed = await readTopic({ recording: 'whole', topic: 'surprises.visit_log' })
    expect(codes(keyed)).not.toContain('key-null')
    expect(values(finalRows(keyed.changes))).toEqual([{ day: '2026-01-01', ward: 1, visitors: 50 }])
  })

  test('a void is an update whose after counts as deleted, an un-void one whose before did', async () => {
    const { changes } = (await readDataset(['obs'], openmrs)).get('obs')!
    const flips = rowsOf(changes).map(({ op, before, after }) => {
      const [was, is] = [before, after].map(row => row !== null && isDeleted(openmrs.obs, row))
      return `${op} ${was} ${is}`
    })
    const count = (flip: string): number => flips.filter(found => found === flip).length
    expect(count('u false true')).toBeGreaterThan(400)
    expect(count('u true false')).toBeGreaterThan(100)
    const moved = rowsOf(changes).filter(
      ({ before, after }) => before !== null && after !== null && before.encounter_id !== after.encounter_id,
    )
    expect(moved.length).toBeGreaterThan(100)
  })
})

describe('values', () => {
  test('a decimal has the scale of the schema of its moment, and without one it is not guessed', async () => {
    const amounts = async (ddl: boolean): Promise<unknown[]> => {
      const { changes } = await readTopic({ recording: 'plain', topic: 'obslab_capture.altered', ddl })
      return rowsOf(changes).map(({ after }) => after?.amount)
    }
    expect(await amounts(true)).toEqual([71.25, 60, 60, ...Array(3).fill('72.125'), '0.001', '72.125'])
    expect((await amounts(false))[3]).toContain('ARm9')
  })

  test('DATETIME is local time and TIMESTAMP is UTC, and the column says which', async () => {
    for (const recording of ['plain', 'schema', 'modes'] as const) {
      const { reader, changes } = await readTopic({ recording, topic: 'obslab_capture.types' })
      const kinds = new Map(reader.columns.map(({ name, kind }) => [name, kind]))
      expect(['dt', 'dt6', 'ts', 'ts6', 'd', 't'].map(name => kinds.get(name))).toEqual([
        'datetime',
        'datetime',
        'timestamp',
        'timestamp',
        'date',
        'time',
      ])
      const { after } = rowsOf(changes)[0]!
      const moment = Date.parse('2026-03-01T12:34:56Z')
      expect([after?.dt, after?.ts, after?.d]).toEqual([moment, moment, '2026-03-01'])
    }
  })

  test('a zero date is null, or the epoch and flagged', async () => {
    const types = (await readDataset(['obslab_types'])).get('obslab_types')!
    expect(types.reader.findings.find(({ code }) => code === 'zero-date')?.evidence?.columns).toEqual(
      expect.arrayContaining(['dnn', 'dtnn']),
    )
  })

  test('integers beyond 2^53 are exact, and wrapped unsigned ones are turned back and flagged', async () => {
    const big = await readTopic({ recording: 'plain', topic: 'obslab_capture.big_keys' })
    expect(values(finalRows(big.changes))[0]).toMatchObject({
      id: 9007199254740993n,
      ts_ns: 9007199254740995n,
    })
    const types = await readTopic({ recording: 'plain', topic: 'obslab_capture.types' })
    expect(rowsOf(types.changes)[0]?.after?.bu).toBe(18446744073709551615n)
    expect(types.reader.findings.find(({ code }) => code === 'bigint-wrapped')?.evidence?.columns).toEqual([
      'bu',
    ])
  })

  test('binary columns are the same bytes from base64 and from hex, by what the topic says of its connector', async () => {
    const bytes = async (recording: 'plain' | 'modes', config = {}): Promise<unknown[]> => {
      const definition = { columns: [], connector: connectorSettings(config) }
      const { changes } = await readTopic({ recording, topic: 'obslab_capture.types', definition })
      return rowsOf(changes).map(({ after }) => [after?.vb, after?.bl, after?.bi])
    }
    const plain = await bytes('plain')
    expect((plain[0] as unknown[])[0]).toEqual(new Uint8Array([0xde, 0xad, 0xbe, 0xef]))
    expect(await bytes('modes', { 'binary.handling.mode': 'hex' })).toEqual(plain)
  })

  test('a TINYINT(1) is the same number in the snapshot and in the stream', async () => {
    for (const recording of ['plain', 'schema', 'modes'] as const) {
      const { changes } = await readTopic({ recording, topic: 'obslab_capture.types' })
      const ones = (op: string): unknown[] =>
        rowsOf(changes)
          .filter(row => row.op === op)
          .map(({ after }) => [after?.ti1, after?.bo])
      expect(ones('c')).toEqual(ones('r'))
      expect(ones('c').slice(0, 2)).toEqual([
        [1, 1],
        [7, 0],
      ])
    }
  })

  test('an ALTER changes a column’s encoding in place, in before too, and each row has the type of its moment', async () => {
    const read = await readTopic({ recording: 'plain', topic: 'obslab_capture.altered' })
    const first = rowsOf(read.changes).find(({ after }) => after?.amount === '72.125')
    expect(first?.before?.amount).toBe('71.250')
    const finding = read.reader.findings.find(({ code }) => code === 'columns-changed')
    expect(finding?.evidence?.columns).toEqual(['amount', 'flag', 'at', 'flag2', 'yes', 'id'])
  })
})

describe('order and duplicates', () => {
  test('rows of a snapshot, and the two halves of a key change, share a position, and all of them apply', async () => {
    const { changes } = await readTopic({ recording: 'plain', topic: 'obslab_capture.moved' })
    expect(changes.filter(({ redelivered }) => redelivered)).toEqual([])
    const rows = rowsOf(changes)
    const place = ({ source }: RowChange): unknown => [source?.gtid, source?.file, source?.pos, source?.row]
    const [gone, come] = rows.filter(({ newKey, oldKey }) => (newKey ?? oldKey) !== null) as [
      RowChange,
      RowChange,
    ]
    expect(place(gone)).toEqual(place(come))
    expect([gone.transaction?.totalOrder, come.transaction?.totalOrder]).toEqual([1, 2])
    const snapshot = rows.filter(
      ({ source }) => source?.snapshot !== 'false' && source?.snapshot !== 'incremental',
    )
    expect(new Set(snapshot.map(place).map(String)).size).toBe(1)
    expect(snapshot.length).toBe(2)
  })

  test('the block that a killed connector wrote again is one block in each partition, and changes nothing', async () => {
    const { changes, reader } = (await readDataset(['obs'])).get('obs')!
    const again = changes.filter(({ redelivered }) => redelivered).map(({ change }) => change)
    for (const partition of [0, 1, 2]) {
      const offsets = again.flatMap(change => (change.partition === partition ? [change.offset] : []))
      expect(offsets.length).toBeGreaterThan(100)
      expect(offsets.at(-1)! - offsets[0]! + 1).toBe(offsets.length)
    }
    expect(reader.counts.redelivered).toBe(again.length)
    const without = changes.filter(({ redelivered }) => !redelivered)
    expect([...finalRows(changes)]).toEqual([...finalRows(without)])
  })

  test('every value of source.snapshot is told, and snapshot rows are upserts that a new snapshot does not retract', async () => {
    const read = await Promise.all(
      ['bed', 'ward', 'spread'].map(table => readTopic({ recording: 'whole', topic: `surprises.${table}` })),
    )
    const moved = await readTopic({ recording: 'plain', topic: 'obslab_capture.moved' })
    const snapshots = [...read, moved].flatMap(({ changes }) =>
      rowsOf(changes).map(({ source }) => source?.snapshot),
    )
    expect(new Set(snapshots)).toEqual(
      new Set([
        'first',
        'first_in_data_collection',
        'true',
        'last_in_data_collection',
        'last',
        'incremental',
        'false',
      ]),
    )
    for (const one of read) expect(codes(one)).toContain('re-snapshot')
    expect(read.flatMap(({ changes }) => changes.filter(({ redelivered }) => redelivered))).toEqual([])
    expect(values(finalRows(read[0]!.changes)).map(({ id }) => id)).toEqual([10, 11, 13])
  })

  test('rows of an incremental snapshot come among changes, apply as upserts and begin no run', async () => {
    const { changes, reader } = (await readDataset(['person'])).get('person')!
    const rows = rowsOf(changes)
    const first = rows.findIndex(({ source }) => source?.snapshot === 'incremental')
    const last = rows.findLastIndex(({ source }) => source?.snapshot === 'incremental')
    const streamed = (part: readonly RowChange[]): boolean =>
      part.some(({ source }) => source?.snapshot === 'false')
    expect([streamed(rows.slice(0, first)), streamed(rows.slice(last))]).toEqual([true, true])
    expect(codes({ reader })).not.toContain('re-snapshot')
    expect(reader.findings.find(({ code }) => code === 'incremental-snapshot')?.evidence?.count).toBe(360)
    expect(
      changes.filter(({ change, redelivered }) => redelivered && change.kind === 'row' && change.op === 'r'),
    ).toEqual([])
  })

  test('partitions interleaved in any way give the same verdicts', async () => {
    const records = (await readRecording('whole')).get('whole.surprises.spread') ?? []
    const read = (order: readonly KafkaRecord[]): unknown[] => {
      const reader = new ChangeReader('whole.surprises.spread')
      const verdicts = order.map(record => [record.partition, record.offset, reader.read(record).redelivered])
      return verdicts.sort((a, b) => Number(a[0]) - Number(b[0]) || Number(a[1]) - Number(b[1]))
    }
    const oneByOne = (turns: readonly number[]): readonly KafkaRecord[] => {
      const queues = new Map(
        [0, 1, 2].map(partition => [partition, records.filter(record => record.partition === partition)]),
      )
      return turns.flatMap(partition => queues.get(partition)!.splice(0, 1))
    }
    const turns = fc.shuffledSubarray(
      records.map(({ partition }) => partition),
      { minLength: records.length },
    )
    fc.assert(
      fc.property(turns, turns => {
        expect(read(oneByOne(turns))).toEqual(read(records))
      }),
    )
  })

  test('a transaction’s END counts its events, which carry their order in it', async () => {
    const ends = (await readTopic({ recording: 'plain', topic: 'transaction' })).changes.map(
      ({ change }) => change,
    )
    const end = ends.find(change => change.kind === 'transaction' && change.tables.length === 2)
    const tables = await Promise.all(
      ['moved', 'altered'].map(table => readTopic({ recording: 'plain', topic: `obslab_capture.${table}` })),
    )
    const id = end?.kind === 'transaction' ? end.id : ''
    const orders = tables
      .flatMap(({ changes }) => rowsOf(changes))
      .filter(({ transaction }) => transaction?.id === id)
      .map(({ transaction }) => transaction?.totalOrder)
    expect(end).toMatchObject({ status: 'END', eventCount: 4 })
    expect(orders.sort()).toEqual([1, 2, 3, 4])
  })

  test('a DDL’s transaction that never ends is told as that, not as an incomplete one', async () => {
    const read = await readTopic({ recording: 'maria', topic: 'transaction' })
    expect(read.reader.findings).toMatchObject([
      { code: 'transaction-without-end', severity: 'information', evidence: { count: 3 } },
    ])
    const mysql = await readTopic({ recording: 'plain', topic: 'transaction' })
    expect(mysql.reader.findings).toEqual([])
  })

  test('source times from MariaDB are whole seconds and told, those from MySQL have milliseconds', async () => {
    const times = async (recording: 'maria' | 'whole'): Promise<boolean> => {
      const read = await readTopic({ recording, topic: 'surprises.ward' })
      const streamed = rowsOf(read.changes).filter(({ source }) => source?.snapshot === 'false')
      expect(codes(read).includes('times-in-seconds')).toBe(recording === 'maria')
      return streamed.every(({ source }) => source!.time % 1000 === 0)
    }
    expect([await times('maria'), await times('whole')]).toEqual([true, false])
  })
})

describe('what a topic lost or never had', () => {
  test('an update without the row’s first records is an upsert', async () => {
    const moved = { recording: 'plain', topic: 'obslab_capture.moved' } as const
    const whole = values(finalRows((await readTopic(moved)).changes))
    const purged = (records: readonly KafkaRecord[]): readonly KafkaRecord[] => {
      const newest = new Map(records.map(record => [String(record.key), record]))
      return records.filter(record => newest.get(String(record.key)) === record)
    }
    const compacted = await readTopic({ ...moved, changed: purged })
    const byId = (rows: Row[]): Row[] => rows.sort((a, b) => Number(a.id) - Number(b.id))
    expect(byId(values(finalRows(compacted.changes)))).toEqual(byId(whole))
    expect(codes(compacted)).toContain('tombstone-without-delete')
  })

  test('tombstones without a key, of tables without one, change nothing', async () => {
    const { changes } = await readTopic({ recording: 'plain', topic: 'obslab_capture.no_key' })
    const last = changes.at(-1)
    expect(last?.change).toMatchObject({ kind: 'tombstone', key: null })
    expect([...finalRows(changes)]).toEqual([])
  })

  test('rows changed by ON UPDATE CASCADE have no event, and the table’s DDL warns of it', async () => {
    const read = await readTopic({ recording: 'whole', topic: 'surprises.bed' })
    const wards = rowsOf(read.changes).flatMap(({ op, key, after }) =>
      key?.id === 10 ? [[op, after?.ward_id]] : [],
    )
    expect(wards).toEqual([
      ['r', 1],
      ['r', 20],
    ])
    expect(read.reader.findings.find(({ code }) => code === 'cascade-possible')?.evidence?.columns).toEqual([
      'ward_id',
    ])
  })

  test('an update of part of a JSON document leaves no event: the next one’s before has it', async () => {
    const { changes } = await readTopic({ recording: 'partial', topic: 'partial_images.doc' })
    const updates = rowsOf(changes).filter(({ op }) => op === 'u')
    expect(updates.map(({ after }) => after?.title)).toEqual(['uno', 'un'])
    expect(updates[1]?.before?.tree).not.toBe(updates[0]?.after?.tree)
  })

  test('partial rows are refused with the setting to change (constructed: Debezium 3.5 stops at them)', async () => {
    const { changes } = await readTopic({
      recording: 'plain',
      topic: 'obslab_capture.altered',
      changed: edited('"same transaction"', '"__debezium_unavailable_value"'),
    })
    const set = changes.flatMap(({ change }) => (change.kind === 'quarantined' ? [change] : []))
    expect(set).toMatchObject([
      { key: { id: 2 }, reason: expect.stringMatching(/column note.*binlog_row_image=FULL/) },
    ])
  })
})

describe('versions and topics', () => {
  test.each<[string, object, object]>([
    ['0.7', { ts_sec: 12, snapshot: true }, { snapshot: 'true', time: 12_000, row: 0, gtid: null }],
    ['0.8', { ts_sec: 12, snapshot: null, gtid: 'u:1' }, { snapshot: 'false', time: 12_000, gtid: 'u:1' }],
    ['0.10', { ts_ms: 12_001, snapshot: 'last' }, { snapshot: 'last', time: 12_001 }],
    ['2.6', { ts_ms: 5, ts_us: 5_001, ts_ns: 5_001_002, snapshot: 'false' }, { snapshot: 'false', time: 5 }],
  ])('the source block of Debezium %s is read (constructed)', (_, source, expected) => {
    const block = { file: 'mysql-bin.000003', pos: 154, server_id: 223344, ...source }
    expect(positionOf(block as never)).toMatchObject({ file: 'mysql-bin.000003', pos: 154, ...expected })
  })

  test('the snapshot of an old connector, whose rows are creates, is one run with what follows (constructed)', () => {
    const reader = new ChangeReader('p.d.t')
    const read = (op: string, id: number, pos: number, snapshot: boolean | null): boolean => {
      const source = { file: 'mysql-bin.000003', pos, ts_sec: 12, snapshot, server_id: 0 }
      const value = Buffer.from(JSON.stringify({ op, before: null, after: { id }, source, ts_ms: 5 }))
      const record = { topic: 'p.d.t', partition: 0, offset: pos, timestamp: 0, headers: [] }
      return reader.read({ ...record, key: Buffer.from(`{"id":${id}}`), value }).redelivered
    }
    expect([read('c', 1, 154, true), read('c', 2, 154, true), read('u', 1, 200, null)]).toEqual([
      false,
      false,
      false,
    ])
    expect(read('u', 1, 160, null)).toBe(true)
    expect(reader.counts).toMatchObject({ c: 2, u: 1, redelivered: 1 })
  })

  test('schema changes, transactions and heartbeats are told from tables, and change no row', async () => {
    const plain = await readRecording('plain')
    expect([...plain].map(([topic, records]) => [topic, topicKind(topic, records)])).toEqual(
      expect.arrayContaining([
        ['plain', 'schema-changes'],
        ['plain.transaction', 'transactions'],
        ['plain.obslab_capture.moved', 'table'],
      ]),
    )
    expect(topicKind('__debezium-heartbeat.plain', [])).toBe('heartbeats')
    const bare = (await readRecording('bare')).get('bare.surprises.ward') ?? []
    expect(topicKind('bare.surprises.ward', bare)).toBe('table')
    for (const topic of ['', 'transaction']) {
      const { reader, records } = await readTopic({ recording: 'plain', topic })
      expect(reader.counts).toMatchObject({ records: records.length, messages: records.length })
    }
  })
})
