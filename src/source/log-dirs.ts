import type { RawRequest, TopicPartitions } from './protocol.js'
import { WireReader, WireWriter } from './wire.js'

/** How many bytes one replica of a partition takes on a broker's disk. */
export interface ReplicaSize {
  topic: string
  partition: number
  bytes: number
}

/**
 * Asks one broker for the sizes of the replicas it has of these partitions. A broker that does not let the user
 * describe the cluster answers with none, or with an error code for each of its folders, which gives none as well.
 */
export function describeLogDirsRequest(topics: readonly TopicPartitions[]): RawRequest<ReplicaSize[]> {
  const request = new WireWriter()
  request.array(topics, ({ topic, partitions }) =>
    request.string(topic).array(partitions, partition => request.int32(partition)),
  )
  return {
    apiKey: 35,
    apiVersion: 1,
    apiName: 'DescribeLogDirs',
    body: request.finish(),
    decode: decodeLogDirs,
  }
}

function decodeLogDirs(response: Buffer): ReplicaSize[] {
  const reader = new WireReader(response, 'DescribeLogDirs v1')
  reader.int32()
  const folders = reader.array(() => {
    const errorCode = reader.int16()
    reader.string()
    const replicas = reader.array(() => {
      const topic = reader.string()
      return reader.array(() => {
        const replica = { topic, partition: reader.int32(), bytes: reader.int64() }
        reader.int64()
        return { ...replica, isFuture: reader.boolean() }
      })
    })
    return errorCode === 0 ? replicas.flat().filter(({ isFuture }) => !isFuture) : []
  })
  reader.end()
  return folders.flat().map(({ topic, partition, bytes }) => ({ topic, partition, bytes }))
}
