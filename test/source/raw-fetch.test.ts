import kafkajs from 'kafkajs'
import { describe, expect, test } from 'vitest'
import { clientInternals } from '../../src/source/raw-fetch.js'

const address = { host: '127.0.0.1', port: 9092 }

function client(change: (cluster: object) => object = cluster => cluster): object {
  const kafka = new kafkajs.Kafka({ brokers: ['127.0.0.1:9092'], logLevel: kafkajs.logLevel.NOTHING })
  const symbol = Object.getOwnPropertySymbols(kafka).find(s => s.description?.endsWith('createCluster'))!
  const create: (options: object) => object = Reflect.get(kafka, symbol)
  Reflect.set(kafka, symbol, (options: object) => change(create(options)))
  return kafka
}

describe('the self-test of what is used of kafkajs', () => {
  test('finds everything in the installed version', async () => {
    const { pool, broker } = await clientInternals(client(), '2.2.4', address)
    expect(pool.pool).toHaveLength(2)
    expect(broker.versions).toBeNull()
  })

  test.each([
    ['another version', client(), '2.2.5', 'found version 2.2.5'],
    ['a client without the private cluster', {}, '2.2.4', 'without createCluster'],
    ['a cluster that is none', client(() => ({})), '2.2.4', 'another Cluster'],
    [
      'a pool that is none',
      client(c => ({ ...c, connectionPoolBuilder: { build: () => ({}) } })),
      '2.2.4',
      'another ConnectionPool',
    ],
    [
      'a broker that is none',
      client(c => ({ ...c, brokerPool: { createBroker: () => ({}) } })),
      '2.2.4',
      'another Broker',
    ],
  ])('refuses %s by name', async (_, kafka, version, found) => {
    await expect(clientInternals(kafka, version, address)).rejects.toMatchObject({
      code: 'package-mismatch',
      message: expect.stringContaining(found),
    })
  })
})
