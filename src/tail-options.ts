import { z } from 'zod'
import { SchemaTopics } from './change/schema-topics.js'
import { ObslabError } from './errors.js'
import { columnUnknown } from './frame/names.js'
import { parseOptions } from './options.js'
import type { ReplayTopic } from './replay.js'
import { boundsShape, type Place, placesText, rangesOf } from './source/bounds.js'
import type { FollowPosition } from './source/follow-records.js'
import type { Source } from './source/source.js'

/** Where a tail begins, how fast it goes and what it keeps. */
export interface TailOptions {
  /**
   * Where to begin: at the `end`, at the `beginning`, or at an offset or a time as in a replay. The end of a cluster's
   * topic when left out, the beginning of a recording's.
   */
  from?: 'beginning' | 'end' | Place
  /** Only these partitions. */
  partitions?: readonly number[]
  /**
   * On a recording, how many times faster than it was recorded it is played: 1, the pace of its Kafka timestamps, when
   * left out; Infinity plays it at once. A cluster has no such option: records come when they are written.
   */
  speed?: number
  /** Columns to keep. Key columns always are. All when left out. */
  columns?: readonly string[]
  /** Ends after so many changes. */
  limit?: number
  /** How many of the latest changes are kept for `frame()`: 1,000 when left out, 100,000 at most. */
  keep?: number
  /** Ends the tail, as `stop()` does. */
  signal?: AbortSignal
}

const expectedKeep = 'expected a whole number from 1 to 100000'

const optionsSchema: z.ZodType<TailOptions> = z.strictObject({
  from: z.union(
    [z.literal('beginning'), z.literal('end'), boundsShape.from],
    `expected 'beginning', 'end', ${placesText}`,
  ),
  partitions: boundsShape.partitions,
  speed: z
    .union(
      [z.number().positive(), z.literal(Number.POSITIVE_INFINITY)],
      'expected a number above 0, or Infinity',
    )
    .optional(),
  columns: z.array(z.string()).optional(),
  limit: boundsShape.limit,
  keep: z.int(expectedKeep).positive(expectedKeep).max(100_000, expectedKeep).optional(),
  signal: z.instanceof(AbortSignal).optional(),
})

/** A tail that can begin. */
export interface TailStart extends Omit<TailOptions, 'from' | 'partitions'> {
  positions: readonly FollowPosition[]
  speed: number
  keep: number
}

/** Parses the options of a tail and finds the offsets it begins at. */
export async function startOf(source: Source, topic: ReplayTopic, options: TailOptions): Promise<TailStart> {
  const { from, partitions, ...rest } = parseOptions(optionsSchema, options)
  if (source.growing && rest.speed !== undefined) {
    throw new ObslabError(
      'option-invalid',
      'speed is how fast a recording is played; records of a cluster come when they are written. Leave it out.',
    )
  }
  await checkColumns(source, topic, rest.columns)
  const positions = await positionsOf(
    source,
    topic,
    from ?? (source.growing ? 'end' : 'beginning'),
    partitions,
  )
  return { ...rest, positions, speed: rest.speed ?? 1, keep: rest.keep ?? 1_000 }
}

async function positionsOf(
  source: Source,
  { offsets }: ReplayTopic,
  from: 'beginning' | 'end' | Place,
  partitions: readonly number[] | undefined,
): Promise<FollowPosition[]> {
  const named = from === 'beginning' || from === 'end'
  const ranges = await rangesOf(
    source,
    offsets,
    {
      ...(!named && { from }),
      ...(partitions && { partitions }),
    },
    { late: source.growing },
  )
  return ranges.map(({ topic, partition, from: first, to: stable }) =>
    from === 'end'
      ? { topic, partition, from: stable }
      : { topic, partition, from: Math.min(first, stable), first },
  )
}

/** A column that neither the definition nor the table's DDL has is told before anything is read. */
async function checkColumns(
  source: Source,
  { offsets: { topic }, definition }: ReplayTopic,
  columns: readonly string[] | undefined,
): Promise<void> {
  if (columns === undefined) return
  const known = new Set(definition?.columns.map(({ name }) => name))
  const [database, table] = topic.split('.').slice(-2)
  const timeline = (await SchemaTopics.open(source, [topic]))?.history.timeline(database ?? '', table ?? '')
  for (const version of timeline ?? []) for (const { name } of version.columns) known.add(name)
  const unknown = columns.find(column => !known.has(column))
  if (known.size > 0 && unknown !== undefined) throw columnUnknown(unknown, [...known])
}
