import { openKafka } from './kafka.js'
import { parseKafkaConfig } from './kafka-config.js'
import type { KafkaOptions } from './kafka-options.js'
import { openRecording } from './recording.js'
import type { Source } from './source.js'

/**
 * Opens a source: the folder of a recording, or of a stopped broker's data; a URL `kafka://host:port?ssl=true&sasl=…`; a
 * Java `client.properties` file; or Kafka options. Credentials come from the environment (OBSLAB_KAFKA_USERNAME,
 * OBSLAB_KAFKA_PASSWORD), that file or a callback. The schema registry of Avro records is `registry=http://host:8081` of
 * the URL, an option, `schema.registry.url` of that file, or OBSLAB_REGISTRY, which holds for folders as well.
 */
export async function openSource(where: string | KafkaOptions): Promise<Source> {
  if (typeof where === 'string' && !isKafka(where)) return await openRecording(where)
  return await openKafka(parseKafkaConfig(where))
}

/** Whether a text names a Kafka cluster and not a folder. */
export function isKafka(where: string): boolean {
  return where.includes('://') || where.endsWith('.properties')
}
