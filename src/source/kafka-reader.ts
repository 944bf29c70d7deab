import { ObslabError } from '../errors.js'
import { batchHeaders, wholeBatchesEnd } from '../log/batch-header.js'
import type { KafkaCluster } from './kafka-cluster.js'
import { partitionKey } from './kafka-cluster.js'
import { isPassing, isTransient, protocolError, protocolFailure } from './kafka-failure.js'
import { describeConfigsRequest, type Fetched, type FetchedPartition, fetchRequest } from './protocol.js'
import { headerLocator } from './record.js'
import type { BatchChunk, OffsetRange } from './source.js'

/** Bytes of one response: large enough that a fetch in flight hides the time to decode the one before. */
const maxBytes = 16 * 1024 * 1024
/** No partition's share of a response falls below this, however many there are. */
const leastPartitionBytes = 1024 * 1024
/** Milliseconds without a good answer from a partition's leader before a read gives up: a broker restarts in less. */
const troubleBudget = 60_000
/** Answers without bytes, though committed records are promised, before a stretch counts as compacted away. */
const emptyAnswers = 3

/** What {@link readPartitions} reads. */
export interface ReadOptions {
  /** `to` may be Infinity. */
  ranges: readonly OffsetRange[]
  signal: AbortSignal
  /** How long the broker waits for new records, in milliseconds. */
  maxWait: number
  /** About how many bytes to fetch of a partition at once. Default: as many as fill a response. */
  bytesAtOnce?: number | undefined
}

/** Where the reading of one partition has got to. */
interface Progress {
  topic: string
  partition: number
  position: number
  to: number
  /** Whether a fetch that asks for it is in flight, perhaps at a leader it has left since. */
  asked: boolean
  emptyAnswers: number
  troubleSince: number | undefined
}

type Outcome = { leader: number; asked: readonly Progress[] } & (
  | { fetched: Fetched; error?: undefined }
  | { fetched?: undefined; error: unknown }
)

/**
 * Yields the batches of each range, one fetch in flight ahead at every leader. Partitions take turns at the front of
 * a fetch, so none starves, and a batch larger than a response comes whole. A leader that moved or is away is looked
 * for again, for up to a minute. When `signal` is aborted it rejects with the signal's reason.
 */
export async function* readPartitions(
  cluster: KafkaCluster,
  options: ReadOptions,
): AsyncGenerator<BatchChunk, void, undefined> {
  const reader = new PartitionsReader(cluster, options)
  try {
    for (;;) {
      const chunks = await reader.next()
      if (chunks === null) return
      for (const chunk of chunks) {
        yield chunk
        options.signal.throwIfAborted()
      }
    }
  } finally {
    reader.dispose()
  }
}

class PartitionsReader {
  readonly #cluster: KafkaCluster
  readonly #options: ReadOptions
  readonly #topics: readonly string[]
  readonly #aborted: Promise<never>
  readonly #inFlight = new Map<number, Promise<Outcome>>()
  readonly #dispose: () => void
  /** Those that still have something to read; the first has waited longest. */
  #waiting: Progress[]
  #failures = 0

