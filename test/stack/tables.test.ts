import { afterAll, beforeAll, describe, inject, test } from 'vitest'
import { connect, type Lab } from '../../src/lab.js'
import { simulate } from '../../src/stack/simulate.js'
import { waitUntilCaptured } from './captured.js'
import { deleteConnector, registerConnector, waitForSnapshot } from './connector.js'
import { expectSameTables, expectSameVitals } from './expect-tables.js'
import { finalTables } from './final-rows.js'
import { mysqlUsers } from './mysql.js'

const stack = inject('stack')

describe.skipIf(stack === null).each([
  { database: 'bare', schemas: false, serverId: 184_200 },
  { database: 'schemed', schemas: true, serverId: 184_201 },
])('a simulated life captured with schemas enabled: $schemas', ({ database, schemas, serverId }) => {
  let lab: Lab

  beforeAll(async () => {
    const connector = { prefix: database, database, serverId, schemas }
    const life = {
      url: `${stack!.mysql}/${database}`,
      password: mysqlUsers.openmrs.password,
      seed: 11,
      patients: 12,
    }
    await simulate({ ...life, phases: ['schema', 'population'] })
    await registerConnector(stack!, connector)
    await waitForSnapshot(stack!, database)
    await simulate({ ...life, changes: 1_500, phases: ['life'] })
    await waitUntilCaptured(stack!, connector)
    await deleteConnector(stack!, database)
    lab = await connect(`kafka://${stack!.kafka}`)
  })
  afterAll(() => lab?.close())

  test('the current table of every topic is what SELECT * gives', async () => {
    await expectSameTables(lab, database, await finalTables(stack!.mysql, database))
  })

  test('the vitals are what SQL gives', () => expectSameVitals(lab, database, stack!.mysql))
})
