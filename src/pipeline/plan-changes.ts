import { type ChangeChunk, ChangeStream, wholeTopic } from '../change/change-stream.js'
import { ObslabError } from '../errors.js'
import type { Source, TopicOffsets } from '../source/source.js'
import { resolveTopic } from '../source/topic-name.js'
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
}

/** A plan bound to a source: its topics' full names, and their changes from the first to the end fixed now. */
export interface BoundPlan {
  plan: Plan
  /** The topics it reads with their offsets of now, in the order the plan names them. */
  inputs: readonly TopicOffsets[]
  /** Offsets to pass in all. */
  offsets: number
  changes: AsyncIterable<ChangeChunk>
  /** The changes after that as they come, until `signal` is aborted. To be called when `changes` has ended. */
  follow(signal: AbortSignal): AsyncIterable<ChangeChunk>
}

/**
 * Finds the topics of a plan in a source and reads all their changes. An unknown one is a `topic-unknown` error, a short
 * name that fits several a `topic-ambiguous` error, a function that reads a column its topic's definition does not have a
 * `column-unknown` error, a value of a param that it does not have or of another type an `option-invalid` error.
 */
export async function bindPlan(
  source: Source,
  plan: Plan,
  { signal, params, ...names }: BindOptions = {},
): Promise<BoundPlan> {
  const named = await nameTopics(source, plan, names)
  const bound = params === undefined ? named : { ...named, params: bindParams(paramsOf(plan), params) }
  checkColumns(bound)
  const froms = planTopics(bound.root)
  const offsets = await source.topics(froms.map(({ topic }) => topic))
  const inputs = froms.map(from => offsets.find(({ topic }) => topic === from.topic)!)
  const topics = froms.map((from, i) => ({
    topic: from.topic,
    definition: from,
    ranges: wholeTopic(inputs[i]!),
  }))
  const stream = new ChangeStream(source, topics)
  return {
    plan: bound,
    inputs,
    offsets: topics.flatMap(({ ranges }) => ranges).reduce((sum, { from, to }) => sum + to - from, 0),
    changes: stream.read(signal),
    follow: until => stream.follow(until),
  }
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
