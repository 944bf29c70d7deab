import { createHash } from 'node:crypto'
import { RecordReader } from '../../src/source/record.js'
import type { Source } from '../../src/source/source.js'
import { query } from './query.js'

/** What an output topic holds. */
export interface TopicOutput {
  /** After compaction: key to row. */
  rows: ReadonlyMap<string, string>
  /** Every row that was committed, compacted away or not. */
  all: readonly { key: string; row: string }[]
  /** The hash of each committed record by its place, as a `TopicReader` notes it. */
  places: ReadonlyMap<string, string>
}

/** Reads the committed records of an output topic from its first to its last. */
export async function topicOutput(source: Source, name: string): Promise<TopicOutput> {
  const [topic] = await source.topics([name])
  const ranges = topic!.partitions.map(({ partition, start, stable }) => ({
    topic: name,
    partition,
    from: start,
    to: stable,
  }))
  const rows = new Map<string, string>()
  const all: { key: string; row: string }[] = []
  const places = new Map<string, string>()
  const readers = new Map(
    ranges.map(range => [range.partition, new RecordReader(name, range.partition, range)]),
  )
  for await (const chunk of source.read({ ranges })) {
    for (const record of readers.get(chunk.partition)!.read(chunk)) {
      const key = Buffer.from(record.key!).toString()
      const value = record.value === null ? null : Buffer.from(record.value).toString()
      if (value === null) rows.delete(key)
      else {
        rows.set(key, value)
        all.push({ key, row: value })
      }
      places.set(`${name}-${chunk.partition}-${record.offset}`, hashOf(`${key} ${value}`))
    }
  }
  return { rows, all, places }
}

/** What stands for a record in a list of places. */
export function hashOf(text: string): string {
  return createHash('sha1').update(text).digest('base64')
}

/** What an output table holds, key to row; nothing where there is none. */
export async function tableOutput(
  mysql: string,
  database: string,
  table: string,
  textOf: TableText,
): Promise<Map<string, string>> {
  const tables = await query<object>(mysql, database, `SHOW TABLES LIKE '${table}'`)
  if (tables.length === 0) return new Map()
  const rows = await query<Record<string, unknown>>(mysql, database, `SELECT * FROM \`${table}\``)
  return new Map(rows.map(row => Object.values(textOf(table, row)) as [string, string]))
}

/** Key and row of a table's row, as the text that an output topic has of them. */
export type TableText = (table: string, row: Record<string, unknown>) => { key: string; row: string }

/** The columns of the outputs in their order, those of the key first. */
export const outputColumns: Readonly<Record<string, { key: readonly string[]; columns: readonly string[] }>> =
  {
    vitals: {
      key: ['encounter_id', 'person_id'],
      columns: [
        'encounter_id',
        'person_id',
        'weight',
        'height',
        'temperature',
        'spo2',
        'systolic',
        'diastolic',
        'pulse',
        'visit_type',
        'bmi',
      ],
    },
    flat_obs: {
      key: ['encounter_id'],
      columns: [
        'encounter_id',
        'patient_id',
        'encounter_type',
        'location_id',
        'visit_id',
        'visit_type_id',
        'encounter_datetime',
        'gender',
        'birthdate',
        'dead',
        'death_date',
        'uuid',
        'obs',
        'orders',
      ],
    },
  }

/** {@link TableText} of the outputs above; lists are kept as JSON, times as DATETIME in UTC. */
export const tableText: TableText = (table, row) => {
  const { key, columns } = outputColumns[table]!
  const pick = (names: readonly string[]): string =>
    JSON.stringify(Object.fromEntries(names.map(name => [name, parsed(row[name])])))
  return { key: pick(key), row: pick(columns) }
}

function parsed(value: unknown): unknown {
  if (typeof value !== 'string') return value
  if (value.startsWith('[')) return JSON.parse(value)
  return /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/.test(value) ? Date.parse(`${value.replace(' ', 'T')}Z`) : value
}

/** What differs between an output and the rows that SQL gives, at most ten of each kind. */
export function differences(
  rows: ReadonlyMap<string, string>,
  wanted: readonly object[],
  table: string,
): string[] {
  const expected = new Map(wanted.map(row => Object.values(tableText(table, { ...row })) as [string, string]))
  const missing = [...expected.keys()].filter(key => !rows.has(key))
  const extra = [...rows.keys()].filter(key => !expected.has(key))
  const other = [...rows].filter(
    ([key, row]) => expected.has(key) && normal(row) !== normal(expected.get(key)!),
  )
  return [
    ...missing.slice(0, 10).map(key => `missing ${key}`),
    ...extra.slice(0, 10).map(key => `too much ${key}`),
    ...other.slice(0, 10).map(([key, row]) => `other ${key}: ${row} instead of ${expected.get(key)}`),
  ]
}

/** Parsed and written again: `36.0` is `36`. */
function normal(text: string): string {
  return JSON.stringify(JSON.parse(text))
}
