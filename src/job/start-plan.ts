import { ObslabError } from '../errors.js'
import type { TopicOffsets } from '../source/source.js'
import { InputOffsets, type InputPartition, offsetsOf, partitionsOf } from './input-offsets.js'
import type { OperatorReport, StateProgress } from './job-state.js'
import type { InputOffset, SinkProgress } from './sink.js'

/** What to do where records that are still to be read are gone: compute everything anew, or go on without them. */
export type OnGap = 'rebuild' | 'skip'

/** What is known when a job starts, once no other instance can write its output. */
export interface StartFacts {
  job: string
  /** What the state was left at; null where there is none. */
  kept: StateProgress | null
  operators: readonly OperatorReport[]
  /** How far the output is; null when it does not say. */
  progress: SinkProgress | null
  inputs: readonly TopicOffsets[]
  onGap: OnGap | null
  acceptIncomplete: boolean
}

/** How a job starts. */
export type StartPlan =
  | {
      outcome: 'kept'
      why: string
      /** The gap: from where the state is to where the output is, or to the end of a backfill. Nothing of it is written. */
      from: readonly InputOffset[]
      to: readonly InputOffset[]
      /** Whether the output may lack something that the state has: then it is compared. */
      emits: boolean
      /** Partitions of which records are passed over that are gone. */
      skipped: readonly InputPartition[]
    }
  | { outcome: 'rebuilt'; why: string; from: readonly InputOffset[]; incomplete: readonly InputPartition[] }
  | { outcome: 'refused'; why: string; error: ObslabError }

/** Decides how a job starts: what it keeps, what it computes anew, and what it must not do without being told. */
export function planStart(facts: StartFacts): StartPlan {
  const { kept, progress, onGap } = facts
  if (kept === null) return rebuild(facts, 'there is no state')
  const changed = facts.operators.filter(({ found }) => found !== 'kept')
  if (changed.length > 0)
    return rebuild(facts, `the plan changed: ${changed.map(({ operator }) => operator).join(', ')}`)
  const state = new InputOffsets(kept.offsets)
  const committed = new InputOffsets(progress?.offsets)
  const partitions = partitionsOf(facts.inputs)
  const at = (offsets: InputOffsets, { topic, partition }: InputPartition): number | undefined =>
    offsets.get(topic, partition)
  const some = (test: (partition: InputPartition) => boolean): boolean => partitions.some(test)

  const isGone = ({ topic, partition }: InputOffset): boolean =>
    !partitions.some(one => one.topic === topic && one.partition === partition)
  const isCut = some(one => (at(state, one) ?? 0) > one.stable || (at(committed, one) ?? 0) > one.stable)
  if (isCut || kept.offsets.some(isGone))
    return rebuild(facts, 'an input ends before what was read of it: it was written anew')
  if (kept.phase.name === 'following') {
    if (progress === null) return rebuild(facts, 'the output does not say how far it is')
    if (some(one => (at(committed, one) ?? one.start) < (at(state, one) ?? 0)))
      return rebuild(facts, 'the output is behind the state')
  }
  const gone = partitions.filter(one => (at(committed, one) ?? one.start) < one.start)
  if (gone.length > 0 && onGap === null) return inputGap(facts.job, gone[0]!, at(committed, gone[0]!)!)
  if (gone.length > 0 && onGap === 'rebuild') return rebuild(facts, 'records were gone before they were read')
  const lost = partitions.filter(one => (at(state, one) ?? one.start) < one.start)
  if (lost.length > 0 && onGap !== 'skip')
    return rebuild(facts, 'records that the state has still to take are gone')

  const until = new InputOffsets(kept.phase.name === 'backfilling' ? kept.phase.until : [])
  // The ends of a backfill are of one round, and so are the new ones where the output is further already.
  const isPast =
    kept.phase.name === 'backfilling' && some(one => (at(committed, one) ?? 0) > (at(until, one) ?? 0))
  const begin = (one: InputPartition): number => Math.max(at(state, one) ?? one.start, one.start)
  return {
    outcome: 'kept',
    why: kept.phase.name === 'backfilling' ? 'reading them for the first time goes on' : 'nothing changed',
    from: offsetsOf(facts.inputs, begin),
    to: offsetsOf(facts.inputs, one =>
      isPast ? one.stable : Math.max(begin(one), at(until, one) ?? 0, at(committed, one) ?? 0),
    ),
    emits: kept.phase.name !== 'following' || !progress?.whole,
    skipped: [...new Set([...gone, ...lost])],
  }
}

/** Only from a complete input follows the right output: one that has all records, or the last of each key. */
function rebuild({ inputs, acceptIncomplete }: StartFacts, why: string): StartPlan {
  const incomplete = partitionsOf(inputs).filter(
    ({ start, cleanupPolicy }) => start > 0 && cleanupPolicy !== 'compact',
  )
  const [first] = incomplete
  if (first !== undefined && !acceptIncomplete)
    return { outcome: 'refused', why, error: inputIncomplete(first, why) }
  return { outcome: 'rebuilt', why, from: offsetsOf(inputs, ({ start }) => start), incomplete }
}

function inputIncomplete({ topic, partition, start }: InputPartition, why: string): ObslabError {
  return new ObslabError(
    'input-incomplete',
    `${topic} no longer holds its first records: partition ${partition} begins at offset ${start}. Everything is to be ` +
      `computed from the beginning, for ${why}, and rows computed from the rest may be wrong or missing. Take a new ` +
      'snapshot into a new topic, or accept it: acceptIncomplete, --accept-incomplete.',
    { position: { topic, partition, offset: start } },
  )
}

function inputGap(job: string, { topic, partition, start }: InputPartition, next: number): StartPlan {
  const error = new ObslabError(
    'input-gap',
    `The job ${job} has still to read partition ${partition} of ${topic} from offset ${next} on, but it begins at ${start} ` +
      `now: ${start - next} offsets are gone. Choose: --on-gap rebuild (onGap: 'rebuild') computes everything anew from ` +
      'what the inputs hold, for which they have to be complete; --on-gap skip goes on without the lost records, so that ' +
      'rows may stay wrong.',
    { position: { topic, partition, offset: next } },
  )
  return { outcome: 'refused', why: 'records were gone before they were read', error }
}
