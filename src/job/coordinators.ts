import { ObslabError } from '../errors.js'
import type { KafkaCluster } from '../source/kafka-cluster.js'
import type { RawRequest } from '../source/protocol.js'
import { type CoordinatorKind, findCoordinatorRequest } from './group-protocol.js'
import { type Answer, errorType, KafkaError, taken } from './kafka-error.js'

/** Errors by which a broker says that it is not (or not yet) the coordinator, or that the last transaction is still settling. */
const passing: ReadonlySet<string> = new Set([
  'CONCURRENT_TRANSACTIONS',
  'COORDINATOR_LOAD_IN_PROGRESS',
  'COORDINATOR_NOT_AVAILABLE',
  'KAFKA_STORAGE_ERROR',
  'LEADER_NOT_AVAILABLE',
  'NOT_COORDINATOR',
  'NOT_ENOUGH_REPLICAS',
  'NOT_ENOUGH_REPLICAS_AFTER_APPEND',
  'NOT_LEADER_FOR_PARTITION',
  'REQUEST_TIMED_OUT',
  'TRANSACTION_COORDINATOR_FENCED',
  'UNKNOWN_TOPIC_OR_PARTITION',
  'UNSTABLE_OFFSET_COMMIT',
])
const longestPause = 500

/** Sends requests to whoever coordinates a group or a transactional id, wherever that moves. */
export class Coordinators {
  readonly #cluster: KafkaCluster
  readonly #nodes = new Map<string, number>()

  constructor(cluster: KafkaCluster) {
    this.#cluster = cluster
  }

  /** Sends once, and forgets the coordinator when it did not answer or is none. */
  async send<T>(kind: CoordinatorKind, key: string, request: RawRequest<Answer<T>>): Promise<T> {
    const name = `${kind}:${key}`
    try {
      let node = this.#nodes.get(name)
      if (node === undefined) {
        node = taken(await this.#cluster.any(findCoordinatorRequest(kind, key)))
        await this.#cluster.metadata([])
        this.#nodes.set(name, node)
      }
      return taken(await this.#cluster.node(node, request))
    } catch (error) {
      if (errorType(error) !== 'CONCURRENT_TRANSACTIONS') this.#nodes.delete(name)
      throw error
    }
  }

  /**
   * Sends until it does not fail in a way that passes, for at most `budget` milliseconds. The first pauses are short: the
   * markers of the last transaction are written within some milliseconds.
   */
  async settle<T>(
    kind: CoordinatorKind,
    key: string,
    request: RawRequest<Answer<T>>,
    budget: number,
  ): Promise<T> {
    return await untilSettled(this.#cluster, budget, () => this.send(kind, key, request))
  }
}

/** Runs `attempt` until it does not fail in a way that passes, for at most `budget` milliseconds. */
export async function untilSettled<T>(
  { clock, closing }: Pick<KafkaCluster, 'clock' | 'closing'>,
  budget: number,
  attempt: () => Promise<T>,
): Promise<T> {
  const deadline = clock.now() + budget
  for (let pause = 1; ; pause = Math.min(2 * pause, longestPause)) {
    try {
      return await attempt()
    } catch (error) {
      if (closing.aborted || !passes(error) || clock.now() >= deadline) throw error
    }
    await clock.sleep(pause, closing)
  }
}

function passes(error: unknown): boolean {
  if (error instanceof KafkaError) return passing.has(error.type)
  return error instanceof ObslabError && error.code === 'broker-unreachable'
}
