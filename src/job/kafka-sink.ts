import { z } from 'zod'
import { type Clock, systemClock } from '../clock.js'
import { parseOptions } from '../options.js'
import { openKafka } from '../source/kafka.js'
import { KafkaCluster } from '../source/kafka-cluster.js'
import { type KafkaConfig, parseKafkaConfig } from '../source/kafka-config.js'
import type { KafkaOptions } from '../source/kafka-options.js'
import type { Source } from '../source/source.js'
import { BatchProducer, type NumberedBatch } from './batch-producer.js'
import {
  committedOffsets,
  committedProgress,
  type ProgressPlace,
  unknownProgress,
} from './committed-progress.js'
import { Coordinators } from './coordinators.js'
import { GroupLease, otherInstances } from './group-lease.js'
import { isOlder } from './group-member.js'
import { stableOffsetsRequest } from './group-protocol.js'
import type { Holder } from './holder.js'
import { isFenced, jobFenced, jobHeld, sinkFailure } from './kafka-sink-failure.js'
import { deadLetterTopic, jobNames } from './names.js'
import { ensureTopic, type OutputTopic, readOutput } from './output-topic.js'
import type { HeldOutput, InputOffset, Sink, SinkBatch, SinkProgress, SinkRequest } from './sink.js'
import { letterRecords, outputRecords, recordBytes } from './topic-records.js'
import type { GroupOffset } from './transaction-protocol.js'

/** Milliseconds in which an open transaction must have ended before its group's offsets can be read. */
const stableBudget = 60_000

/** How {@link kafkaSink} writes. */
export interface KafkaSinkOptions {
  /**
   * `exactly-once` (default): rows, dead letters and progress in one transaction. `at-least-once`: no transactions, so
   * that readers see rows at once and no permission for a transactional id is needed. Progress is then not gone by: each
   * start reads the inputs from their beginning and writes what differs, and a crash may write rows a second time. Nothing
   * fences an earlier instance off that still writes.
   */
  delivery?: 'exactly-once' | 'at-least-once'
}

const optionsSchema = z.strictObject({ delivery: z.enum(['exactly-once', 'at-least-once']).optional() })

/**
 * A sink that writes the pipeline's output topic: upserts and tombstones, keyed as the rows are, partitioned as Kafka's
 * Java clients do. A missing topic is created, compacted, and so is `<output>.dead-letters` beside it. It is a URL, a
 * `client.properties` file or options, as `connect` takes them. Brokers must be of Kafka 2.5 or newer.
 *
 * Each batch is one transaction with the offsets that it brings the inputs to, committed for the group `obslab.<job>`:
 * a reader of committed records sees all of it or nothing. Where the inputs are not in this cluster, how far they are
 * stands in the metadata of that group's offset of the output's partition 0 instead (up to 4096 bytes; beyond, each start
 * compares with what the output holds, and a log line says so).
 *
 * While it is open it is a member of that group, so that others see which instance runs. Opening fences an earlier
 * instance off that is not there any more but might still write; its next batch fails (`job-fenced`).
 */
export function kafkaSink(
  where?: string | KafkaOptions,
  options: KafkaSinkOptions = {},
  clock: Clock = systemClock,
): Sink {
  const { delivery = 'exactly-once' } = parseOptions(optionsSchema, options, 'kafkaSink')
  return new KafkaSink(parseKafkaConfig(where), delivery, clock)
}

/** What an open sink has. */
interface Opened {
  request: SinkRequest
  source: Source
  cluster: KafkaCluster
  coordinators: Coordinators
  lease: GroupLease
}

/** What it has once it may write. */
interface Written {
  producer: BatchProducer
  request: SinkRequest
  place: ProgressPlace
  output: OutputTopic
  letters: OutputTopic
}

class KafkaSink implements Sink {
  readonly name: string
  readonly delivery: 'exactly-once' | 'at-least-once'
  readonly #config: KafkaConfig
  readonly #clock: Clock
  readonly #offsets = new Map<string, InputOffset>()
  #close: (() => Promise<void>) | null = null
  #opened: Opened | null = null
  #written: Written | null = null
  #failed = false
  #told = false

  constructor(config: KafkaConfig, delivery: 'exactly-once' | 'at-least-once', clock: Clock) {
    this.name = config.name
    this.delivery = delivery
    this.#config = config
    this.#clock = clock
  }

  get maxRecordBytes(): number | undefined {
    return this.#written === null ? undefined : recordBytes(this.#written.output)
  }

