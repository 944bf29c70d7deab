import { mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { ObsTopic } from './data.js'
import { medians } from './measure.js'
import { bufferOf } from './naive.js'
import { type Result, rates } from './results.js'

/** DuckDB types of the fields of obs whose JSON is not an integer. */
const otherTypes: Readonly<Record<string, string>> = {
  value_numeric: 'DOUBLE',
  value_text: 'VARCHAR',
  value_complex: 'VARCHAR',
  value_modifier: 'VARCHAR',
  value_drug: 'INTEGER',
  comments: 'VARCHAR',
  accession_number: 'VARCHAR',
  void_reason: 'VARCHAR',
  form_namespace_and_path: 'VARCHAR',
  uuid: 'VARCHAR',
  status: 'VARCHAR',
  interpretation: 'VARCHAR',
}

/** The same events to a table: our decode against DuckDB reading them as JSON lines, one process, all cores. */
export async function duckdbResults(): Promise<Result[]> {
  const obs = await ObsTopic.open('datasets/openmrs', 6)
  const { records } = obs.size()
  const folder = await mkdtemp(path.join(tmpdir(), 'obslab-bench-'))
  const lines = path.join(folder, 'obs.jsonl')
  const row = await writeLines(obs, lines)
  const instance = await DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
  const fields = Object.entries(row).map(([name, value]) => `"${name}" ${typeOf(name, value)}`)
  const columns = `{before: 'STRUCT(${fields.join(', ')})', after: 'STRUCT(${fields.join(', ')})', op: 'VARCHAR', ts_ms: 'BIGINT',
    source: 'STRUCT(ts_ms BIGINT, file VARCHAR, pos BIGINT, "row" INTEGER, server_id BIGINT, gtid VARCHAR)'}`
  const load = (options: string): Promise<unknown> =>
    connection.run(
      `CREATE OR REPLACE TABLE obs AS SELECT op, ts_ms, source.*, CASE op WHEN 'd' THEN before ELSE after END AS r
       FROM read_json('${lines}', format = 'newline_delimited'${options})`,
    )
  try {
    const ms = await medians({
      ours: () => obs.table().changes(),
      explicit: () => load(`, columns = ${columns}`),
      auto: () => load(''),
    })
    const about = {
      work: `${records.toLocaleString('en')} obs changes to a table`,
      unit: 'records/s',
      aim: 1,
      note:
        'DuckDB parses on all cores in native code and keeps structs; ours is one thread around JSON.parse, and also ' +
        'reads keys, types and redelivery. The scanner on worker threads comes later.',
    }
    return [
      rates(
        { ...about, id: 'duckdb.read-json', peerName: 'DuckDB read_json, columns given, all cores' },
        records,
        { ours: ms.ours, peer: ms.explicit },
      ),
      rates(
        { ...about, id: 'duckdb.read-json-auto', peerName: 'DuckDB read_json, auto, all cores' },
        records,
        {
          ours: ms.ours,
          peer: ms.auto,
        },
      ),
    ]
  } finally {
    connection.closeSync()
    instance.closeSync()
    await rm(folder, { recursive: true })
  }
}

/** Writes every value as a line; gives the first row after a change, to take the columns from. */
async function writeLines(obs: ObsTopic, file: string): Promise<Record<string, unknown>> {
  const handle = await open(file, 'w')
  let row: Record<string, unknown> | null = null
  for (const records of obs.records()) {
    const values = records.flatMap(({ value }) => (value === null ? [] : [`${bufferOf(value)}\n`]))
    row ??= JSON.parse(values[0]!).after
    await handle.write(values.join(''))
  }
  await handle.close()
  return row!
}

function typeOf(name: string, value: unknown): string {
  return otherTypes[name] ?? (typeof value === 'string' ? 'VARCHAR' : 'BIGINT')
}
