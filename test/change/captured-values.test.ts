import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { ChangeReader } from '../../src/change/change-reader.js'
import { readChanges, wholeTopic } from '../../src/change/change-stream.js'
import type { Row } from '../../src/change/column-type.js'
import { connectorSettings } from '../../src/change/mysql-type.js'
import { declaredColumns } from '../../src/change/row-schema.js'
import { type KafkaRecord, RecordReader } from '../../src/source/record.js'
import { openRecording } from '../../src/source/recording.js'
import { everyType, type ValueServer, valueCases, valueTopic } from '../stack/value-capture.js'
import { valueDifferences, valueSettings } from '../stack/value-settings.js'
import type { StoredRow } from '../stack/value-tables.js'

const folder = path.join(import.meta.dirname, 'recordings')
const recording = await openRecording(path.join(folder, 'values'))
const stored: Record<ValueServer, readonly StoredRow[]> = JSON.parse(
  gunzipSync(await readFile(path.join(folder, 'values.json.gz'))).toString(),
)
afterAll(() => recording.close())

interface Captured {
  rows: readonly Row[]
  reader: ChangeReader
}

/** The rows of a topic, each inserted once, and its reader; untold of settings unless they are given. */
async function captured(topic: string, config?: Readonly<Record<string, string>>): Promise<Captured> {
  const [offsets] = await recording.topics([topic])
  const definition = config === undefined ? null : { columns: [], connector: connectorSettings(config) }
  const rows: Row[] = []
  let reader: ChangeReader | null = null
  for await (const chunk of readChanges(recording, [{ topic, ranges: wholeTopic(offsets!), definition }])) {
    reader = chunk.reader
    for (const { change } of chunk.changes) if (change.kind === 'row') rows.push(change.after!)
  }
  return { rows, reader: reader! }
}

async function recordsOf(topic: string): Promise<readonly KafkaRecord[]> {
  const [offsets] = await recording.topics([topic])
  const [range] = wholeTopic(offsets!)
  const reader = new RecordReader(topic, range!.partition, range!)
  const records: KafkaRecord[] = []
  for await (const chunk of recording.read({ ranges: [range!] })) records.push(...reader.read(chunk))
  return records
}

/** The codes of what a topic holds, each with the columns concerned. */
async function told(
  topic: string,
  config?: Readonly<Record<string, string>>,
): Promise<Record<string, unknown>> {
  const { reader } = await captured(topic, config)
  return Object.fromEntries(reader.findings.map(({ code, evidence }) => [code, evidence?.columns]))
}

const setting = (name: string): (typeof valueSettings)[number] =>
  valueSettings.find(one => one.name === name)!

