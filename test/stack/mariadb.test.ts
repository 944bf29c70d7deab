import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { connect, type Lab } from '../../src/lab.js'
import { simulate } from '../../src/stack/simulate.js'
import { waitUntilCaptured } from './captured.js'
import {
  type ConnectorOptions,
  deleteConnector,
  registerConnector,
  type StackAddresses,
  waitForSnapshot,
} from './connector.js'
import { expectSameTables, expectSameVitals } from './expect-tables.js'
import { finalTables } from './final-rows.js'
import { MariadbService, whyNoMariadb } from './mariadb.js'
import { mysqlUsers } from './mysql.js'
import { records } from './topics.js'

const stack = inject('stack')
const unavailable = whyNoMariadb()
if (stack !== null && unavailable !== null) console.warn(`${unavailable} Its tests are skipped.`)

const database = 'maria'
/** Debezium reads a YEAR as a number; the driver's date of it ends the snapshot (Debezium 3.5.0). */
const connector: ConnectorOptions = {
  prefix: database,
  database,
  serverId: 184_300,
  config: {
    'connector.class': 'io.debezium.connector.mariadb.MariaDbConnector',
    'driver.yearIsDateType': 'false',
  },
}

describe.skipIf(stack === null || unavailable !== null)('a simulated life captured from MariaDB', () => {
  let mariadb: MariadbService
  let lab: Lab

  beforeAll(async () => {
    mariadb = await MariadbService.create()
    await mariadb.start()
    const addresses: StackAddresses = { ...stack!, mysql: mariadb.address }
    const life = { url: `${mariadb.address}/${database}`, password: mysqlUsers.openmrs.password, seed: 11 }
    await simulate({ ...life, patients: 12, phases: ['schema', 'population'] })
    await registerConnector(addresses, connector)
    await waitForSnapshot(addresses, database)
    await simulate({ ...life, patients: 12, changes: 1_500, phases: ['life'] })
    await waitUntilCaptured(addresses, connector)
    await deleteConnector(addresses, database)
    lab = await connect(`kafka://${stack!.kafka}`)
  })
  afterAll(async () => {
    await lab?.close()
    await mariadb?.remove()
  })

  test('the current table of every topic is what SELECT * gives', async () => {
    await expectSameTables(lab, database, await finalTables(mariadb.address, database))
  })

  test('the vitals are what SQL gives', () => expectSameVitals(lab, database, mariadb.address))

  test('source times are whole seconds, and GTIDs are of MariaDB', async () => {
    const { values } = await records(stack!.kafka, `${database}.${database}.obs`)
    const streamed = values.filter(value => value !== null && value.op !== 'r')
    const sources = streamed.map(value => value!.source as { ts_ms?: number; gtid?: string })
    expect(sources.length).toBeGreaterThan(100)
    expect(sources.filter(({ ts_ms }) => Number(ts_ms) % 1000 !== 0)).toEqual([])
    expect(sources.filter(({ gtid }) => !/^0-223344-\d+$/.test(String(gtid)))).toEqual([])
  })
})
