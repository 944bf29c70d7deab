import path from 'node:path'
import { afterAll, beforeAll, describe, inject } from 'vitest'
import { recordTopics } from '../../src/source/recorder.js'
import { openRecording } from '../../src/source/recording.js'
import { sourceContract } from '../source/source-contract.js'
import { ContractBroker, recordedTopics as topics } from './contract-broker.js'

const unavailable = inject('stackUnavailable')

describe.skipIf(unavailable !== null)('the contract of a source', () => {
  let broker: ContractBroker

  beforeAll(async () => {
    broker = await ContractBroker.start()
  })
  afterAll(() => broker?.remove())

  sourceContract('a real broker', async () => ({ source: await broker.open(), topics }))

  sourceContract('a recording of a real broker', async () => {
    const source = await broker.open()
    const recording = path.join(broker.folder, 'recording')
    await recordTopics(source, recording)
    await source.close()
    return { source: await openRecording(recording), topics }
  })
})
