import { Kafka, logLevel, type Message, Partitioners } from 'kafkajs'
import type { Row } from '../../src/change/column-type.js'
import { GeneratedLife } from '../bench/generated-life.js'

/** Fills a topic of obs changes with what Debezium would write of a generated life; three partitions. Gives its bytes. */
export async function fillTopic(
  bootstrap: string,
  topic: string,
  changes: number,
  report: (line: string) => void,
): Promise<number> {
  const kafka = new Kafka({ brokers: [bootstrap], logLevel: logLevel.NOTHING })
  const admin = kafka.admin()
  await admin.connect()
  await admin.createTopics({ topics: [{ topic, numPartitions: 3 }], waitForLeaders: true })
  await admin.disconnect()
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner })
  await producer.connect()
  let bytes = 0
  let messages: Message[] = []
  for (const { key, value } of envelopes(changes)) {
    bytes += key.length + value.length
    messages.push({ key, value })
    if (messages.length < 1500) continue
    await producer.send({ topic, messages, acks: -1 })
    messages = []
  }
  if (messages.length > 0) await producer.send({ topic, messages, acks: -1 })
  await producer.disconnect()
  report(`${changes} records, ${Math.round(bytes / 1e6)} MB, in ${topic}`)
  return bytes
}

/** Keys and values of the changes of obs, before-images included, as JSON without schemas. */
function* envelopes(changes: number): Generator<{ key: string; value: string }> {
  const last = new Map<number, Row>()
  let place = 0
  for (const change of new GeneratedLife().changes(['obs'])) {
    if (place === changes) return
    const { op, after, timestamp } = change
    const id = Number(after!.obs_id)
    const source = sourceOf(timestamp, ++place)
    const transaction = { id: source.gtid, total_order: 1, data_collection_order: 1 }
    const times = { ts_ms: timestamp, ts_us: timestamp * 1000, ts_ns: timestamp * 1_000_000 }
    const value = { before: last.get(id) ?? null, after, source, transaction, op, ...times }
    last.set(id, after!)
    yield { key: JSON.stringify(change.key), value: JSON.stringify(value) }
  }
}

function sourceOf(ts_ms: number, place: number): Record<string, unknown> & { gtid: string } {
  return {
    version: '3.5.0.Final',
    connector: 'mysql',
    name: 'bench',
    ts_ms,
    snapshot: 'false',
    db: 'openmrs',
    sequence: null,
    ts_us: ts_ms * 1000,
    ts_ns: ts_ms * 1_000_000,
    table: 'obs',
    server_id: 223344,
    gtid: `6d1b3ab2-0c8a-11ef-9c32-0242ac110002:${place}`,
    file: 'mysql-bin.000003',
    pos: 1000 + place * 400,
    row: 0,
    thread: 12,
    query: null,
  }
}
