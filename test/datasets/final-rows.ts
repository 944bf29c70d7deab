import { readFileSync } from 'node:fs'
import path from 'node:path'
import { gunzipSync } from 'node:zlib'

/** What a table of MySQL held when a recording of `datasets/` ended; datasets/README.md says how values are written. */
export interface FinalRows {
  columns: readonly { name: string; type: string }[]
  /** The columns of the primary key. */
  key: readonly string[]
  rows: readonly Readonly<Record<string, string | null>>[]
}

/** The final rows of every table, by name, beside the recording `openmrs` or `openmrs-schemas`. */
export function finalRows(recording: string): Map<string, FinalRows> {
  const file = path.join(import.meta.dirname, `${recording}-final.jsonl.gz`)
  const tables = new Map<string, FinalRows>()
  let columns: { name: string; type: string }[] = []
  let rows: Record<string, string | null>[] = []
  for (const line of gunzipSync(readFileSync(file)).toString().trimEnd().split('\n')) {
    const parsed = JSON.parse(line)
    if (Array.isArray(parsed)) {
      rows.push(Object.fromEntries(columns.map(({ name }, index) => [name, parsed[index]])))
      continue
    }
    columns = parsed.columns
    rows = []
    tables.set(parsed.table, { columns, key: parsed.key, rows })
  }
  return tables
}
