/**
 * Makes the recording `values` of this folder: `npx tsx test/change/recordings/capture-values.ts`. It starts a stack of
 * its own, writes every value of `test/stack/value-columns.ts` into MySQL and MariaDB under connectors with different
 * settings, and records their topics. `values.json.gz` holds the rows of `every_type` as the databases store them.
 */
import { rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import { openKafka } from '../../../src/source/kafka.js'
import { parseKafkaConfig } from '../../../src/source/kafka-config.js'
import { recordTopics } from '../../../src/source/recorder.js'
import { MariadbService } from '../../stack/mariadb.js'
import { isolatedStack } from '../../stack/stack.js'
import { captureValues } from '../../stack/value-capture.js'

const folder = path.join(import.meta.dirname, 'values')
const stack = await isolatedStack('capture-values')
const mariadb = await MariadbService.create()
try {
  await stack.up()
  await mariadb.start()
  const stored = {
    mysql: await captureValues(stack.addresses, 'mysql'),
    mariadb: await captureValues({ ...stack.addresses, mysql: mariadb.address }, 'mariadb'),
  }
  const source = await openKafka(parseKafkaConfig(`kafka://${stack.addresses.kafka}`))
  const all = (await source.topics()).map(({ topic }) => topic)
  const topics = all.filter(topic =>
    /^(mysql|mariadb)_\w+(\.values_\w+\.(every_type|zeros|defaults))?$/.test(topic),
  )
  await rm(folder, { recursive: true, force: true })
  await recordTopics(source, folder, { topics, codec: 'zstd' })
  await source.close()
  await writeFile(path.join(import.meta.dirname, 'values.json.gz'), gzipSync(JSON.stringify(stored)))
} finally {
  await mariadb.remove()
  await stack.remove()
}
