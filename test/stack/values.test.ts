import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { z } from 'zod'
import type { Row } from '../../src/change/column-type.js'
import { topic } from '../../src/change/topic.js'
import { connect, type Lab } from '../../src/lab.js'
import { MariadbService, whyNoMariadb } from './mariadb.js'
import { captureValues, everyType, type ValueServer, valueCases, valueTopic } from './value-capture.js'
import { valueDifferences } from './value-settings.js'
import type { StoredRow } from './value-tables.js'

const stack = inject('stack')
const noMariadb = stack === null ? null : whyNoMariadb()
if (noMariadb !== null) console.warn(`${noMariadb} Its tests are skipped.`)
const servers: readonly ValueServer[] = noMariadb === null ? ['mysql', 'mariadb'] : ['mysql']

describe.skipIf(stack === null).each(servers)('of the values of every type that %s stores', server => {
  let mariadb: MariadbService | undefined
  let stored: readonly StoredRow[]
  let lab: Lab

  beforeAll(async () => {
    if (server === 'mariadb') {
      mariadb = await MariadbService.create()
      await mariadb.start()
    }
    stored = await captureValues({ ...stack!, mysql: mariadb?.address ?? stack!.mysql }, server)
    lab = await connect(`kafka://${stack!.kafka}`)
  })
  afterAll(async () => {
    await lab?.close()
    await mariadb?.remove()
  })

  test.each(valueCases)(
    'a frame shows each, under the settings $setting.name with schemas: $schemas',
    async ({ setting, schemas }) => {
      const name = valueTopic(server, setting, schemas, 'every_type')
      const typed = topic<Row>(name, z.looseObject({}) as unknown as z.ZodType<Row>, {
        key: ['id'],
        connector: setting.config,
      })
      const table = await lab.replay(typed, { progress: false })
      expect(table.counts).toMatchObject({ quarantined: 0, records: stored.length })
      const frame = table.current()
      const rows = frame.rows()
      expect(rows).toHaveLength(stored.length)
      const kinds = new Map(frame.columns.map(column => [column.name, column.kind]))
      const shown = { rows, kindOf: (column: string) => kinds.get(column)! }
      expect(valueDifferences(setting, everyType(server), stored, shown)).toEqual([])
    },
  )
})
