/**
 * `npx tsx test/stack/record-contract.ts` records the topics of the source contract from a real broker into
 * test/source/recordings/contract, so that `npm test` holds the contract against what Kafka wrote.
 */
import { rm } from 'node:fs/promises'
import path from 'node:path'
import { recordTopics } from '../../src/source/recorder.js'
import { ContractBroker } from './contract-broker.js'

const target = path.join(import.meta.dirname, '../source/recordings/contract')
const broker = await ContractBroker.start()
try {
  const source = await broker.open()
  await rm(target, { recursive: true, force: true })
  const { records, bytes } = await recordTopics(source, target)
  await source.close()
  console.log(`${records} records, ${bytes} bytes in ${path.relative(process.cwd(), target)}`)
} finally {
  await broker.remove()
}
