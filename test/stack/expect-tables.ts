import { expect } from 'vitest'
import type { Frame } from '../../src/frame/frame.js'
import type { Table } from '../../src/frame/table.js'
import type { Lab } from '../../src/lab.js'
import { type VitalsRow, vitals } from '../../src/openmrs/vitals.js'
import { Pipeline } from '../../src/pipeline/pipeline.js'
import { renameTopics } from '../../src/pipeline/plan.js'
import { validate } from '../../src/validate.js'
import { mysqlText, sameForm } from '../change/mysql-text.js'
import type { FinalTable } from './final-rows.js'
import { vitalsBySql } from './vitals-sql.js'

/** What a topic cannot tell of a stored value: zero dates and years, and a BIGINT UNSIGNED beyond a signed long. */
const cannotTell = (stored: string | null, type: string): boolean =>
  stored !== null && (/^0000/.test(stored) || (/^bigint.*unsigned/.test(type) && BigInt(stored) >= 2n ** 63n))

/**
 * Expects the table of each topic `<database>.<database>.<table>` to be what `SELECT *` gave: the current one, or as
 * `rowsOf` takes it from the replayed table.
 */
export async function expectSameTables(
  lab: Lab,
  database: string,
  tables: FinalTable[],
  rowsOf: (table: Table) => Frame = table => table.current({ includeDeleted: true }),
): Promise<void> {
  expect(tables.length).toBeGreaterThan(12)
  for (const { table, columns, rows } of tables) {
    const replayed = await lab.replay(`${database}.${database}.${table}`, { progress: false })
    expect(replayed.counts.quarantined).toBe(0)
    const frame = rowsOf(replayed)
    expect([table, frame.length]).toEqual([table, rows.length])
    const kinds = new Map(frame.columns.map(column => [column.name, column]))
    frame.rows().forEach((row, i) => {
      for (const [at, { name, type }] of columns.entries()) {
        const column = kinds.get(name)
        const stored = rows[i]![at] ?? null
        if (column === undefined || cannotTell(stored, type)) continue
        const about = {
          ...column,
          kind: column.kind,
          encoding: /^bit/.test(type) ? 'bits' : 'number',
          mysqlType: type,
        } as never
        expect([table, i, name, mysqlText(row[name] ?? null, about)]).toEqual([
          table,
          i,
          name,
          sameForm(stored, about),
        ])
      }
    })
  }
}

/** Expects the vitals of the topic `<database>.<database>.obs` to be what SQL gives, and to have parity. */
export async function expectSameVitals(lab: Lab, database: string, mysqlUrl: string): Promise<void> {
  const bound = new Pipeline<VitalsRow>(renameTopics(vitals.plan, () => `${database}.${database}.obs`))
  const rows = (await lab.preview(bound)).rows()
  expect(rows).toEqual(await vitalsBySql(mysqlUrl, database))
  expect(rows.length).toBeGreaterThan(50)
  expect((await validate(bound, lab)).findings).toEqual([])
}
