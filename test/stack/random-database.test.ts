import type { Connection } from 'mysql2/promise'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { connect, type Lab } from '../../src/lab.js'
import { waitUntilCaptured } from './captured.js'
import { type ConnectorOptions, deleteConnector, registerConnector, waitForSnapshot } from './connector.js'
import { MariadbService, whyNoMariadb } from './mariadb.js'
import { type RandomOperation, type RandomTable, randomTables } from './random-tables.js'
import type { ValueServer } from './value-capture.js'
import { type StoredRow, shownForm, storedForm, storedRows, valueConnection } from './value-tables.js'

const stack = inject('stack')
const noMariadb = stack === null ? null : whyNoMariadb()
if (noMariadb !== null) console.warn(`${noMariadb} Its tests are skipped.`)
const servers: readonly ValueServer[] = noMariadb === null ? ['mysql', 'mariadb'] : ['mysql']

/** Set OBSLAB_SEED to the seed in a failed test's name to have its database again. */
const seed = Number(process.env.OBSLAB_SEED ?? Date.now() % 1_000_000_007)
const tables = randomTables(seed, 12)

describe.skipIf(stack === null).each(servers)(`a random database on %s (OBSLAB_SEED=${seed})`, server => {
  const database = `random_${server}`
  const connectors: ConnectorOptions[] = [true, false].map((schemas, i) => ({
    prefix: `${database}_${schemas ? 'schemas' : 'bare'}`,
    database,
    schemas,
    serverId: (server === 'mysql' ? 184_480 : 184_490) + i,
    config: {
      'value.converter.replace.null.with.default': 'false',
      'topic.creation.default.partitions': '3',
      ...(server === 'mysql' ? {} : mariadbConfig),
    },
  }))
  let mariadb: MariadbService | undefined
  let lab: Lab
  let stored: readonly { columns: readonly StoredColumn[]; rows: readonly StoredRow[] }[]

  beforeAll(async () => {
    if (server === 'mariadb') {
      mariadb = await MariadbService.create()
      await mariadb.start()
    }
    const addresses = { ...stack!, mysql: mariadb?.address ?? stack!.mysql }
    const connection = await valueConnection(addresses.mysql, database)
    const lives = tables.map((table, i) => new TableLife(connection, `t${i}`, table))
    for (const life of lives) await life.begin()
    for (const connector of connectors) await registerConnector(addresses, connector)
    for (const { prefix } of connectors) await waitForSnapshot(addresses, prefix!)
    const longest = Math.max(...tables.map(({ operations }) => operations.length))
    for (let i = 0; i < longest; i++) for (const life of lives) await life.step(i)
    await Promise.all(connectors.map(connector => waitUntilCaptured(addresses, connector)))
    for (const { prefix } of connectors) await deleteConnector(addresses, prefix!)
    stored = await Promise.all(lives.map(life => life.stored()))
    await connection.end()
    lab = await connect(`kafka://${stack!.kafka}`)
  })
  afterAll(async () => {
    await lab?.close()
    await mariadb?.remove()
  })

  test.each(connectors)(
    'ends in the topics of $prefix with the rows that SELECT * gives',
    async ({ prefix }) => {
      const differences: string[] = []
      for (const [i, { columns, rows }] of stored.entries()) {
        const table = await lab.replay(`${prefix}.${database}.t${i}`, { progress: false })
        expect([i, table.counts.quarantined]).toEqual([i, 0])
        const frame = table.current()
        const kinds = new Map(frame.columns.map(column => [column.name, column.kind]))
        const shown = frame
          .rows()
          .map(row => columns.map(({ name, type }) => shownForm(row[name] ?? null, kinds.get(name)!, type)))
        const expected = rows.map(row => columns.map(({ name, type }) => storedForm(row[name] ?? null, type)))
        differences.push(...differencesOf(`t${i}`, columns, tables[i]!.keys, shown, expected))
      }
      expect(differences).toEqual([])
    },
  )

  test('had rows of every fate: read by the snapshot, created, updated, deleted, given another key', async () => {
    const fates = { r: 0, c: 0, u: 0, d: 0, tombstones: 0 }
    for (const i of tables.keys()) {
      const { counts } = await lab.replay(`${connectors[0]!.prefix}.${database}.t${i}`, { progress: false })
      for (const fate of Object.keys(fates) as (keyof typeof fates)[]) fates[fate] += counts[fate]
    }
    expect(Math.min(...Object.values(fates))).toBeGreaterThan(30)
    expect(fates.tombstones).toBe(fates.d)
  })
})

const mariadbConfig = {
  'connector.class': 'io.debezium.connector.mariadb.MariaDbConnector',
  'driver.yearIsDateType': 'false',
}

interface StoredColumn {
  name: string
  type: string
}

