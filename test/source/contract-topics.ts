import type { CodecName } from '../../src/log/codec.js'

/** A record to write. Headers are pairs, in order. */
export interface ContractRecord {
  key: string | null
  value: string | null
  /** Milliseconds since the epoch; the producer sets it. */
  timestamp: number
  headers?: readonly (readonly [string, string])[]
}

/**
 * One thing done to a topic. `send` writes its records as one batch to one partition, within the named transaction
 * where there is one; each name is a transactional producer of its own. `commit` and `abort` end the open
 * transaction of that name, which puts one marker at the end of each partition it wrote to. Steps follow each other:
 * a writer goes on when the records, or the markers, are in the log.
 */
export type ContractStep =
  | { send: readonly ContractRecord[]; partition: number; transaction?: string }
  | { commit: string }
  | { abort: string }

/** One topic of the source contract: what was done to it. */
export interface ContractTopic {
  name: string
  partitions: number
  /** What its producers compress with. */
  codec: CodecName
  /** Whether its cleanup policy is `compact`. The cleaner may have run or not. */
  compacted: boolean
  steps: readonly ContractStep[]
}

/** A record as the contract expects to read it. */
export interface ExpectedRecord extends Required<ContractRecord> {
  offset: number
}

/** What a partition of the contract holds, before any compaction. */
export interface ExpectedPartition {
  partition: number
  stable: number
  end: number
  /** The committed records below the stable offset. */
  records: readonly ExpectedRecord[]
}

const day = Date.UTC(2026, 2, 1)

function rows(from: number, count: number, codecs: number = 0): ContractRecord[] {
  return Array.from({ length: count }, (_, index) => {
    const id = from + index
    const value = `{"obs_id":${id},"comments":"${'as before, '.repeat(codecs)}"}`
    return { key: `{"obs_id":${id}}`, value, timestamp: day + id * 1000 }
  })
}

/** The topics of the source contract, their names behind `prefix`. */
export function contractTopics(prefix: string): ContractTopic[] {
  return [
    ...compressed(prefix),
    plain(`${prefix}plain`),
    transactions(`${prefix}transactions`),
    leftOpen(`${prefix}left-open`),
    compacted(`${prefix}compacted`),
    { name: `${prefix}empty`, partitions: 2, codec: 'none', compacted: false, steps: [] },
  ]
}

function compressed(prefix: string): ContractTopic[] {
  const codecs: readonly CodecName[] = ['gzip', 'snappy', 'lz4', 'zstd']
  return codecs.map(codec => ({
    name: `${prefix}${codec}`,
    partitions: 1,
    codec,
    compacted: false,
    steps: [
      { send: rows(0, 3, 1), partition: 0 },
      { send: rows(3, 40, 300), partition: 0 },
      { send: rows(43, 1), partition: 0 },
    ],
  }))
}

function plain(name: string): ContractTopic {
  const odd: ContractRecord[] = [
    { key: null, value: 'without a key', timestamp: day + 10_000 },
    { key: 'tombstone', value: null, timestamp: day + 11_000 },
    { key: '', value: '', timestamp: day + 12_000 },
    {
      key: 'headers',
      value: 'naïve \u{1f600}',
      timestamp: day + 13_000,
      headers: [
        ['__debezium.newkey', '{"obs_id":2001}'],
        ['empty', ''],
        ['naïve', 'twice'],
        ['naïve', '\u{1f600}'],
      ],
    },
  ]
  return {
    name,
    partitions: 3,
    codec: 'none',
    compacted: false,
    steps: [
      { send: rows(0, 5), partition: 0 },
      { send: rows(5, 1), partition: 2 },
      { send: odd, partition: 0 },
      { send: rows(20, 7), partition: 0 },
      { send: rows(27, 2), partition: 2 },
    ],
  }
}

/** Two transactional producers and a plain one take turns; the last thing in the log is a marker. */
function transactions(name: string): ContractTopic {
  return {
    name,
    partitions: 2,
    codec: 'lz4',
    compacted: false,
    steps: [
      { send: rows(0, 2), partition: 0 },
      { send: rows(10, 2), partition: 0, transaction: 'a' },
      { send: rows(20, 2), partition: 0, transaction: 'b' },
      { send: rows(30, 1), partition: 0 },
      { send: rows(40, 3), partition: 0, transaction: 'a' },
      { send: rows(50, 1), partition: 1, transaction: 'b' },
      { abort: 'a' },
      { send: rows(60, 2), partition: 0, transaction: 'b' },
      { send: rows(70, 2), partition: 0, transaction: 'a' },
      { commit: 'b' },
      { send: rows(80, 2), partition: 1 },
      { commit: 'a' },
      { send: rows(90, 2), partition: 0, transaction: 'b' },
      { send: rows(92, 2), partition: 1, transaction: 'b' },
      { abort: 'b' },
    ],
  }
}

/**
 * What follows the first record of an open transaction is not readable, whoever wrote it; what lies before it is
 * committed or aborted by markers that lie behind it.
 */
function leftOpen(name: string): ContractTopic {
  return {
    name,
    partitions: 1,
    codec: 'none',
    compacted: false,
    steps: [
      { send: rows(0, 3), partition: 0 },
      { send: rows(10, 2), partition: 0, transaction: 'done' },
      { send: rows(14, 2), partition: 0, transaction: 'undone' },
      { send: rows(20, 2), partition: 0, transaction: 'left open' },
      { commit: 'done' },
      { abort: 'undone' },
      { send: rows(30, 2), partition: 0 },
    ],
  }
}

/** Keys are written again and again and some are deleted. */
function compacted(name: string): ContractTopic {
  const updates = (round: number): ContractRecord[] =>
    Array.from({ length: 8 }, (_, key) => ({
      key: `key ${key}`,
      value: key % 4 === round ? null : `round ${round}`,
      timestamp: day + round * 60_000 + key,
    }))
  return {
    name,
    partitions: 1,
    codec: 'zstd',
    compacted: true,
    steps: [0, 1, 2, 3].map(round => ({ send: updates(round), partition: 0 })),
  }
}

/** What reading the committed records of a topic must give, worked out from its steps alone. */
export function expectedPartitions(topic: ContractTopic): ExpectedPartition[] {
  const partitions = Array.from({ length: topic.partitions }, () => new PartitionModel())
  for (const step of topic.steps) {
    if ('send' in step) partitions[step.partition]!.send(step.send, step.transaction)
    else if ('commit' in step) for (const partition of partitions) partition.finish(step.commit, true)
    else for (const partition of partitions) partition.finish(step.abort, false)
  }
  return partitions.map((model, partition) => model.expected(partition))
}

class PartitionModel {
  #end = 0
  readonly #committed: ExpectedRecord[] = []
  readonly #open = new Map<string, ExpectedRecord[]>()

  send(records: readonly ContractRecord[], transaction: string | undefined): void {
    const placed = records.map(record => ({ headers: [], ...record, offset: this.#end++ }))
    if (transaction === undefined) this.#committed.push(...placed)
    else this.#open.set(transaction, [...(this.#open.get(transaction) ?? []), ...placed])
  }

  finish(transaction: string, commit: boolean): void {
    const records = this.#open.get(transaction)
    if (records === undefined) return
    this.#open.delete(transaction)
    if (commit) this.#committed.push(...records)
    this.#end++
  }

  expected(partition: number): ExpectedPartition {
    const stable = Math.min(this.#end, ...[...this.#open.values()].map(records => records[0]!.offset))
    const records = this.#committed
      .filter(({ offset }) => offset < stable)
      .sort((a, b) => a.offset - b.offset)
    return { partition, stable, end: this.#end, records }
  }
}
