import { readFileSync } from 'node:fs'
import path from 'node:path'
import { gunzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import type { ChangeReader } from '../../src/change/change-reader.js'
import { readChanges, wholeTopic } from '../../src/change/change-stream.js'
import type { ColumnType, Row } from '../../src/change/column-type.js'
import { rowKey } from '../../src/change/row-key.js'
import type { TypedTopic } from '../../src/change/topic.js'
import { openmrs } from '../../src/openmrs/openmrs.js'
import { openRecording } from '../../src/source/recording.js'
import { mysqlText, sameForm } from './mysql-text.js'

const root = path.join(import.meta.dirname, '../..')

interface StoredTable {
  table: string
  columns: { name: string; type: string }[]
  key: string[]
  rows: (string | null)[][]
}

/** What MySQL held when a recording ended. */
function storedTables(recording: string): StoredTable[] {
  const file = path.join(root, `test/datasets/${recording}-final.jsonl.gz`)
  const tables: StoredTable[] = []
  for (const line of gunzipSync(readFileSync(file)).toString().trim().split('\n')) {
    const json = JSON.parse(line)
    if (Array.isArray(json)) tables.at(-1)?.rows.push(json)
    else tables.push({ ...json, rows: [] })
  }
  return tables
}

interface FinalTable {
  reader: ChangeReader
  rows: ReadonlyMap<string, Row>
}

type FinalTables = ReadonlyMap<string, FinalTable>
const read = new Map<string, Promise<FinalTables>>()

/** Every table at the end of a recording, read once. */
function finalTables(recording: string, typed: boolean): Promise<FinalTables> {
  const name = `${recording} ${typed}`
  const tables = read.get(name) ?? readTables(recording, typed)
  read.set(name, tables)
  return tables
}

async function finalTable(recording: string, table: string, typed: boolean): Promise<FinalTable> {
  const found = (await finalTables(recording, typed)).get(table)
  if (found === undefined) throw new Error(`${table} has no records.`)
  return found
}

async function readTables(recording: string, typed: boolean): Promise<FinalTables> {
  const source = await openRecording(path.join(root, 'datasets', recording))
  const tables = new Map<string, { reader: ChangeReader; rows: Map<string, Row> }>()
  const topics = (await source.topics()).filter(({ topic }) => topic.startsWith(`${prefix}.`))
  const asked = topics.map(offsets => ({
    topic: offsets.topic,
    ranges: wholeTopic(offsets),
    definition: typed ? (definitions[offsets.topic.slice(prefix.length + 1)] ?? null) : null,
  }))
  for await (const { topic, changes, reader } of readChanges(source, asked)) {
    const table = topic.slice(prefix.length + 1)
    const rows = tables.get(table)?.rows ?? new Map<string, Row>()
    tables.set(table, { reader, rows })
    for (const { change, redelivered } of changes) {
      if (redelivered || (change.kind !== 'row' && change.kind !== 'tombstone') || change.key === null)
        continue
      const key = rowKey(change.key, Object.keys(change.key))
      if (change.kind === 'row' && change.after !== null) rows.set(key, change.after)
      else rows.delete(key)
    }
  }
  await source.close()
  return tables
}

const prefix = 'dbserver1.openmrs'
const definitions: Readonly<Record<string, Pick<TypedTopic<unknown>, 'columns'>>> = openmrs

/** Zero dates and the year 0, which Debezium has no value for: it writes null, 1970-01-01 or 2000. */
const isZeroDate = (text: string | null, type: string): boolean =>
  /^(date|timestamp|year)/.test(type) && text?.startsWith('0000') === true

describe.each(['openmrs', 'openmrs-schemas'])('the recording %s', recording => {
  test.each(storedTables(recording).map(stored => [stored.table, stored] as const))(
    '%s ends with the rows that MySQL has, whether its topic is typed or not',
    async (table, stored) => {
      for (const typed of [true, false]) {
        const { reader, rows } = await finalTable(recording, table, typed)
        expect(reader.counts.quarantined).toBe(0)
        expect(rows.size).toBe(stored.rows.length)
        expect(differences(stored, rows, reader.columns)).toEqual([])
      }
    },
    30_000,
  )
})

/** The values that are not MySQL's, as key and column. */
function differences(
  stored: StoredTable,
  rows: ReadonlyMap<string, Row>,
  columns: readonly ColumnType[],
): string[] {
  const types = new Map(columns.map(column => [column.name, column]))
  const byKey = new Map(
    [...rows.values()].map(row => [stored.key.map(name => String(row[name])).join(), row]),
  )
  const found: string[] = []
  for (const values of stored.rows) {
    const key = values.slice(0, stored.key.length).join()
    stored.columns.forEach(({ name, type }, i) => {
      const column = types.get(name)
      if (isZeroDate(values[i] ?? null, type)) return
      const got = column === undefined ? undefined : mysqlText(byKey.get(key)?.[name] ?? null, column)
      if (column === undefined || got !== sameForm(values[i] ?? null, column)) found.push(`${key} ${name}`)
    })
  }
  return found
}

test('the block that a killed connector wrote again is found, and only it', async () => {
  const source = await openRecording(path.join(root, 'datasets/openmrs'))
  const topic = `${prefix}.obs`
  const ranges = (await source.topics([topic])).flatMap(wholeTopic)
  const seen = new Map<string, number>()
  let highest = ''
  let redelivered = 0
  const wrong: string[] = []
  for await (const { changes } of readChanges(source, [{ topic, ranges, definition: openmrs.obs }])) {
    for (const { change, redelivered: again } of changes) {
      if (change.kind !== 'row' || change.op === 'r') continue
      const { gtid, pos, row } = change.source ?? {}
      const position = [change.partition, gtid, pos, row].join()
      const identity = [position, change.op, change.key?.obs_id].join()
      const wasSeen = seen.has(identity)
      seen.set(identity, change.offset)
      if (again) redelivered++
      const isRight = again ? wasSeen : !wasSeen || position === highest
      if (!isRight) wrong.push(`${change.partition}:${change.offset}`)
      if (!wasSeen) highest = position
    }
  }
  await source.close()
  expect(wrong).toEqual([])
  expect(redelivered).toBeGreaterThan(100)
})

test('zero dates arrive as null, or as the epoch: where the column is NOT NULL, and a TIMESTAMP while streaming', async () => {
  const { rows } = await finalTable('openmrs', 'obslab_types', false)
  const zero = [...rows.values()].filter(row => String(row.note).startsWith('zero dates'))
  expect(zero.length).toBeGreaterThan(0)
  expect(new Set(zero.map(({ ts }) => ts))).toEqual(new Set([null, 0]))
  for (const row of zero) {
    expect(row).toMatchObject({ d: null, dt: null, dt6: null, dtnn: 0, dnn: '1970-01-01' })
  }
})
