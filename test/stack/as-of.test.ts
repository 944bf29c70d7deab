import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { connect, type Lab } from '../../src/lab.js'
import { simulate } from '../../src/stack/simulate.js'
import { waitUntilCaptured } from './captured.js'
import { deleteConnector, registerConnector, type StackAddresses, waitForSnapshot } from './connector.js'
import { expectSameTables } from './expect-tables.js'
import type { FinalTable } from './final-rows.js'
import { MariadbService, whyNoMariadb } from './mariadb.js'
import { mysqlUsers } from './mysql.js'
import { momentsOf, type NotedMoment, notedMoment } from './noted-moment.js'

const stack = inject('stack')
const noMariadb = whyNoMariadb()
if (stack !== null && noMariadb !== null) console.warn(`${noMariadb} Its tests are skipped.`)

const includeDeleted = { includeDeleted: true }
const marks = [1, 300, 600, 900]

/** Plays a life into a database that is captured, and notes what it holds in the midst of it. */
async function lived(
  addresses: StackAddresses,
  {
    database,
    serverId,
    config = {},
  }: { database: string; serverId: number; config?: Record<string, string> },
  gtidVariable: Parameters<typeof notedMoment>[2],
): Promise<NotedMoment[]> {
  const connector = { prefix: database, database, serverId, config }
  const life = {
    url: `${addresses.mysql}/${database}`,
    password: mysqlUsers.openmrs.password,
    seed: 5,
    patients: 12,
  }
  await simulate({ ...life, phases: ['schema', 'population'] })
  await registerConnector(addresses, connector)
  await waitForSnapshot(addresses, database)
  const moments = await momentsOf(
    marks,
    progress =>
      simulate({ ...life, changes: 1_200, phases: ['life'], onProgress: ({ rows }) => progress(rows) }),
    () => notedMoment(addresses.mysql, database, gtidVariable),
  )
  await waitUntilCaptured(addresses, connector)
  await deleteConnector(addresses, database)
  return moments.map(moment => ({ ...moment, tables: moment.tables.filter(isKnown) }))
}

/** A table that has been empty ever since has no records, and nothing is known of it: here the connector's signals. */
function isKnown({ table, rows }: FinalTable): boolean {
  return rows.length > 0 || table !== 'debezium_signal'
}

describe.skipIf(stack === null)('a table as of a moment in the life of MySQL', () => {
  let lab: Lab
  let moments: NotedMoment[]
  beforeAll(async () => {
    moments = await lived(stack!, { database: 'moments', serverId: 184_210 }, '@@global.gtid_executed')
    lab = await connect(`kafka://${stack!.kafka}`)
  })
  afterAll(() => lab?.close())

  test('by GTID is what SELECT * gave when that set was executed', async () => {
    expect(new Set(moments.map(({ gtid }) => gtid)).size).toBe(marks.length)
    for (const { gtid, tables } of moments)
      await expectSameTables(lab, 'moments', tables, table => table.asOf({ gtid }, includeDeleted))
  })

  test('by source time is what SELECT * gave at that time of the database', async () => {
    for (const { time, tables } of moments)
      await expectSameTables(lab, 'moments', tables, table =>
        table.asOf({ sourceTime: time }, includeDeleted),
      )
  })
})

describe.skipIf(stack === null || noMariadb !== null)('a table as of a moment in the life of MariaDB', () => {
  let mariadb: MariadbService
  let lab: Lab
  afterAll(async () => {
    await lab?.close()
    await mariadb?.remove()
  })

  test('by GTID is what SELECT * gave at that position', async () => {
    mariadb = await MariadbService.create()
    await mariadb.start()
    const config = {
      'connector.class': 'io.debezium.connector.mariadb.MariaDbConnector',
      'driver.yearIsDateType': 'false',
    }
    const addresses = { ...stack!, mysql: mariadb.address }
    const connector = { database: 'maria_moments', serverId: 184_310, config }
    const moments = await lived(addresses, connector, '@@global.gtid_binlog_pos')
    lab = await connect(`kafka://${stack!.kafka}`)
    for (const { gtid, tables } of moments)
      await expectSameTables(lab, 'maria_moments', tables, table => table.asOf({ gtid }, includeDeleted))
  })
})