  constructor(cluster: KafkaCluster, options: ReadOptions) {
    this.#cluster = cluster
    this.#options = options
    this.#waiting = options.ranges
      .filter(range => range.from < range.to)
      .map(({ topic, partition, from, to }) => ({
        topic,
        partition,
        position: from,
        to,
        asked: false,
        emptyAnswers: 0,
        troubleSince: undefined,
      }))
    this.#topics = [...new Set(this.#waiting.map(progress => progress.topic))]
    const { signal } = options
    let onAbort = (): void => {}
    this.#aborted = new Promise((_, reject) => {
      onAbort = () => reject(signal.reason)
      if (signal.aborted) onAbort()
      else signal.addEventListener('abort', onAbort, { once: true })
    })
    this.#aborted.catch(() => {})
    this.#dispose = () => signal.removeEventListener('abort', onAbort)
  }

  dispose(): void {
    this.#dispose()
  }

  /** The batches of the next response, perhaps none; null when everything is read. */
  async next(): Promise<BatchChunk[] | null> {
    if (this.#waiting.length === 0) return null
    this.#startFetches()
    if (this.#inFlight.size === 0) {
      await this.#recover(this.#waiting, leaderless(this.#waiting[0]!))
      return []
    }
    const outcome = await Promise.race([this.#aborted, ...this.#inFlight.values()])
    this.#inFlight.delete(outcome.leader)
    for (const progress of outcome.asked) progress.asked = false
    if (outcome.fetched === undefined) {
      if (!isTransient(outcome.error)) throw outcome.error
      await this.#recover(outcome.asked, outcome.error)
      return []
    }
    const { chunks, troubled } = await this.#take(outcome.asked, outcome.fetched)
    if (troubled.length > 0) await this.#recover(troubled, leaderless(troubled[0]!))
    else this.#failures = 0
    this.#startFetches()
    return chunks
  }

  #startFetches(): void {
    const byLeader = new Map<number, Progress[]>()
    for (const progress of this.#waiting) {
      const leader = this.#cluster.leader(progress.topic, progress.partition)
      if (leader === undefined || progress.asked || this.#inFlight.has(leader)) continue
      const led = byLeader.get(leader)
      if (led === undefined) byLeader.set(leader, [progress])
      else led.push(progress)
    }
    for (const [leader, led] of byLeader) this.#inFlight.set(leader, this.#fetch(leader, led))
  }

  async #fetch(leader: number, asked: readonly Progress[]): Promise<Outcome> {
    for (const progress of asked) progress.asked = true
    const request = fetchRequest({
      positions: asked.map(({ topic, partition, position }) => ({ topic, partition, offset: position })),
      maxWait: this.#options.maxWait,
      maxBytes,
      maxPartitionBytes:
        this.#options.bytesAtOnce ?? Math.max(leastPartitionBytes, Math.ceil(maxBytes / asked.length)),
    })
    try {
      return { leader, asked, fetched: await this.#cluster.node(leader, request) }
    } catch (error) {
      return { leader, asked, error }
    }
  }

  async #take(
    asked: readonly Progress[],
    fetched: Fetched,
  ): Promise<{ chunks: BatchChunk[]; troubled: Progress[] }> {
    if (fetched.errorCode !== 0) throw protocolFailure(fetched.errorCode, 'Fetch', this.#topics.join(', '))
    const chunks: BatchChunk[] = []
    const troubled: Progress[] = []
    const byKey = new Map(asked.map(progress => [partitionKey(progress.topic, progress.partition), progress]))
    // Only what comes before the first bytes in a response was certainly looked at without a limit.
    let limited = fetched.throttle > 0
    for (const answer of fetched.partitions) {
      const progress = byKey.get(partitionKey(answer.topic, answer.partition))
      if (progress === undefined) continue
      if (answer.errorCode !== 0) {
        if (await this.#isTrouble(progress, answer.errorCode)) troubled.push(progress)
        continue
      }
      progress.troubleSince = undefined
      const chunk = this.#advance(progress, answer)
      if (chunk !== null) chunks.push(chunk)
      else if (!limited && answer.records.length === 0) await this.#considerGap(progress, answer.stable)
      limited ||= answer.records.length > 0
    }
    this.#waiting = this.#waiting.filter(progress => progress.position < progress.to)
    return { chunks, troubled }
  }

  /** Moves past the whole batches of an answer, and puts the partition at the end of the queue. */
  #advance(progress: Progress, { records, aborted }: FetchedPartition): BatchChunk | null {
    const { topic, partition } = progress
    let end = 0
    for (const header of batchHeaders(
      records.subarray(0, wholeBatchesEnd(records)),
      headerLocator(progress),
    )) {
      if (header.baseOffset >= progress.to) {
        progress.position = progress.to
        break
      }
      end = header.end
      if (header.nextOffset > progress.position) progress.position = header.nextOffset
    }
    if (end === 0) return null
    progress.emptyAnswers = 0
    this.#waiting = [...this.#waiting.filter(other => other !== progress), progress]
    return { topic, partition, bytes: records.subarray(0, end), aborted }
  }

  /** A bounded range that ends in offsets compacted away is read to its end though no batch says so. */
  async #considerGap(progress: Progress, stable: number): Promise<void> {
    if (progress.to === Number.POSITIVE_INFINITY || stable < progress.to) return
    progress.emptyAnswers++
    if (progress.emptyAnswers < emptyAnswers || (await this.#isTiered(progress.topic))) return
    progress.position = progress.to
  }

  // A broker also answers with nothing while it fetches a tiered segment.
  async #isTiered(topic: string): Promise<boolean> {
    const setting = 'remote.storage.enable'
    const answers = await this.#cluster.any(describeConfigsRequest([topic], [setting])).catch(() => [])
    return answers.some(answer => answer.settings.get(setting) === 'true')
  }

  async #isTrouble(progress: Progress, errorCode: number): Promise<boolean> {
    const { topic, partition, position } = progress
    if (errorCode === protocolError.offsetOutOfRange) {
      // A new leader may answer so until it has caught up; then the offset is in its range.
      const asked = [{ topic, partitions: [partition] }]
      const [start, end] = await this.#cluster.offsets(['start', 'end'], asked)
      const key = partitionKey(topic, partition)
      if (position < start!.get(key)! || position > end!.get(key)!)
        throw outOfRange({ topic, partition, offset: position }, start!.get(key)!, end!.get(key)!)
      return true
    }
    if (isPassing(errorCode)) return true
    throw protocolFailure(errorCode, 'Fetch', topic, partition)
  }

  /** Waits a little and learns the leaders anew; gives up with `error` when that has gone on for too long. */
  async #recover(troubled: readonly Progress[], error: unknown): Promise<void> {
    const { clock } = this.#cluster
    const now = clock.now()
    for (const progress of troubled) {
      progress.troubleSince ??= now
      if (now - progress.troubleSince >= troubleBudget) throw error
    }
    await this.#cluster.pause(this.#failures++, this.#options.signal)
    try {
      const topics = await Promise.race([this.#aborted, this.#cluster.metadata(this.#topics)])
      for (const { topic, errorCode } of topics)
        if (errorCode !== 0 && !isPassing(errorCode)) throw protocolFailure(errorCode, 'Metadata', topic)
    } catch (failure) {
      if (!isTransient(failure)) throw failure
    }
  }
}

function leaderless({ topic, partition }: Progress): ObslabError {
  return new ObslabError(
    'broker-unreachable',
    `Partition ${partition} of ${topic} had no leader that answers for ${troubleBudget / 1000} s: its broker is down or the topic was deleted. Read again once it is back.`,
    { position: { topic, partition } },
  )
}

/** The error of an offset that a partition does not have, or no longer. */
export function outOfRange(
  position: { topic: string; partition: number; offset: number },
  start: number,
  end: number,
): ObslabError {
  const { topic, partition, offset } = position
  const why =
    offset < start
      ? 'Older records were deleted: read from the first offset that is left, or raise retention.ms for the next time.'
      : 'Nothing is committed beyond: ask topics() for the stable offset, or follow the partition.'
  return new ObslabError(
    'offset-out-of-range',
    `Expected offset ${offset} within partition ${partition} of ${topic}, which has ${start} up to, not including, ${end}. ${why}`,
    { position },
  )
}
