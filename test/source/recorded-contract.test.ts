import path from 'node:path'
import { openRecording } from '../../src/source/recording.js'
import { contractTopics } from './contract-topics.js'
import { sourceContract } from './source-contract.js'

const folder = path.join(import.meta.dirname, 'recordings/contract')

// test/stack/record-contract.ts made it.
sourceContract('a recording of what a real broker wrote', async () => ({
  source: await openRecording(folder),
  topics: contractTopics('dbserver1.contract.'),
}))