describe.each(['mysql', 'mariadb'] as const)(
  'what connectors wrote of every value that %s stores',
  server => {
    const columns = everyType(server)
    const topicOf = (name: string, schemas: boolean, table = 'every_type'): string =>
      valueTopic(server, setting(name), schemas, table)

    test.each(valueCases)(
      'is decoded to that value, under the settings $setting.name with schemas: $schemas',
      async ({ setting, schemas }) => {
        const { rows, reader } = await captured(
          valueTopic(server, setting, schemas, 'every_type'),
          setting.config,
        )
        expect(reader.counts).toMatchObject({ quarantined: 0, records: stored[server].length })
        const kinds = new Map(reader.columns.map(column => [column.name, column.kind]))
        const shown = { rows, kindOf: (name: string) => kinds.get(name)! }
        expect(valueDifferences(setting, columns, stored[server], shown)).toEqual([])
      },
    )

    test.each(valueCases.filter(({ schemas }) => !schemas))(
      'is decoded to that value where nothing but a definition speaks of types, under the settings $setting.name',
      async ({ setting }) => {
        const declared = columns.filter(({ type }) => !/GENERATED|COMMENT/.test(type))
        const shape = declared.map(({ name, type }) => [name, z.any().meta({ mysqlType: type })])
        const definition = {
          columns: declaredColumns(z.object(Object.fromEntries(shape))),
          connector: connectorSettings(setting.config),
        }
        const topic = valueTopic(server, setting, false, 'every_type')
        const reader = new ChangeReader(topic, { definition })
        const rows: Row[] = []
        for (const record of await recordsOf(topic)) {
          const { change } = reader.read(record)
          if (change.kind === 'row') rows.push(change.after!)
        }
        expect(rows).toHaveLength(stored[server].length)
        const kinds = new Map(reader.columns.map(column => [column.name, column.kind]))
        const shown = { rows, kindOf: (name: string) => kinds.get(name)! }
        expect(valueDifferences(setting, declared, stored[server], shown)).toEqual([])
      },
    )

    test('tells by itself which texts are decimals, dates and times, whatever settings it is untold of', async () => {
      const { rows, reader } = await captured(topicOf('texts', false))
      const names = ['d102', 'd83u', 'd6530', 'bu', 'd', 'dt', 'dt3', 'dt6', 'ts6', 't6']
      const texts = columns.filter(({ name }) => names.includes(name))
      const kinds = new Map(reader.columns.map(column => [column.name, column.kind]))
      const readable = rows.filter(row => row.d50 !== undefined)
      expect(readable.length).toBeGreaterThan(0)
      const ids = new Set(readable.map(({ id }) => String(id)))
      const here = stored[server].filter(({ id }) => ids.has(id!))
      const shown = { rows: readable, kindOf: (name: string) => kinds.get(name)! }
      expect(valueDifferences(setting('texts'), texts, here, shown)).toEqual([])
    })

    test('under settings that lose some of it is told by findings', async () => {
      const byDefault = await told(topicOf('default', true))
      expect(byDefault).toMatchObject({ 'bigint-wrapped': ['bu'], 'float-rounded': ['f'] })
      expect(Object.keys(byDefault)).not.toContain('times-lossy')
      expect(byDefault['uuid-shifted']).toEqual(server === 'mariadb' ? ['uu'] : undefined)
      expect(byDefault['microseconds-cut']).toEqual(['dt6'])
      const binaries = ['bi', 'vb', 'tb', 'bl', 'mb', 'lb']
      expect(await told(topicOf('texts', true))).toMatchObject({
        'times-lossy': ['t', 't3', 't6'],
        'binary-as-text': binaries,
      })
      expect(await told(topicOf('texts', true), setting('texts').config)).not.toHaveProperty('binary-as-text')
      expect(await told(topicOf('connect', true))).toMatchObject({
        'times-lossy': ['dt6', 't', 't3', 't6'],
        'decimal-as-double': ['d102', 'd83u', 'd6530', 'num124'],
      })
      expect(await told(topicOf('nanos', true))).toMatchObject({ 'times-lossy': ['dt', 'dt3', 'dt6'] })
    })

    test('is null, 1970 or a default where it is a zero date, and a finding says so', async () => {
      for (const schemas of [true, false]) {
        const { rows } = await captured(topicOf('default', schemas, 'zeros'))
        const zero = { d: null, dt: null, dn: '1970-01-01', dtn: 0, dd: '2001-02-03' }
        expect(rows).toMatchObject([
          { id: 1, ...zero, ts: null, tsn: Date.parse('2001-02-03T04:05:06Z'), y: 2000 },
          { id: 2, ...zero, ts: 0, tsn: 0, y: 0 },
        ])
        const { 'zero-date': found } = await told(topicOf('default', schemas, 'zeros'))
        expect(found).toEqual(['dn', 'dtn', 'ts', 'y', 'tsn'])
      }
    })

    test('is the default where it is null, unless the converter was told, and a finding says so', async () => {
      const kept = topicOf('default', false, 'defaults')
      const replaced = topicOf('default', true, 'defaults')
      const nulls = { i: null, s: null, de: null, dt: null, plain: null }
      expect((await captured(kept)).rows).toMatchObject([nulls, nulls])
      const at = Date.parse('2001-02-03T04:05:06Z')
      const instead = { i: 5, s: 'FINAL', de: '7.90', dt: at, plain: null }
      expect((await captured(replaced)).rows).toMatchObject([instead, instead])
      expect(await told(replaced)).toMatchObject({ 'null-as-default': ['i', 's', 'de', 'dt'] })
      expect(await told(kept)).not.toHaveProperty('null-as-default')
    })
  },
)
