import type { Clock } from '../clock.js'
import { ObslabError } from '../errors.js'
import type { KafkaConfig } from './kafka-config.js'
import { formatAddress, isPassing, isTransient, protocolFailure } from './kafka-failure.js'
import type { BrokerAddress } from './kafka-options.js'
import {
  listOffsetsRequest,
  type Metadata,
  type MetadataTopic,
  metadataRequest,
  type OffsetAnswer,
  type OffsetQuestion,
  type RawRequest,
  type TopicPartitions,
} from './protocol.js'
import { RawConnection } from './raw-fetch.js'

/** Milliseconds for finding a first broker, over all addresses. */
const connectBudget = 4500
/** Milliseconds in which a leader must be found and answer before a request is given up. */
const answerBudget = 15_000
const firstPause = 100
const longestPause = 2000

/** One offset of each partition asked for, by `topic:partition`. */
export type OffsetsByPartition = ReadonlyMap<string, number>

/** The key of a partition in {@link OffsetsByPartition}. */
export function partitionKey(topic: string, partition: number): string {
  return `${topic}:${partition}`
}

/** The brokers of a cluster, who leads what, and one connection to each that is needed. */
export class KafkaCluster {
  readonly name: string
  readonly clock: Clock
  readonly #config: KafkaConfig
  readonly #closing = new AbortController()
  readonly #connections = new Map<string, Promise<RawConnection>>()
  #nodes: ReadonlyMap<number, BrokerAddress> = new Map()
  #leaders: ReadonlyMap<string, number> = new Map()

  private constructor(config: KafkaConfig, clock: Clock) {
    this.name = config.name
    this.#config = config
    this.clock = clock
  }

  /**
   * Connects to the first address that answers and learns the brokers. Rejects within about five seconds with
   * `broker-unreachable` or `broker-refused`.
   */
  static async open(config: KafkaConfig, clock: Clock): Promise<KafkaCluster> {
    const cluster = new KafkaCluster(config, clock)
    try {
      const connection = await cluster.#bootstrap()
      await cluster.#firstMetadata(connection)
    } catch (error) {
      cluster.close()
      throw error
    }
    return cluster
  }

  /** Aborted once {@link close} was called. */
  get closing(): AbortSignal {
    return this.#closing.signal
  }

  /** Fetches who leads the named topics, or all of them. */
  async metadata(topics: readonly string[] | null): Promise<readonly MetadataTopic[]> {
    return this.#learn(await this.any(metadataRequest(topics)))
  }

  /** The node that leads a partition as far as the last metadata knew, or undefined. */
  leader(topic: string, partition: number): number | undefined {
    const leader = this.#leaders.get(partitionKey(topic, partition))
    return leader === undefined || !this.#nodes.has(leader) ? undefined : leader
  }

  /** Sends a request to any broker. */
  async any<T>(request: RawRequest<T>): Promise<T> {
    const connection = await this.#anyConnection()
    return connection.send(request)
  }

  /** Sends a request to every broker of the cluster, and gives the answers of those that do not refuse it or are away. */
  async everyNode<T>(request: RawRequest<T>): Promise<T[]> {
    const answers = await Promise.allSettled([...this.#nodes.keys()].map(node => this.node(node, request)))
    return answers.flatMap(answer => (answer.status === 'fulfilled' ? [answer.value] : []))
  }

  /** Sends a request to one node. */
  async node<T>(nodeId: number, request: RawRequest<T>): Promise<T> {
    const address = this.#nodes.get(nodeId)
    if (address === undefined)
      throw new ObslabError('broker-unreachable', `Broker ${nodeId} has left the cluster ${this.name}.`)
    const connection = await this.#connect(address, connectBudget).catch(error => {
      throw this.#advertised(error, nodeId, address)
    })
    return connection.send(request)
  }

  /**
   * Asks the leaders for one offset of each partition, for each question, in one round: to every leader one request
   * per question, sent together and answered in the order of the questions. Tries again for up to 15 seconds while
   * leaders change. -1 where no record is as late as asked.
   */
  async offsets(
    questions: readonly OffsetQuestion[],
    topics: readonly TopicPartitions[],
  ): Promise<OffsetsByPartition[]> {
    return this.retry(
      async () => {
        const byLeader = this.#groupByLeader(topics)
        const answers = await Promise.all(
          [...byLeader].flatMap(([leader, led]) =>
            questions.map(async (question, index) => ({
              index,
              answers: await this.node(leader, listOffsetsRequest(question, led)),
            })),
          ),
        )
        return questions.map((_, index) =>
          collect(answers.filter(a => a.index === index).flatMap(a => a.answers)),
        )
      },
      topics.map(topic => topic.topic),
    )
  }

  /**
   * Runs `attempt` until it does not fail in a way that passes, with fresh metadata of `topics` and a growing pause
   * before each new attempt, for at most 15 seconds.
   */
  async retry<T>(attempt: () => Promise<T>, topics: readonly string[]): Promise<T> {
    const deadline = this.clock.now() + answerBudget
    for (let failures = 0; ; failures++) {
      try {
        if (failures > 0) await this.metadata(topics)
        return await attempt()
      } catch (error) {
        if (this.closing.aborted || !isTransient(error) || this.clock.now() >= deadline) throw error
      }
      await this.pause(failures)
    }
  }

