import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { connect, type Lab } from '../../src/lab.js'
import { flatObs } from '../../src/openmrs/flat-obs.js'
import { hivSummary } from '../../src/openmrs/hiv-summary.js'
import { vitals } from '../../src/openmrs/vitals.js'
import { Pipeline } from '../../src/pipeline/pipeline.js'
import { renameTopics } from '../../src/pipeline/plan.js'
import { simulate } from '../../src/stack/simulate.js'
import { waitUntilCaptured } from './captured.js'
import {
  type ConnectorOptions,
  deleteConnector,
  registerConnector,
  type StackAddresses,
  waitForSnapshot,
} from './connector.js'
import { flatObsBySql } from './flat-obs-sql.js'
import { hivSummaryBySql } from './hiv-summary-sql.js'
import { MariadbService, whyNoMariadb } from './mariadb.js'
import { mysqlUsers } from './mysql.js'
import { vitalsBySql } from './vitals-sql.js'

const stack = inject('stack')
const noMariadb = whyNoMariadb()
if (stack !== null && noMariadb !== null) console.warn(`${noMariadb} Its tests are skipped.`)

const onMariadb: ConnectorOptions['config'] = {
  'connector.class': 'io.debezium.connector.mariadb.MariaDbConnector',
  'driver.yearIsDateType': 'false',
}

interface Server {
  server: string
  database: string
  serverId: number
  config?: ConnectorOptions['config']
}

const servers: Server[] = [
  { server: 'MySQL', database: 'standard', serverId: 184_500 },
  ...(noMariadb === null
    ? [{ server: 'MariaDB', database: 'standard_maria', serverId: 184_501, config: onMariadb }]
    : []),
]

describe.skipIf(stack === null).each(servers)('a simulated life captured from $server', about => {
  const { database, serverId, config } = about
  let mariadb: MariadbService | undefined
  let url: string
  let lab: Lab

  beforeAll(async () => {
    if (config !== undefined) mariadb = await MariadbService.create()
    await mariadb?.start()
    url = mariadb?.address ?? stack!.mysql
    const addresses: StackAddresses = { ...stack!, mysql: url }
    const connector = { prefix: database, database, serverId, ...(config === undefined ? {} : { config }) }
    const life = { url: `${url}/${database}`, password: mysqlUsers.openmrs.password, seed: 29, patients: 30 }
    await simulate({ ...life, phases: ['schema', 'population'] })
    await registerConnector(addresses, connector)
    await waitForSnapshot(addresses, database)
    await simulate({ ...life, changes: 4_000, phases: ['life'] })
    await waitUntilCaptured(addresses, connector)
    await deleteConnector(addresses, database)
    lab = await connect(`kafka://${stack!.kafka}`)
  })
  afterAll(async () => {
    await lab?.close()
    await mariadb?.remove()
  })

  /** The rows of a pipeline over what was captured, what was collected parsed. */
  async function rowsOf<R extends object>({ plan }: Pipeline<R>): Promise<object[]> {
    const bound = new Pipeline<R>(renameTopics(plan, topic => `${database}.${database}.${topic}`))
    const rows: object[] = (await lab.preview(bound)).rows()
    const parsed = (value: unknown): unknown =>
      typeof value === 'string' && value.startsWith('[') ? JSON.parse(value) : value
    return rows.map(row => Object.fromEntries(Object.entries(row).map(([name, one]) => [name, parsed(one)])))
  }

  test('flat_obs is what SQL gives', async () => {
    const rows = await rowsOf(flatObs)
    expect(rows).toEqual(await flatObsBySql(url, database))
    expect(rows.length).toBeGreaterThan(300)
  })

  test('vitals is what SQL gives', async () => {
    const rows = await rowsOf(vitals)
    expect(rows).toEqual(await vitalsBySql(url, database))
    expect(rows.length).toBeGreaterThan(200)
  })

  test('hiv_summary is what SQL gives', async () => {
    const rows = await rowsOf(hivSummary)
    expect(rows).toEqual(await hivSummaryBySql(url, database))
    expect(rows.length).toBeGreaterThan(100)
  })
})
