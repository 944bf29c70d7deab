import { z } from 'zod'
import { ObslabError } from '../errors.js'
import { batchHeaders } from '../log/batch-header.js'
import { positiveInt, wholeNumber } from '../options.js'
import type { OffsetRange, PartitionOffsets, Source, TopicOffsets } from './source.js'
import { parseTime } from './time.js'

/**
 * A place in a topic: an offset (a whole number, the same in every partition), an offset for each partition
 * (`{ 0: 100, 2: 250 }`), or a time as ISO 8601 text (UTC when it names no zone) or a Date: the first record at or after it.
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

/** What a {@link Place} may be, for messages. */
export const placesText: string =
  'an offset (a whole number from 0 up), one for each partition ({ 0: 100, 1: 250 }), or a time in ISO 8601: ' +
  'write it as 2026-03-01T10:00:00Z'

const expectedPlace = `expected ${placesText}`

const place = z.union(
  [
    z.int(expectedPlace).nonnegative(expectedPlace),
    z.date(),
    z.string().refine(text => parseTime(text) !== undefined, expectedPlace),
    z
      .record(z.coerce.number().int().nonnegative(), z.int(expectedPlace).nonnegative(expectedPlace))
      .refine(offsets => Object.keys(offsets).length > 0, expectedPlace),
  ],
  expectedPlace,
)

/** The schemas that the options of {@link Bounds} are parsed with, to be put into a `z.strictObject`. */
export const boundsShape: { readonly [Option in keyof Bounds]-?: z.ZodType<Bounds[Option]> } = {
  from: place.optional(),
  to: place.optional(),
  partitions: z.array(wholeNumber).min(1, 'expected at least one partition; leave it out for all').optional(),
  last: positiveInt.optional(),
  limit: positiveInt.optional(),
}

/** What {@link rangesOf} may be told besides the bounds. */
export interface RangesOptions {
  /** Whether a time that no record has reached means the end, as it does where records still come. Default: an error. */
  late?: boolean
}

/**
 * The ranges of offsets that `bounds` mean in a topic. `last` is narrowed further when the records are there. Bounds that
 * no record can be within are an error that says what there is, and so is a partition that is not there.
 */
export async function rangesOf(
  source: Source,
  topic: TopicOffsets,
  bounds: Bounds,
  { late = false }: RangesOptions = {},
): Promise<OffsetRange[]> {
  const partitions = partitionsOf(topic, bounds.partitions)
  for (const at of [bounds.from, bounds.to]) requirePartitions(topic.topic, partitions, at)
  requireOrder(bounds)
  const from = await offsetsOf(source, topic.topic, bounds.from)
  const to = await offsetsOf(source, topic.topic, bounds.to)
  requireWithin(topic.topic, partitions, bounds.from)
  const filled = partitions.filter(({ start, stable }) => start < stable)
  if (!late && isTime(bounds.from) && isAll(filled, one => from(one.partition)! >= one.stable))
    throw await tooLate(source, topic.topic, filled, bounds.from)
  if (bounds.to !== undefined && isAll(filled, one => (to(one.partition) ?? one.stable) <= one.start))
    throw tooEarly(topic.topic, filled)
  return partitions.map(({ partition, start, stable }) => {
    const end = Math.min(to(partition) ?? stable, stable)
    const asked = from(partition)
    const newest = bounds.last === undefined ? start : end - bounds.last
    return { topic: topic.topic, partition, from: Math.max(start, asked ?? start, newest), to: end }
  })
}

function isAll<T>(items: readonly T[], test: (item: T) => boolean): boolean {
  return items.length > 0 && items.every(test)
}

function isTime(at: Place | undefined): at is string | Date {
  return typeof at === 'string' || at instanceof Date
}

/** An offset for a partition that is not read would be passed over in silence. */
function requirePartitions(topic: string, read: readonly PartitionOffsets[], at: Place | undefined): void {
  if (typeof at !== 'object' || at instanceof Date) return
  const missing = Object.keys(at).find(key => read.every(({ partition }) => partition !== Number(key)))
  if (missing === undefined) return
  const numbers = read.map(({ partition }) => partition).join(', ')
  throw new ObslabError(
    'option-invalid',
    `Expected offsets for the partitions of ${topic} that are read, ${numbers}, found one for partition ${missing}. ` +
      'Leave it out.',
  )
}

function requireOrder({ from, to }: Bounds): void {
  if (from === undefined || to === undefined) return
  if (typeof from === 'number' && typeof to === 'number' && from >= to) throw reversed(`${from}`, `${to}`)
  if (isTime(from) && isTime(to) && timeOf(from) >= timeOf(to)) throw reversed(isoTime(from), isoTime(to))
  if (typeof from !== 'object' || typeof to !== 'object' || from instanceof Date || to instanceof Date) return
  for (const [partition, first] of Object.entries(from)) {
    const end = to[Number(partition)]
    if (end !== undefined && first > end) throw reversed(`${first}`, `${end}`, ` in partition ${partition}`)
  }
}

function reversed(from: string, to: string, where: string = ''): ObslabError {
  return new ObslabError(
    'option-invalid',
    `Expected \`from\` before \`to\`, which is not included, found ${from} and ${to}${where}: no record is between them.`,
  )
}

async function tooLate(
  source: Source,
  topic: string,
  partitions: readonly PartitionOffsets[],
  from: string | Date,
): Promise<ObslabError> {
  const newest = await newestTime(source, topic, partitions)
  const last = newest === undefined ? 'None is that new' : `The last ones are of ${isoTime(new Date(newest))}`
  return new ObslabError(
    'offset-out-of-range',
    `Expected records of ${topic} at or after ${isoTime(from)}, found none. ${last}: give an earlier \`from\`.`,
  )
}

/** The greatest timestamp of each partition's last batches: two offsets, as the last may be a transaction's mark. */
async function newestTime(
  source: Source,
  topic: string,
  partitions: readonly PartitionOffsets[],
): Promise<number | undefined> {
  const ranges = partitions.map(({ partition, start, stable }) => ({
    topic,
    partition,
    from: Math.max(start, stable - 2),
    to: stable,
  }))
  let newest = -1
  for await (const { bytes } of source.read({ ranges }))
    for (const { control, maxTimestamp } of batchHeaders(bytes))
      if (!control) newest = Math.max(newest, maxTimestamp)
  return newest < 0 ? undefined : newest
}

function tooEarly(topic: string, partitions: readonly PartitionOffsets[]): ObslabError {
  const starts = partitions
    .map(({ partition, start }) => `${topic}:${partition} begins at ${start}`)
    .join(', ')
  return new ObslabError(
    'offset-out-of-range',
    `Expected records before \`to\`, found none: ${starts}. Give a later \`to\`.`,
  )
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

function timeOf(at: string | Date): number {
  return at instanceof Date ? at.getTime() : (parseTime(at) ?? Number.NaN)
}

function isoTime(at: string | Date): string {
  return new Date(timeOf(at)).toISOString()
}
