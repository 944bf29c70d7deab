import { Kafka, logLevel } from 'kafkajs'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { connect, type Lab } from '../../src/lab.js'
import { createTopic } from '../../src/source/kafka-admin.js'
import { parseKafkaConfig } from '../../src/source/kafka-config.js'

const stack = inject('stack')
const partitions = 3

describe.skipIf(stack === null)('the topics of a broker', () => {
  const names = ['list.sizes.one', 'list.sizes.two', 'list.sizes.empty']
  let lab: Lab

  beforeAll(async () => {
    const config = parseKafkaConfig(`kafka://${stack!.kafka}`)
    for (const name of names) await createTopic(config, { name, partitions })
    const producer = new Kafka({ brokers: [stack!.kafka], logLevel: logLevel.NOTHING }).producer()
    await producer.connect()
    for (const [i, topic] of names.slice(0, 2).entries()) {
      const messages = Array.from({ length: 200 }, (_, n) => ({
        ...{ key: `{"id":${n}}`, value: `{"id":${n},"__op":"c"}`, partition: n % partitions },
        timestamp: String(1_000_000 + 1_000 * i + n),
      }))
      await producer.send({ topic, messages })
    }
    await producer.disconnect()
    lab = await connect(`kafka://${stack!.kafka}`)
  })
  afterAll(() => lab?.close())

  test('have the bytes of their batches on disk, and the oldest and newest times', async () => {
    const rows = (await lab.topics()).rows().filter(({ topic }) => names.includes(topic))
    for (const [i, topic] of names.slice(0, 2).entries()) {
      let bytes = 0
      const [offsets] = await lab.source.topics([topic])
      const ranges = offsets!.partitions.map(({ partition, start: from, stable: to }) => ({
        ...{ topic, partition, from, to },
      }))
      for await (const chunk of lab.source.read({ ranges })) bytes += chunk.bytes.length
      expect(rows.find(row => row.topic === topic)).toMatchObject({
        ...{ kind: 'table', partitions, records: 200, bytes, bytes_estimated: false },
        ...{ oldest: 1_000_000 + 1_000 * i, newest: 1_000_199 + 1_000 * i },
        ...{ key: 'json', value: 'unwrapped json' },
      })
    }
    expect(rows.find(({ topic }) => topic === 'list.sizes.empty')).toMatchObject({
      ...{ records: 0, bytes: 0, bytes_estimated: false, oldest: null, newest: null, value: 'none' },
    })
  })
})