  /** Waits before the attempt after `failures` + 1 failed ones: 100 ms, doubling up to 2 s. */
  async pause(failures: number, signal: AbortSignal = this.closing): Promise<void> {
    await this.clock.sleep(Math.min(firstPause * 2 ** failures, longestPause), signal)
  }

  /** Destroys every connection at once; what is under way rejects. */
  close(): void {
    this.#closing.abort(new ObslabError('cancelled', `The connection to ${this.name} was closed.`))
    for (const connection of this.#connections.values())
      connection.then(
        open => open.close(),
        () => {},
      )
    this.#connections.clear()
  }

  async #bootstrap(): Promise<RawConnection> {
    const { brokers } = this.#config
    const budget = Math.max(connectBudget / brokers.length, 1000)
    const failures: ObslabError[] = []
    for (const address of brokers) {
      try {
        return await this.#connect(address, budget)
      } catch (error) {
        if (!(error instanceof ObslabError) || !isTransient(error)) throw error
        failures.push(error)
      }
    }
    if (failures.length === 1) throw failures[0]
    throw new ObslabError(
      'broker-unreachable',
      `None of the ${brokers.length} addresses of ${this.name} answered. ${failures.map(f => f.message).join(' ')}`,
      { cause: failures[0] },
    )
  }

  async #firstMetadata(connection: RawConnection): Promise<void> {
    try {
      this.#learn(await connection.send(metadataRequest([])))
    } catch (error) {
      if (!isTransient(error) || this.#config.mechanism !== undefined) throw error
      throw new ObslabError(
        'broker-refused',
        `The broker at ${formatAddress(connection.address)} closed the connection on the first request, as a port does that wants credentials: give sasl=<mechanism>, or use a port without SASL.`,
        { cause: error },
      )
    }
  }

  async #anyConnection(): Promise<RawConnection> {
    const open = await Promise.allSettled(this.#connections.values())
    for (const result of open) if (result.status === 'fulfilled' && !result.value.closed) return result.value
    for (const address of this.#nodes.values()) {
      try {
        return await this.#connect(address, 1000)
      } catch (error) {
        if (!isTransient(error)) throw error
      }
    }
    return this.#bootstrap()
  }

  async #connect(address: BrokerAddress, connectTimeout: number): Promise<RawConnection> {
    this.closing.throwIfAborted()
    const key = formatAddress(address)
    const known = this.#connections.get(key)
    if (known !== undefined) {
      const connection = await known
      if (!connection.closed) return connection
      if (this.#connections.get(key) === known) this.#connections.delete(key)
      return this.#connect(address, connectTimeout)
    }
    const opening = RawConnection.open(this.#config, address, { clock: this.clock, connectTimeout })
    this.#connections.set(key, opening)
    try {
      const connection = await opening
      if (this.closing.aborted) connection.close()
      return connection
    } catch (error) {
      if (this.#connections.get(key) === opening) this.#connections.delete(key)
      throw error
    }
  }

  #learn({ brokers, topics }: Metadata): readonly MetadataTopic[] {
    this.#nodes = new Map(brokers.map(({ nodeId, host, port }) => [nodeId, { host, port }]))
    const leaders = new Map(this.#leaders)
    for (const { topic, partitions } of topics)
      for (const { partition, leader } of partitions) leaders.set(partitionKey(topic, partition), leader)
    this.#leaders = leaders
    return topics
  }

  #groupByLeader(topics: readonly TopicPartitions[]): Map<number, TopicPartitions[]> {
    const groups = new Map<number, TopicPartitions[]>()
    for (const { topic, partitions } of topics) {
      const byLeader = new Map<number, number[]>()
      for (const partition of partitions) append(byLeader, this.#leaderOrFail(topic, partition), partition)
      for (const [leader, led] of byLeader) append(groups, leader, { topic, partitions: led })
    }
    return groups
  }

  #leaderOrFail(topic: string, partition: number): number {
    const leader = this.leader(topic, partition)
    if (leader !== undefined) return leader
    throw new ObslabError(
      'broker-unreachable',
      `Partition ${partition} of ${topic} has no leader: the broker that holds it is down. Wait until it is back.`,
      { position: { topic, partition } },
    )
  }

  #advertised(error: unknown, nodeId: number, address: BrokerAddress): unknown {
    const at = formatAddress(address)
    const given = this.#config.brokers.some(broker => formatAddress(broker) === at)
    if (given || !(error instanceof ObslabError) || !isTransient(error)) return error
    return new ObslabError(
      'broker-unreachable',
      `The cluster ${this.name} says that its broker ${nodeId} is at ${at}. ${error.message} If that address is not right from here, advertised.listeners of the broker must be changed.`,
      { cause: error.cause },
    )
  }
}

function append<K, V>(groups: Map<K, V[]>, key: K, value: V): void {
  const group = groups.get(key)
  if (group === undefined) groups.set(key, [value])
  else group.push(value)
}

function collect(answers: readonly OffsetAnswer[]): OffsetsByPartition {
  const offsets = new Map<string, number>()
  for (const { topic, partition, errorCode, offset } of answers) {
    if (isPassing(errorCode))
      throw new ObslabError(
        'broker-unreachable',
        `The leader of partition ${partition} of ${topic} is changing (Kafka's error code ${errorCode}). Try again.`,
        { position: { topic, partition } },
      )
    if (errorCode !== 0) throw protocolFailure(errorCode, 'ListOffsets', topic, partition)
    offsets.set(partitionKey(topic, partition), offset)
  }
  return offsets
}
