import { AvroRecords } from '../change/avro-records.js'
import { ChangeReader, type ReadChange } from '../change/change-reader.js'
import type { TopicEvent } from '../change/message.js'
import { SchemaTopics } from '../change/schema-topics.js'
import { planTopics } from '../pipeline/plan.js'
import { type KafkaRecord, RecordReader } from '../source/record.js'
import type { Source } from '../source/source.js'
import { type DeadLetter, deadLetterKey } from './dead-letter.js'
import type { JobContext } from './job-context.js'
import { readLetter } from './letters.js'
import type { InputOffset } from './sink.js'
import type { Work } from './work.js'
import { writeBatch } from './write-batch.js'

/** What became of dead letters that were replayed. */
export interface Replayed {
  /** Letters of records and rows that succeeded, or were replaced by a later version since. */
  healed: number
  failed: number
  /** Letters of records that are no longer in their topic. They stay. */
  gone: number
}

/** What became of one letter. */
type Outcome = keyof Replayed

/** A record that a letter is about, and the newest one of its key, which may be the same. */
interface Found {
  record: KafkaRecord
  newest: KafkaRecord
}

/**
 * Takes the records again that dead letters are about, where they are still the newest of their keys: an old version is
 * never put over a newer one. What follows from them is written with the letters that are taken back.
 */
export async function replayLetters(context: JobContext, work: Work, source: Source): Promise<Replayed> {
  const { deadLetters } = await context.sink.held()
  const letters = [...deadLetters.values()].map(readLetter).filter(letter => letter !== null)
  const records = await findRecords(source, letters, work)
  const decode = await decoder(source, work)
  const outcomes = new Map<string, Outcome>()
  const again: TopicEvent[] = []
  for (const letter of letters) {
    const found = records.get(deadLetterKey(letter))
    if (letter.topic === work.plan.output) outcomes.set(deadLetterKey(letter), 'healed')
    else if (found === undefined) outcomes.set(deadLetterKey(letter), 'gone')
    else {
      const { change } = await decode(found.record)
      const isNewest = found.newest.offset === found.record.offset
      outcomes.set(deadLetterKey(letter), isNewest && change.kind === 'quarantined' ? 'failed' : 'healed')
      if (isNewest) again.push(withoutPosition(change))
    }
  }
  work.engine.apply(again.filter(({ kind }) => kind !== 'quarantined'))
  await writeOutcomes(context, work, outcomes)
  const count = (outcome: Outcome): number => [...outcomes.values()].filter(one => one === outcome).length
  const replayed = { healed: count('healed'), failed: count('failed'), gone: count('gone') }
  context.log.info('dead letters replayed', replayed)
  return replayed
}

async function writeOutcomes(context: JobContext, work: Work, outcomes: Map<string, Outcome>): Promise<void> {
  const { records, deadLetters } = work.flush()
  const failing = [...work.engine.setAside.map(deadLetterKey), ...work.oversized.list().map(({ key }) => key)]
  for (const key of failing) if (outcomes.has(key)) outcomes.set(key, 'failed')
  const owed = new Map(deadLetters.map(letter => [letter.key, letter]))
  for (const [key, outcome] of outcomes) if (outcome === 'healed') owed.set(key, { key, letter: null })
  const progress = { offsets: work.offsets, whole: work.isDurable }
  await writeBatch(context, { records, deadLetters: [...owed.values()], progress })
  await work.keep({ name: 'following' })
}

/** The records that letters are about, by the letters' keys, of those that the job has taken. */
async function findRecords(
  source: Source,
  letters: readonly DeadLetter[],
  work: Work,
): Promise<ReadonlyMap<string, Found>> {
  const found = new Map<string, Found>()
  const names = planTopics(work.plan.root).map(({ topic }) => topic)
  const topics = await source.topics(names)
  for (const { topic, partition, next } of work.offsets) {
    const about = letters.filter(one => one.topic === topic && one.partition === partition)
    const offsets = topics
      .find(one => one.topic === topic)!
      .partitions.find(one => one.partition === partition)!
    const wanted = new Set(about.map(({ offset }) => offset).filter(offset => offset >= offsets.start))
    if (wanted.size > 0)
      await findIn(source, { topic, partition, next }, wanted, one =>
        found.set(deadLetterKey(one.record), one),
      )
  }
  return found
}

async function findIn(
  source: Source,
  { topic, partition, next }: InputOffset,
  wanted: ReadonlySet<number>,
  tell: (found: Found) => void,
): Promise<void> {
  const range = { topic, partition, from: Math.min(...wanted), to: next }
  const reader = new RecordReader(topic, partition, range)
  const about: KafkaRecord[] = []
  const newest = new Map<string, KafkaRecord>()
  for await (const chunk of source.read({ ranges: [range] })) {
    for (const record of reader.read(chunk)) {
      if (wanted.has(record.offset)) about.push(copyOf(record))
      const key = keyOf(record)
      if (wanted.has(record.offset) || newest.has(key)) newest.set(key, copyOf(record))
    }
  }
  for (const record of about) {
    tell({ record, newest: record.key === null ? record : newest.get(keyOf(record))! })
  }
}

function keyOf({ key }: KafkaRecord): string {
  return key === null ? '' : Buffer.from(key).toString('latin1')
}

/** A record that does not keep its whole batch in memory. */
function copyOf(record: KafkaRecord): KafkaRecord {
  const { key, value } = record
  return { ...record, key: key && new Uint8Array(key), value: value && new Uint8Array(value) }
}

async function decoder(source: Source, work: Work): Promise<(record: KafkaRecord) => Promise<ReadChange>> {
  const nodes = planTopics(work.plan.root)
  const schemas = await SchemaTopics.open(
    source,
    nodes.map(({ topic }) => topic),
  )
  const avro = AvroRecords.of(source)
  return async record => {
    await avro.load([record])
    const definition = nodes.find(({ topic }) => topic === record.topic)!
    // Each is read by itself: what was delivered before is told by its position, and here that does not matter.
    const reader = new ChangeReader(record.topic, { definition, history: schemas?.history ?? null, avro })
    return reader.read(record)
  }
}

/** A change that counts as the newest of its key, whatever place in the database's log it had. */
function withoutPosition(change: TopicEvent): TopicEvent {
  if (change.kind !== 'row') return change
  return { ...change, op: change.op === 'd' ? 'd' : 'u', source: null }
}
