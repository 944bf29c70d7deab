import { z } from 'zod'
import { ObslabError } from '../errors.js'
import type { OffsetRange, PartitionOffsets, Source, TopicOffsets } from './source.js'

/**
 * A place in a topic: an offset (a whole number, the same in every partition), an offset for each partition
 * (`{ 0: 100, 2: 250 }`), or a time as ISO text (UTC when it names no zone) or a Date: the first record at or after it.
 */
export type Place = number | string | Date | Readonly<Record<number, number>>

/** Which records of a topic to read. Without any, all: from the first offset to the end fixed at the start. */
export interface Bounds {
  /** Where to begin, included. The first offset there is, when left out. */
  from?: Place
  /** Where to end, not included. The last stable offset at the start, when left out. */
  to?: Place
  /** Only these partitions. */
  partitions?: readonly number[]
  /** Only the newest so many records within the other bounds, by their Kafka timestamp. */
  last?: number
  /** Stop after so many records. */
  limit?: number
}

const place = z.union([
  z.int().nonnegative(),
  z.date(),
  z.string().refine(text => !Number.isNaN(timeOf(text)), 'is not a time: write it as 2026-03-01T10:00:00Z'),
  z.record(z.coerce.number().int(), z.int().nonnegative()),
])

/** The schemas that the options of {@link Bounds} are parsed with, to be put into a `z.strictObject`. */
export const boundsShape: { readonly [Option in keyof Bounds]-?: z.ZodType<Bounds[Option]> } = {
  from: place.optional(),
  to: place.optional(),
  partitions: z.array(z.int().nonnegative()).optional(),
  last: z.int().positive().optional(),
  limit: z.int().positive().optional(),
}

/** The ranges of offsets that `bounds` mean in a topic. `last` is narrowed further when the records are there. */
export async function rangesOf(source: Source, topic: TopicOffsets, bounds: Bounds): Promise<OffsetRange[]> {
  const partitions = partitionsOf(topic, bounds.partitions)
  const from = await offsetsOf(source, topic.topic, bounds.from)
  const to = await offsetsOf(source, topic.topic, bounds.to)
  requireWithin(topic.topic, partitions, bounds.from)
  return partitions.map(({ partition, start, stable }) => {
    const end = Math.min(to(partition) ?? stable, stable)
    const asked = from(partition)
    const newest = bounds.last === undefined ? start : end - bounds.last
    return { topic: topic.topic, partition, from: Math.max(start, asked ?? start, newest), to: end }
  })
}

/** An offset that is gone, or that no partition has reached yet, is an error and never an empty or shorter table. */
function requireWithin(
  topic: string,
  partitions: readonly PartitionOffsets[],
  from: Place | undefined,
): void {
  if (from === undefined || typeof from === 'string' || from instanceof Date) return
  const asked = (partition: number): number | undefined => (typeof from === 'number' ? from : from[partition])
  const gone = partitions.find(({ partition, start }) => (asked(partition) ?? start) < start)
  if (gone !== undefined) {
    throw new ObslabError(
      'offset-out-of-range',
      `${topic}:${gone.partition} begins at offset ${gone.start} now, but ${asked(gone.partition)} was asked for: the ` +
        'records before are gone. Leave `from` out to begin at the first record there is.',
    )
  }
  const ends = partitions.filter(({ partition, stable }) => (asked(partition) ?? stable) > stable)
  if (ends.length > 0 && ends.length === partitions.length) {
    const where = ends.map(({ partition, stable }) => `${topic}:${partition} ends at ${stable}`).join(', ')
    throw new ObslabError('offset-out-of-range', `There are no records to read from there on: ${where}.`)
  }
}

function partitionsOf(
  topic: TopicOffsets,
  wanted: readonly number[] | undefined,
): readonly PartitionOffsets[] {
  if (wanted === undefined) return topic.partitions
  const missing = wanted.find(partition => topic.partitions.every(has => has.partition !== partition))
  if (missing !== undefined) {
    const has = topic.partitions.map(({ partition }) => partition).join(', ')
    throw new ObslabError('option-invalid', `${topic.topic} has no partition ${missing}; it has ${has}.`)
  }
  return topic.partitions.filter(({ partition }) => wanted.includes(partition))
}

type OffsetOf = (partition: number) => number | undefined

async function offsetsOf(source: Source, topic: string, at: Place | undefined): Promise<OffsetOf> {
  if (at === undefined) return () => undefined
  if (typeof at === 'number') return () => at
  if (typeof at === 'string' || at instanceof Date) {
    const offsets = await source.offsetsAt(topic, timeOf(at))
    return partition => offsets.get(partition)
  }
  return partition => at[partition]
}

/** A date alone, or a date and time without a zone, is UTC; `Date` alone would take the latter as local time. */
function timeOf(at: string | Date): number {
  if (at instanceof Date) return at.getTime()
  return Date.parse(/T\d{2}:\d{2}(:\d{2}(\.\d+)?)?$/.test(at) ? `${at}Z` : at)
}