/** Rows are matched by key, whatever their order. */
function differencesOf(
  table: string,
  columns: readonly StoredColumn[],
  keys: number,
  shown: readonly (readonly (string | null)[])[],
  expected: readonly (readonly (string | null)[])[],
): string[] {
  const keyOf = (row: readonly (string | null)[]): string => JSON.stringify(row.slice(0, keys))
  const found = new Map(shown.map(row => [keyOf(row), row]))
  const missing = expected.filter(row => !found.has(keyOf(row))).map(row => `${table} lacks ${keyOf(row)}`)
  const known = new Set(expected.map(keyOf))
  const extra = shown.filter(row => !known.has(keyOf(row))).map(row => `${table} has ${keyOf(row)}`)
  const wrong = expected.flatMap(row =>
    columns.flatMap(({ name, type }, i) => {
      const value = found.get(keyOf(row))?.[i]
      if (value === undefined || value === row[i]) return []
      return [`${table}.${name} ${type}: ${fromDifference(value, row[i]!)}`]
    }),
  )
  return [...missing, ...extra, ...wrong]
}

/** Both texts from shortly before they differ. */
function fromDifference(one: string | null, other: string | null): string {
  let at = 0
  while (one !== null && other !== null && at < one.length && one[at] === other[at]) at++
  const part = (text: string | null): string =>
    JSON.stringify(text?.slice(Math.max(0, at - 20), at + 40) ?? null)
  return `${part(one)} is not ${part(other)}`
}

/** Plays the life of one table. A statement that would give two rows one key is left out, as the database says. */
class TableLife {
  readonly #connection: Connection
  readonly #name: string
  readonly #table: RandomTable
  readonly #added: StoredColumn[] = []
  #keys: string[][] = []

  constructor(connection: Connection, name: string, table: RandomTable) {
    this.#connection = connection
    this.#name = name
    this.#table = table
  }

  /** Creates the table with its first rows. */
  async begin(): Promise<void> {
    const { columns, keys, rows } = this.#table
    const list = columns.map(
      ({ name, type, nullable }) => `${name} ${type} ${nullable ? 'NULL' : 'NOT NULL'}`,
    )
    const key = columns.slice(0, keys).map(({ name }) => name)
    await this.#connection.query(
      `CREATE TABLE ${this.#name} (${list.join(', ')}, PRIMARY KEY (${key.join(', ')}))`,
    )
    for (const values of rows) await this.#insert(values)
  }

  /** Does what happens to it next, if anything. */
  async step(i: number): Promise<void> {
    const operation = this.#table.operations[i]
    if (operation === undefined) return
    const { kind, values } = operation
    if (kind === 'insert') await this.#insert(values)
    else if (kind === 'addColumn') await this.#addColumn()
    else if (this.#keys.length > 0) await this.#change(operation)
  }

  /** Its columns and rows as the database has them in the end. */
  async stored(): Promise<{ columns: readonly StoredColumn[]; rows: readonly StoredRow[] }> {
    const { columns, keys } = this.#table
    const all = [...columns, ...this.#added]
    const key = columns.slice(0, keys).map(({ name }) => name)
    return { columns: all, rows: await storedRows(this.#connection, this.#name, all, key) }
  }

  async #insert(values: readonly string[], verb = 'INSERT'): Promise<void> {
    const names = this.#table.columns.map(({ name }) => name)
    const done = await this.#query(
      `${verb} INTO ${this.#name} (${names.join(', ')}) VALUES (${values.join(', ')})`,
    )
    if (done && verb === 'INSERT') this.#keys.push(values.slice(0, this.#table.keys))
  }

  async #addColumn(): Promise<void> {
    if (this.#added.length === 2) return
    const column = {
      name: `added${this.#added.length}`,
      type: ['VARCHAR(9)', 'DECIMAL(9,4)'][this.#added.length]!,
    }
    this.#added.push(column)
    await this.#connection.query(`ALTER TABLE ${this.#name} ADD COLUMN ${column.name} ${column.type}`)
  }

  async #change({ kind, row, values, chosen }: RandomOperation): Promise<void> {
    const { columns, keys } = this.#table
    const at = row % this.#keys.length
    const key = this.#keys[at]!
    const where = `WHERE ${key.map((value, i) => `${columns[i]!.name}=${value}`).join(' AND ')}`
    const sets = columns.flatMap(({ name }, i) => (i >= keys && chosen[i] ? [`${name}=${values[i]}`] : []))
    if (this.#added.length > 0) sets.push(`added0='${row % 1000}'`)
    const update = `UPDATE ${this.#name} SET ${sets.join(', ')} ${where}`
    if (kind === 'delete' && (await this.#query(`DELETE FROM ${this.#name} ${where}`)))
      this.#keys.splice(at, 1)
    if (kind === 'update' && sets.length > 0) await this.#query(update)
    if (kind === 'replace') await this.#insert([...key, ...values.slice(keys)], 'REPLACE')
    if (kind === 'rekey') {
      const moved = values.slice(0, keys)
      const assigned = [...moved.map((value, i) => `${columns[i]!.name}=${value}`), ...sets]
      if (await this.#query(`UPDATE ${this.#name} SET ${assigned.join(', ')} ${where}`))
        this.#keys[at] = moved
    }
    if (kind === 'rolledBack' && sets.length > 0) {
      for (const statement of ['BEGIN', update, `DELETE FROM ${this.#name}`, 'ROLLBACK'])
        await this.#query(statement)
    }
  }

  /** Whether the statement was done; a key that is there already is no error. */
  async #query(sql: string): Promise<boolean> {
    try {
      await this.#connection.query(sql)
      return true
    } catch (error) {
      if ((error as { code?: string }).code === 'ER_DUP_ENTRY') return false
      throw error
    }
  }
}
