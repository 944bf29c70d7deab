import { type ChangeChunk, ChangeStream, wholeTopic } from '../change/change-stream.js'
import type { ReaderMemory } from '../change/reader-memory.js'
import { ObslabError } from '../errors.js'
import type { OffsetRange, Source, TopicOffsets } from '../source/source.js'
import { resolveTopic } from '../source/topic-name.js'
import type { Cell } from './cell.js'
import { checkColumns } from './check-columns.js'
import { bindParams, type ParamValues } from './param.js'
import { type Plan, planTopics, renameTopics } from './plan.js'
import { paramsOf } from './plan-params.js'

/** How the topics that a plan names are found in a source. */
export interface TopicNames {
  /** For a topic as the plan names it, the name it has in the source: `{ obs: 'clinic.openmrs.obs' }`. */
  topics?: Readonly<Record<string, string>>
  /** Only topics that begin with this and a dot are meant: the connector's `topic.prefix`. */
  prefix?: string
}

/** How {@link bindPlan} binds. */
export interface BindOptions extends TopicNames {
  /** Ends the reading of the changes with a `cancelled` error. */
  signal?: AbortSignal | undefined
  /** Values of the plan's params in place of their defaults. */
  params?: ParamValues | undefined
  /**
   * Where each partition begins: everything below `next` was read before. A partition that is not named begins at its
   * start, as one does that the topic was given since. Default: all begin there.
   */
  from?: readonly PartitionNext[] | undefined
  /** Where `changes` ends, and `follow` goes on. A partition that is not named ends where it does now. Default: all do. */
  to?: readonly PartitionNext[] | undefined
  /** What {@link BoundPlan.dump} gave at `from`. Default: nothing was read before. */
  readers?: Readonly<Record<string, Cell>> | undefined
}

/** A position in a partition: the offset that is to be read next. */
export interface PartitionNext {
  topic: string
  partition: number
  next: number
}

/** A plan bound to a source: its topics' full names, and their changes up to ends that are fixed. */
export interface BoundPlan {
  plan: Plan
  /** The topics it reads with their offsets of now, in the order the plan names them. */
  inputs: readonly TopicOffsets[]
  /** Offsets to pass in all. */
  offsets: number
  changes: AsyncIterable<ChangeChunk>
  /** The changes after that as they come, until `signal` is aborted. To be called when `changes` has ended. */
  follow(signal: AbortSignal): AsyncIterable<ChangeChunk>
  /**
   * What the readers of the topics know after the chunk given last, for a plan that is bound later to begin there: its
   * changes, what is redelivered and the kinds of values are those that this one would go on with. To be taken before the
   * next chunk is asked for.
   */
  dump(): Record<string, Cell>
}

/**
 * Finds the topics of a plan in a source and reads their changes: all, or those from `from` on. An unknown one is a
 * `topic-unknown` error, a short name that fits several a `topic-ambiguous` error, a function that reads a column its
 * topic's definition does not have a `column-unknown` error, a value of a param that it does not have or of another type
 * an `option-invalid` error.
 */
export async function bindPlan(
  source: Source,
  plan: Plan,
  { signal, params, from, to, readers = {}, ...names }: BindOptions = {},
): Promise<BoundPlan> {
  const named = await nameTopics(source, plan, names)
  const bound = params === undefined ? named : { ...named, params: bindParams(paramsOf(plan), params) }
  checkColumns(bound)
  const froms = planTopics(bound.root)
  const offsets = await source.topics(froms.map(({ topic }) => topic))
  const inputs = froms.map(from => offsets.find(({ topic }) => topic === from.topic)!)
  const topics = froms.map((node, i) => ({
    topic: node.topic,
    definition: node,
    ranges: wholeTopic(inputs[i]!).map(range => {
      const begin = nextOf(from, range) ?? range.from
      return { ...range, from: begin, to: Math.max(begin, nextOf(to, range) ?? range.to) }
    }),
  }))
  const stream = new ChangeStream(source, topics, readers as Record<string, ReaderMemory>)
  return {
    plan: bound,
    inputs,
    offsets: topics.flatMap(({ ranges }) => ranges).reduce((sum, { from, to }) => sum + to - from, 0),
    changes: stream.read(signal),
    follow: until => stream.follow(until),
    dump: () => stream.dump(),
  }
}

function nextOf(
  positions: readonly PartitionNext[] | undefined,
  { topic, partition }: OffsetRange,
): number | undefined {
  return positions?.find(one => one.topic === topic && one.partition === partition)?.next
}

async function nameTopics(source: Source, plan: Plan, { topics = {}, prefix }: TopicNames): Promise<Plan> {
  const named = planTopics(plan.root).map(({ topic }) => topic)
  const unused = Object.keys(topics).find(topic => !named.includes(topic))
  if (unused !== undefined) {
    throw new ObslabError(
      'option-invalid',
      `The pipeline ${plan.name} reads ${named.join(', ')}, but a name was given for ${unused}.`,
    )
  }
  const all = (await source.topics()).map(({ topic }) => topic)
  const meant = prefix === undefined ? all : all.filter(topic => topic.startsWith(`${prefix}.`))
  return renameTopics(plan, topic =>
    topics[topic] === undefined ? resolveTopic(meant, topic) : resolveTopic(all, topics[topic]),
  )
}
