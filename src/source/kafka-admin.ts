import type { Admin } from 'kafkajs'
import { ObslabError } from '../errors.js'
import { clientFailure, kafkaClient } from './kafka-client.js'
import type { KafkaConfig } from './kafka-config.js'

/** A topic to be created. */
export interface NewTopic {
  name: string
  /** The broker's `num.partitions` when left out. */
  partitions?: number
  /** Copies of each partition; the broker's `default.replication.factor` when left out. */
  replication?: number
  /** Settings such as `cleanup.policy`, by name. */
  config?: Readonly<Record<string, string>>
}

/** Creates a topic and waits until its partitions have leaders. One that is there already is a `topic-exists` error. */
export async function createTopic(config: KafkaConfig, topic: NewTopic): Promise<void> {
  const { name, partitions, replication, config: settings = {} } = topic
  const created = await administer(config, { topic: name, permission: 'CREATE' }, admin =>
    admin.createTopics({
      waitForLeaders: true,
      topics: [
        {
          topic: name,
          numPartitions: partitions ?? -1,
          replicationFactor: replication ?? -1,
          configEntries: Object.entries(settings).map(([setting, value]) => ({ name: setting, value })),
        },
      ],
    }),
  )
  if (!created) {
    throw new ObslabError(
      'topic-exists',
      `There is a topic ${name} in ${config.name} already. Choose another name.`,
      {
        position: { topic: name },
      },
    )
  }
}

/** Deletes a topic with all its records. */
export async function deleteTopic(config: KafkaConfig, topic: string): Promise<void> {
  await administer(config, { topic, permission: 'DELETE' }, admin => admin.deleteTopics({ topics: [topic] }))
}

async function administer<T>(
  config: KafkaConfig,
  attempt: { topic: string; permission: string },
  use: (admin: Admin) => Promise<T>,
): Promise<T> {
  const admin = (await kafkaClient(config)).admin()
  try {
    await admin.connect()
    return await use(admin)
  } catch (error) {
    throw clientFailure(error, { name: config.name, ...attempt })
  } finally {
    await admin.disconnect()
  }
}
