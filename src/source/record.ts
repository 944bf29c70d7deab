import type { Header } from '../log/record-batch.js'

/** One Kafka record, as a consumer that reads committed records sees it. */
export interface KafkaRecord {
  topic: string
  partition: number
  offset: number
  /** Milliseconds since the epoch: the producer's time, or the broker's when the topic says LogAppendTime. */
  timestamp: number
  key: Uint8Array | null
  value: Uint8Array | null
  headers: readonly Header[]
}
