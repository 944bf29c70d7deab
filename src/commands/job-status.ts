import { basename, resolve } from 'node:path'
import { systemClock } from '../clock.js'
import { ObslabError } from '../errors.js'
import type { Holder } from '../job/holder.js'
import { stateHolder } from '../job/lease.js'
import { readJobState } from '../job/lmdb-state.js'
import { isMysql } from '../job/open-sink.js'
import type { OutputProgress, ProgressQuestion } from '../job/output-progress.js'
import { readDeadLetters } from '../job/read-dead-letters.js'
import type { InputOffset } from '../job/sink.js'
import { isKafka, openSource } from '../source/open-source.js'

/** How far a job is in one partition of an input; null where nothing tells. */
export interface InputStatus {
  topic: string
  partition: number
  /** Where the state is: everything below is in it. */
  state: number | null
  /** Where the output is. */
  committed: number | null
  end: number | null
  /** Records that the output lacks; that the state lacks where the output does not tell. */
  lag: number | null
}

/** What an operator remembers. */
export interface OperatorStatus {
  operator: string
  entries: number
  fingerprint: string
}

/** How a job is. */
export interface JobStatus {
  folder: string
  job: string
  /** Null when the folder holds no state. */
  phase: string | null
  /** Whether the output holds what follows from its offsets; null where nothing tells. */
  whole: boolean | null
  bytes: number
  holder: Holder | null
  inputs: readonly InputStatus[]
  operators: readonly OperatorStatus[]
  /** Null where nothing tells. */
  deadLetters: number | null
}

/** What {@link jobStatus} takes. */
export interface JobStatusOptions {
  /** Where the inputs are. */
  source?: string
  /** Where the output is. Default: the source, when it is Kafka. */
  to?: string
  /** Default: as the state says, else the last part of the folder's name. */
  job?: string
}

/** How the job of a state folder is, by what can be read of it. Nothing is changed. */
export async function jobStatus(folder: string, { source, to, job }: JobStatusOptions): Promise<JobStatus> {
  const state = await readJobState(folder)
  const name = job ?? state?.pipeline ?? basename(resolve(folder))
  const offsets = state?.kept?.offsets ?? []
  const input = source === undefined ? null : await endsOf(source, offsets)
  const where = to ?? (source !== undefined && isKafka(source) ? source : undefined)
  const output = where === undefined ? null : await outputOf(where, name, input?.name ?? '')
  return {
    folder,
    job: name,
    phase: state?.kept?.phase.name ?? null,
    whole: output?.progress?.whole ?? null,
    bytes: state?.bytes ?? 0,
    holder: (await stateHolder(folder, systemClock)) ?? output?.holder ?? null,
    inputs: inputsOf(offsets, output?.progress?.offsets ?? [], input?.ends ?? []),
    operators: state?.operators ?? [],
    deadLetters: output?.deadLetters ?? null,
  }
}

async function outputOf(
  where: string,
  job: string,
  source: string,
): Promise<OutputProgress & { deadLetters: number | null }> {
  const question = { where, job, output: job, source }
  if (isMysql(where)) {
    const { readMysqlProgress } = await import('../job/mysql-lookup.js')
    return { ...(await readMysqlProgress(question)), deadLetters: await countLetters(where, job) }
  }
  const nothing = { progress: null, holder: null }
  const progress = isKafka(where) ? await readFromKafka(question) : nothing
  return { ...progress, deadLetters: await countLetters(where, job) }
}

async function readFromKafka(question: ProgressQuestion): Promise<OutputProgress> {
  const { readKafkaProgress } = await import('../job/kafka-progress.js')
  return await readKafkaProgress(question)
}

/** Null where there is no output of the job's name. */
async function countLetters(where: string, output: string): Promise<number | null> {
  try {
    return (await readDeadLetters(where, output)).length
  } catch (error) {
    if (error instanceof ObslabError && ['topic-unknown', 'option-invalid'].includes(error.code)) return null
    throw error
  }
}

async function endsOf(
  where: string,
  offsets: readonly InputOffset[],
): Promise<{ name: string; ends: InputOffset[] }> {
  const source = await openSource(where)
  try {
    const topics = await source.topics([...new Set(offsets.map(({ topic }) => topic))])
    const ends = topics.flatMap(({ topic, partitions }) =>
      partitions.map(({ partition, stable }) => ({ topic, partition, next: stable })),
    )
    return { name: source.name, ends }
  } finally {
    await source.close()
  }
}

function inputsOf(
  state: readonly InputOffset[],
  committed: readonly InputOffset[],
  ends: readonly InputOffset[],
): InputStatus[] {
  const places = new Map(
    [...state, ...ends].map(({ topic, partition }) => [`${topic}:${partition}`, { topic, partition }]),
  )
  return Array.from(places.values(), place => {
    const [own, output, end] = [state, committed, ends].map(offsets => nextOf(offsets, place))
    const taken = output ?? own ?? null
    const lag = end == null || taken === null ? null : Math.max(0, end - taken)
    return { ...place, state: own ?? null, committed: output ?? null, end: end ?? null, lag }
  })
}

function nextOf(
  offsets: readonly InputOffset[],
  { topic, partition }: Pick<InputOffset, 'topic' | 'partition'>,
): number | null {
  return offsets.find(one => one.topic === topic && one.partition === partition)?.next ?? null
}
