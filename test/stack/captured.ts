import { randomUUID } from 'node:crypto'
import { Kafka, logLevel } from 'kafkajs'
import { createConnection } from 'mysql2/promise'
import { type ConnectorOptions, type StackAddresses, waitForSnapshot } from './connector.js'
import { mysqlUsers } from './mysql.js'

/**
 * Resolves once Debezium has captured everything that was committed before the call: it waits for the
 * snapshot to be over, inserts a row into `debezium_signal` (of a type that Debezium only logs) and waits for that row in its topic.
 */
export async function waitUntilCaptured(
  stack: StackAddresses,
  { prefix = 'dbserver1', database = 'openmrs', name = prefix }: ConnectorOptions = {},
  ms = 90_000,
): Promise<void> {
  await waitForSnapshot(stack, name, ms)
  const marker = `captured-${randomUUID()}`
  const data = JSON.stringify({ message: marker })
  await signal(stack, database, { id: marker.slice(-36), type: 'log', data })
  const kafka = new Kafka({ brokers: [stack.kafka], logLevel: logLevel.NOTHING })
  const consumer = kafka.consumer({ groupId: marker, maxWaitTimeInMs: 100 })
  const timeout = { timer: undefined as NodeJS.Timeout | undefined }
  try {
    await topicExists(kafka, `${prefix}.${database}.debezium_signal`, ms)
    await consumer.connect()
    await consumer.subscribe({ topics: [`${prefix}.${database}.debezium_signal`], fromBeginning: true })
    await new Promise<void>((resolve, reject) => {
      const late = `Debezium did not capture the last changes of '${database}' within ${ms / 1000} s.`
      timeout.timer = setTimeout(() => reject(new Error(late)), ms)
      const eachMessage = async ({ message }: { message: { value: Buffer | null } }): Promise<void> => {
        if (message.value?.includes(marker)) resolve()
      }
      consumer.run({ autoCommit: false, eachMessage }).catch(reject)
    })
  } finally {
    clearTimeout(timeout.timer)
    await consumer.disconnect()
  }
}

/** Asks Debezium for an incremental snapshot of some tables, which it takes in between the changes that stream in. */
export function signalSnapshot(
  stack: StackAddresses,
  tables: readonly string[],
  database = 'openmrs',
): Promise<void> {
  const collections = tables.map(table => `${database}.${table}`)
  const data = JSON.stringify({ 'data-collections': collections, type: 'incremental' })
  return signal(stack, database, { id: `snapshot-${tables.join('-')}`, type: 'execute-snapshot', data })
}

async function signal(
  stack: StackAddresses,
  database: string,
  { id, type, data }: { id: string; type: string; data: string },
): Promise<void> {
  const { hostname: host, port } = new URL(stack.mysql)
  const connection = await createConnection({ host, port: Number(port), database, ...mysqlUsers.openmrs })
  await connection.query('INSERT INTO debezium_signal (id, type, data) VALUES (?, ?, ?)', [id, type, data])
  await connection.end()
}

async function topicExists(kafka: Kafka, topic: string, ms: number): Promise<void> {
  const admin = kafka.admin()
  await admin.connect()
  try {
    const deadline = Date.now() + ms
    while (!(await admin.listTopics()).includes(topic)) {
      if (Date.now() > deadline)
        throw new Error(`Debezium did not create the topic ${topic} within ${ms / 1000} s.`)
      await new Promise(resolve => setTimeout(resolve, 100))
    }
  } finally {
    await admin.disconnect()
  }
}
