import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { RecordReader } from '../../src/source/record.js'
import { openRecording, type Recording } from '../../src/source/recording.js'
import { type FinalRows, finalRows } from './final-rows.js'

interface Envelope {
  op: string
  before: Record<string, unknown> | null
  after: Record<string, unknown> | null
  source: { file: string; pos: number; row: number; snapshot: string }
}

interface Recorded {
  partition: number
  key: string
  /** Null for a tombstone. */
  value: Envelope | null
}

/** The records of a table in partition order, parsed without obslab's own decoder. */
async function recorded(recording: Recording, topic: string): Promise<Recorded[]> {
  const [found] = await recording.topics([topic])
  const records: Recorded[] = []
  for (const { partition, start: from, stable: to } of found!.partitions) {
    const range = { topic, partition, from, to }
    const reader = new RecordReader(topic, partition, range)
    for await (const chunk of recording.read({ ranges: [range] }))
      for (const { key, value } of reader.read(chunk)) {
        const parsed = (bytes: Uint8Array | null): { payload?: unknown } | null =>
          bytes === null ? null : JSON.parse(Buffer.from(bytes).toString())
        const payload = (of: { payload?: unknown } | null): unknown => of?.payload ?? of
        records.push({
          partition,
          key: JSON.stringify(payload(parsed(key))),
          value: payload(parsed(value)) as Envelope | null,
        })
      }
  }
  return records
}

/** A row of a topic in the text that MySQL's rows are kept in; only the types that OpenMRS's tables have. */
function asText(row: Record<string, unknown>, { columns }: FinalRows): Record<string, string | null> {
  const text = (value: unknown, type: string): string | null => {
    if (value === null || value === undefined) return null
    if (type === 'datetime')
      return `${new Date(Number(value)).toISOString().slice(0, 19).replace('T', ' ')}.000000`
    if (type === 'date') return new Date(Number(value) * 86_400_000).toISOString().slice(0, 10)
    return String(value)
  }
  return Object.fromEntries(columns.map(({ name, type }) => [name, text(row[name], type)]))
}

describe.each(['openmrs', 'openmrs-schemas'])('the recording %s', name => {
  const folder = path.join(import.meta.dirname, '../../datasets', name)
  const tables = finalRows(name)

  test.each([...tables.keys()].filter(table => table !== 'obslab_types'))(
    'the last event of each key of %s is the row that MySQL held',
    async table => {
      const recording = await openRecording(folder)
      const rows = new Map<string, Record<string, string | null>>()
      const final = tables.get(table)!
      for (const { key, value } of await recorded(recording, `dbserver1.openmrs.${table}`)) {
        if (value?.after) rows.set(key, asText(value.after, final))
        else rows.delete(key)
      }
      await recording.close()
      const byKey = (row: Record<string, string | null>): string =>
        final.key.map(column => row[column]).join()
      const sorted = [...rows.values()].toSorted((a, b) => (byKey(a) < byKey(b) ? -1 : 1))
      expect(sorted).toEqual(final.rows.toSorted((a, b) => (byKey(a) < byKey(b) ? -1 : 1)))
      expect(sorted.length).toBeGreaterThan(0)
    },
  )
})

describe('the recording openmrs', () => {
  test('obs has three partitions, and a block of it was written twice', async () => {
    const recording = await openRecording(path.join(import.meta.dirname, '../../datasets/openmrs'))
    const records = await recorded(recording, 'dbserver1.openmrs.obs')
    await recording.close()
    expect(new Set(records.map(({ partition }) => partition))).toEqual(new Set([0, 1, 2]))
    const seen = new Set<string>()
    const twice = records.filter(({ key, value }) => {
      if (value === null || value.op === 'r') return false
      const { file, pos, row } = value.source
      const identity = `${key} ${file} ${pos} ${row} ${value.op}`
      if (seen.has(identity)) return true
      seen.add(identity)
      return false
    })
    expect(twice.length).toBeGreaterThan(0)
    const moved = records.filter(
      ({ value }) => value?.op === 'u' && value.before?.encounter_id !== value.after?.encounter_id,
    )
    expect(moved.length).toBeGreaterThan(50)
  })

  test('an incremental snapshot was taken while changes streamed in', async () => {
    const recording = await openRecording(path.join(import.meta.dirname, '../../datasets/openmrs'))
    const records = await recorded(recording, 'dbserver1.openmrs.person')
    await recording.close()
    const kinds = new Set(records.map(({ value }) => value?.source.snapshot))
    expect(kinds).toContain('incremental')
  })
})
