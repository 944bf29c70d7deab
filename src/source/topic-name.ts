import { ObslabError } from '../errors.js'
import { nearest } from './nearest.js'

/** The topics in which Kafka keeps its own state, and its metadata log. Sources leave them out. */
export const internalTopics: ReadonlySet<string> = new Set([
  '__cluster_metadata',
  '__consumer_offsets',
  '__remote_log_metadata',
  '__share_group_state',
  '__transaction_state',
])

/**
 * The up to `count` of the topic names `names` that `name` may be meant for: those that contain it, then those that
 * differ from it by a few letters, as a whole or in what follows the last dot.
 */
export function nearestNames(name: string, names: Iterable<string>, count: number = 3): string[] {
  const all = [...names].sort()
  const containing = all.filter(candidate => candidate.toLowerCase().includes(name.toLowerCase()))
  const tables = new Set(nearest(lastPart(name), [...new Set(all.map(lastPart))]))
  const alike = all.filter(candidate => tables.has(lastPart(candidate)))
  return [...new Set([...containing, ...nearest(name, all, count), ...alike])].slice(0, count)
}

function lastPart(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1)
}

/**
 * The topic that `short` means among `names`: the topic of that name, or else the only one that ends with it after
 * a dot, so that `obs` finds `dbserver1.openmrs.obs`. Several are a `topic-ambiguous` error that lists them, none is
 * a `topic-unknown` error that lists the nearest.
 */
export function resolveTopic(names: Iterable<string>, short: string): string {
  const all = [...names]
  if (all.includes(short)) return short
  const fitting = all.filter(name => name.endsWith(`.${short}`)).sort()
  if (fitting.length === 1) return fitting[0]!
  if (fitting.length === 0) throw unknownTopic(short, all)
  throw new ObslabError(
    'topic-ambiguous',
    `Expected a topic name that fits one topic, found ${fitting.length} that end with "${short}": ` +
      `${fitting.slice(0, 10).join(', ')}. Give more of the name.`,
    { position: { topic: short } },
  )
}

/** The `topic-unknown` error for `topic` in a source that has `names`, with the nearest of them. */
export function unknownTopic(topic: string, names: Iterable<string>): ObslabError {
  const all = [...names]
  const near = nearestNames(topic, all)
  const hint =
    near.length > 0
      ? `Did you mean ${near.join(' or ')}?`
      : all.length === 0
        ? 'There is no topic at all.'
        : `There are ${[...all].sort().slice(0, 10).join(', ')}${all.length > 10 ? ', …' : ''}.`
  return new ObslabError('topic-unknown', `Expected an existing topic, found no "${topic}". ${hint}`, {
    position: { topic },
  })
}
