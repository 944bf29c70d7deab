import { Kafka, logLevel } from 'kafkajs'

/** A Debezium envelope, as far as the tests of the stack look at it. */
export interface Envelope {
  op?: string
  before?: Record<string, unknown> | null
  after?: Record<string, unknown> | null
  source?: { snapshot: string; pos: number; file: string; row: number; table: string }
  [field: string]: unknown
}

/** The names of all topics, in order. */
export async function topicNames(bootstrap: string): Promise<string[]> {
  return withAdmin(bootstrap, async admin => (await admin.listTopics()).sort())
}

/**
 * All records of a small topic, read with a plain kafkajs consumer: the tests of the stack stand on nothing of
 * obslab's. Values are parsed (tombstones are null) and are in order per partition; headers come beside them.
 */
export async function records(
  bootstrap: string,
  topic: string,
): Promise<{ partitions: number; values: (Envelope | null)[]; headers: string[][] }> {
  const offsets = await withAdmin(bootstrap, admin => admin.fetchTopicOffsets(topic))
  const ends = new Map(offsets.map(({ partition, high }) => [partition, Number(high)]))
  const values: (Envelope | null)[] = []
  const headers: string[][] = []
  const groupId = `test-${topic}-${process.pid}-${performance.now()}`
  const consumer = client(bootstrap).consumer({ groupId, maxWaitTimeInMs: 100 })
  await consumer.connect()
  await consumer.subscribe({ topics: [topic], fromBeginning: true })
  await new Promise<void>((resolve, reject) => {
    const left = new Map([...ends].filter(([, end]) => end > 0))
    if (left.size === 0) resolve()
    const running = consumer.run({
      autoCommit: false,
      eachMessage: async ({ partition, message }) => {
        values.push(message.value === null ? null : (JSON.parse(message.value.toString()) as Envelope))
        headers.push(Object.keys(message.headers ?? {}))
        if (Number(message.offset) + 1 >= (left.get(partition) ?? 0)) left.delete(partition)
        if (left.size === 0) resolve()
      },
    })
    running.catch(reject)
  })
  await consumer.disconnect()
  return { partitions: offsets.length, values, headers }
}

function client(bootstrap: string): Kafka {
  return new Kafka({ brokers: [bootstrap], logLevel: logLevel.NOTHING })
}

async function withAdmin<T>(
  bootstrap: string,
  use: (admin: ReturnType<Kafka['admin']>) => Promise<T>,
): Promise<T> {
  const admin = client(bootstrap).admin()
  await admin.connect()
  try {
    return await use(admin)
  } finally {
    await admin.disconnect()
  }
}
