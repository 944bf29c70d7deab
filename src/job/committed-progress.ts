import { z } from 'zod'
import type { InputOffset, SinkProgress } from './sink.js'
import type { GroupOffset } from './transaction-protocol.js'

/** What progress is kept beside. */
export interface ProgressPlace {
  /** The output topic. */
  output: string
  /** Where the job's inputs are. */
  source: string
  /** Whether they are in the cluster of the output, so that their offsets can be committed as such. */
  sameCluster: boolean
}

/** Characters that brokers take as the metadata of an offset (`offset.metadata.max.bytes`). */
const metadataLimit = 4096

const markerSchema = z.object({
  whole: z.boolean(),
  source: z.string().optional(),
  offsets: z.array(z.tuple([z.string(), z.array(z.tuple([z.number(), z.number()]))])).optional(),
})

/**
 * Progress as offsets of the job's group. In the metadata of partition 0 of the output stands whether it is whole: a broker
 * forgets that together with the topic, so an output that was deleted is not taken for one that is up to date. Inputs of
 * the same cluster have their offsets committed; those of another source stand beside the mark, under the source's name.
 * Null where that does not fit.
 */
export function committedOffsets(
  { offsets, whole }: SinkProgress,
  { output, source, sameCluster }: ProgressPlace,
  outputEnd: number,
): GroupOffset[] | null {
  const mark = (metadata: unknown): GroupOffset => {
    return { topic: output, partition: 0, offset: outputEnd, metadata: JSON.stringify(metadata) }
  }
  if (sameCluster) {
    const inputs = offsets.map(({ topic, partition, next }) => ({
      topic,
      partition,
      offset: next,
      metadata: '',
    }))
    return [...inputs, mark({ whole })]
  }
  const marked = mark({ whole, source, offsets: byTopic(offsets) })
  return Buffer.byteLength(marked.metadata) <= metadataLimit ? [marked] : null
}

/** What {@link committedOffsets} says when nothing is to be gone by: the output must be compared. */
export function unknownProgress({ output }: ProgressPlace, outputEnd: number): GroupOffset[] {
  return [{ topic: output, partition: 0, offset: outputEnd, metadata: JSON.stringify({ whole: false }) }]
}

/** The progress that offsets of the job's group tell; null when they tell none, or that of other inputs. */
export function committedProgress(
  committed: readonly GroupOffset[],
  { output, source, sameCluster }: ProgressPlace,
): SinkProgress | null {
  const mark = committed.find(({ topic, partition }) => topic === output && partition === 0)
  const read = markerSchema.safeParse(parsed(mark?.metadata ?? ''))
  if (!read.success) return null
  const { whole, source: noted, offsets } = read.data
  if (sameCluster) {
    if (noted !== undefined) return null
    const inputs = committed
      .filter(({ topic }) => topic !== output)
      .map(({ topic, partition, offset }) => ({ topic, partition, next: offset }))
    return inputs.length === 0 ? null : { offsets: inputs, whole }
  }
  if (noted !== source || offsets === undefined) return null
  return { offsets: flattened(offsets), whole }
}

/** A topic, and the offset of each of its partitions. */
type TopicPlaces = [topic: string, offsets: [partition: number, next: number][]]

function byTopic(offsets: readonly InputOffset[]): TopicPlaces[] {
  const topics = new Map<string, [number, number][]>()
  for (const { topic, partition, next } of offsets)
    topics.set(topic, [...(topics.get(topic) ?? []), [partition, next]])
  return [...topics]
}

function flattened(topics: readonly TopicPlaces[]): InputOffset[] {
  return topics.flatMap(([topic, places]) => places.map(([partition, next]) => ({ topic, partition, next })))
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