  async holder(request: SinkRequest): Promise<Holder | null> {
    return await this.#guard(request, async () => {
      const cluster = await KafkaCluster.open(this.#config, this.#clock)
      try {
        const { job, self } = request
        const others = await otherInstances(new Coordinators(cluster), {
          job,
          group: jobNames(job).group,
          self,
        })
        return others.sort((a, b) => (isOlder(a, b) ? -1 : 1))[0] ?? null
      } finally {
        cluster.close()
      }
    })
  }

  async open(request: SinkRequest): Promise<SinkProgress | null> {
    return await this.#guard(request, async () => {
      const opened = await this.#connect(request)
      const { cluster, coordinators } = opened
      await this.#yieldToOlder(opened)
      const transactional = this.delivery === 'exactly-once'
      const id = transactional ? jobNames(request.job).transactionalId : null
      const producer = await BatchProducer.open(cluster, coordinators, id)
      const place = {
        output: request.output,
        source: request.source,
        sameCluster: request.source === this.name,
      }
      const progress = transactional ? committedProgress(await this.#committed(opened), place) : null
      for (const offset of progress?.offsets ?? []) this.#keep(offset)
      this.#written = { request, producer, place, ...(await this.#topics(opened)) }
      return progress
    })
  }

  async held(): Promise<HeldOutput> {
    const { request, source } = this.#use()
    return await this.#guard(request, async () => ({
      rows: await readOutput(source, request.output),
      deadLetters: await readOutput(source, deadLetterTopic(request.output)),
    }))
  }

  async write(batch: SinkBatch): Promise<void> {
    const { request, output, letters, producer, lease } = this.#use()
    const topics = [outputRecords(output, batch.records), letterRecords(letters, batch.deadLetters)]
    // From here on it is failed until it is known not to be.
    this.#failed = true
    await this.#guard(request, async () => {
      const batches = producer.batches(topics)
      const offsets = batch.progress === null ? [] : this.#progressOffsets(batch.progress, batches)
      const { group } = jobNames(request.job)
      const transactional = this.delivery === 'exactly-once'
      await producer.write(batches, transactional && offsets.length > 0 ? { group, offsets } : null)
      if (!transactional && offsets.length > 0) await lease.commit(offsets)
    })
    this.#failed = false
  }

  async close(): Promise<void> {
    const close = this.#close
    this.#written = null
    this.#opened = null
    this.#close = null
    this.#failed = false
    this.#offsets.clear()
    await close?.()
  }

  async #connect(request: SinkRequest): Promise<Opened> {
    const { job, self, log } = request
    const group = jobNames(job).group
    const config = this.#config
    const clock = this.#clock
    const opening = [
      openKafka(config, { clock }),
      KafkaCluster.open(config, clock),
      GroupLease.join({ config, clock, job, group, self, log }),
    ] as const
    this.#close = async () => {
      const [source, cluster, lease] = await Promise.allSettled(opening)
      if (lease.status === 'fulfilled')
        await lease.value.close(cluster.status === 'fulfilled' ? new Coordinators(cluster.value) : null)
      if (cluster.status === 'fulfilled') cluster.value.close()
      if (source.status === 'fulfilled') await source.value.close()
    }
    const [source, cluster, lease] = await Promise.all(opening)
    this.#opened = { request, source, cluster, coordinators: new Coordinators(cluster), lease }
    return this.#opened
  }

  /** Two that start at the same time see each other here, before either has fenced. */
  async #yieldToOlder({ lease, coordinators, request: { job, self } }: Opened): Promise<void> {
    const older = (await lease.others(coordinators)).find(other => isOlder(other, self))
    if (older !== undefined) throw jobHeld(job, older)
  }

  async #committed({ coordinators, request: { job } }: Opened): Promise<GroupOffset[]> {
    const { group } = jobNames(job)
    return await coordinators.settle('group', group, stableOffsetsRequest(group), stableBudget)
  }

  async #topics(opened: Opened): Promise<{ output: OutputTopic; letters: OutputTopic }> {
    const { source, cluster, request } = opened
    const { output: topic, partitions, settings, log } = request
    const ensure = (declared: Parameters<typeof ensureTopic>[2]): Promise<OutputTopic> =>
      ensureTopic(source, { cluster, config: this.#config, log }, declared)
    return {
      output: await ensure({ topic, partitions, settings }),
      letters: await ensure({ topic: deadLetterTopic(topic), partitions, settings: {} }),
    }
  }

  /** The offsets to commit: of all inputs, as far as they were ever told. */
  #progressOffsets({ offsets, whole }: SinkProgress, batches: readonly NumberedBatch[]): GroupOffset[] {
    const { place, output, request } = this.#written!
    for (const offset of offsets) this.#keep(offset)
    // What tools show as the lag of partition 0 of the output; the marker of the transaction takes an offset as well.
    const own = batches.filter(({ topic, partition }) => topic === output.topic && partition === 0)
    if (own.length > 0)
      output.end += own.reduce((sum, { count }) => sum + count, this.delivery === 'exactly-once' ? 1 : 0)
    const committed = committedOffsets({ offsets: [...this.#offsets.values()], whole }, place, output.end)
    if (committed !== null) return committed
    if (!this.#told)
      request.log.warn(
        'where the inputs are takes more than 4096 bytes: the next start compares with the output',
        {
          partitions: this.#offsets.size,
        },
      )
    this.#told = true
    return unknownProgress(place, output.end)
  }

  #keep(offset: InputOffset): void {
    this.#offsets.set(`${offset.topic}:${offset.partition}`, offset)
  }

  #use(): Opened & Written {
    if (this.#opened === null || this.#written === null) throw new Error('the sink is not open')
    if (this.#failed) throw new Error('the sink is of no use after a failure')
    return { ...this.#opened, ...this.#written }
  }

  async #guard<T>(request: SinkRequest, use: () => Promise<T>): Promise<T> {
    try {
      return await use()
    } catch (cause) {
      if (isFenced(cause)) await this.#failIfHeld(request, cause)
      throw sinkFailure(cause, { name: this.name, topic: request.output, job: request.job })
    }
  }

  /** A broker fences a producer off for another one, or for a transaction that took too long: the group tells which. */
  async #failIfHeld({ job, self }: SinkRequest, cause: unknown): Promise<void> {
    const { coordinators } = this.#opened ?? {}
    if (coordinators === undefined) return
    const group = jobNames(job).group
    const [other] = await otherInstances(coordinators, { job, group, self }).catch(() => [])
    if (other !== undefined) throw jobFenced(job, other, cause)
  }
}
