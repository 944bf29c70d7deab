import { totalmem } from 'node:os'
import { z } from 'zod'
import type { ChangeReader, ReadChange } from './change/change-reader.js'
import { type ChangeChunk, type ChangeTopic, readChanges } from './change/change-stream.js'
import type { TypedTopic } from './change/topic.js'
import { type Progress, progressBar } from './display/progress.js'
import { ObslabError } from './errors.js'
import type { Table } from './frame/table.js'
import { TableBuilder } from './frame/table-builder.js'
import { parseOptions } from './options.js'
import { type Bounds, boundsShape, rangesOf } from './source/bounds.js'
import type { Source, TopicOffsets } from './source/source.js'

/** Which records a replay reads and what it keeps of them. */
export interface ReplayOptions extends Bounds {
  /** Columns to keep. Key columns and those that mark a row deleted always are. All when left out. */
  columns?: readonly string[]
  /** Bytes the replay may keep; more is a `memory-exceeded` error. Half of what the process may use when left out. */
  memory?: number
  /** Whether a progress bar is drawn: true when left out, and never on what is not a terminal or a notebook. */
  progress?: boolean
  /** Cancels: the replay rejects with a `cancelled` error. */
  signal?: AbortSignal
}

const optionsSchema: z.ZodType<ReplayOptions> = z.strictObject({
  ...boundsShape,
  columns: z.array(z.string()).optional(),
  memory: z.int().positive().optional(),
  progress: z.boolean().optional(),
  signal: z.instanceof(AbortSignal).optional(),
})

/** A topic to replay: its offsets, fixed for all topics in one round, and its definition, if it has one. */
export interface ReplayTopic {
  offsets: TopicOffsets
  definition: TypedTopic<unknown> | null
}

/**
 * Replays topics from their first records, or within bounds, into tables, one for each in the order given. It joins no
 * group and commits nothing.
 */
export async function replayTables(
  source: Source,
  topics: readonly ReplayTopic[],
  options: ReplayOptions = {},
): Promise<Table[]> {
  const {
    columns,
    memory = defaultMemory(),
    progress = true,
    signal,
    ...bounds
  } = parseOptions(optionsSchema, options)
  const asked = await Promise.all(topics.map(topic => changeTopic(source, topic, bounds)))
  const builders = new Map(topics.map(topic => [topic.offsets.topic, tableBuilder(topic, columns)]))
  const bar = progress ? progressBar(topics.map(({ offsets }) => shortName(offsets.topic)).join(', ')) : null
  try {
    await fill(builders, readChanges(source, asked, signal), { bar, memory, bounds, of: offsetsOf(asked) })
  } finally {
    bar?.end()
  }
  return [...builders.values()].map(({ builder }) => builder.finish())
}

interface Filling {
  bar: Progress | null
  memory: number
  bounds: Bounds
  /** Offsets to pass in all. */
  of: number
}

interface Building {
  builder: TableBuilder
  reader: ChangeReader | null
}

async function fill(
  tables: ReadonlyMap<string, Building>,
  chunks: AsyncIterable<ChangeChunk>,
  { bar, memory, bounds, of }: Filling,
): Promise<void> {
  const newest: ReadChange[] = []
  let done = 0
  let left = bounds.limit ?? Number.POSITIVE_INFINITY
  for await (const { topic, changes, reader, offsets } of chunks) {
    const table = tables.get(topic)
    if (table === undefined) continue
    table.reader = reader
    const taken = changes.length > left ? changes.slice(0, left) : changes
    left -= taken.length
    if (bounds.last === undefined) for (const read of taken) append(table.builder, read)
    else newest.push(...taken)
    done += offsets
    bar?.update(done, of)
    checkMemory(tables, memory)
    if (left === 0) break
  }
  if (bounds.last !== undefined) appendNewest(tables, newest, bounds.last)
}

function append(builder: TableBuilder, { change, redelivered }: ReadChange): void {
  builder.append(change, redelivered ? 'redelivered' : 'applied')
}

/** The newest `last` records of each topic by their timestamps, in the order they were read. */
function appendNewest(
  tables: ReadonlyMap<string, Building>,
  read: readonly ReadChange[],
  last: number,
): void {
  for (const [topic, { builder }] of tables) {
    const own = read.filter(({ change }) => change.topic === topic)
    const kept = new Set(own.toSorted((a, b) => a.change.timestamp - b.change.timestamp).slice(-last))
    for (const one of own) if (kept.has(one)) append(builder, one)
  }
}

function checkMemory(tables: ReadonlyMap<string, Building>, memory: number): void {
  let held = 0
  for (const { builder } of tables.values()) held += builder.byteLength
  if (held <= memory) return
  throw new ObslabError(
    'memory-exceeded',
    `This replay was to keep at most ${megabytes(memory)} and already keeps ${megabytes(held)}. Ask for fewer columns ` +
      '(columns: [...]) or records (from, to, last, limit, partitions), or give it more: memory: <bytes>.',
  )
}

function megabytes(bytes: number): string {
  return `${Math.ceil(bytes / 1e6).toLocaleString('en')} MB`
}

async function changeTopic(
  source: Source,
  { offsets, definition }: ReplayTopic,
  bounds: Bounds,
): Promise<ChangeTopic> {
  return { topic: offsets.topic, ranges: await rangesOf(source, offsets, bounds), definition }
}

function tableBuilder(
  { offsets, definition }: ReplayTopic,
  columns: readonly string[] | undefined,
): Building {
  const building: Building = {
    reader: null,
    builder: new TableBuilder({
      topic: offsets.topic,
      definition,
      columns: columns ?? null,
      kindOf: name => building.reader?.columns.find(column => column.name === name)?.kind,
    }),
  }
  return building
}

function offsetsOf(topics: readonly ChangeTopic[]): number {
  return topics.flatMap(({ ranges }) => ranges).reduce((sum, { from, to }) => sum + Math.max(0, to - from), 0)
}

/** Half of what the process may use: of its control group's limit, where there is one, else of the machine's memory. */
function defaultMemory(): number {
  const constrained = process.constrainedMemory()
  return Math.min(constrained > 0 ? constrained : Number.POSITIVE_INFINITY, totalmem()) / 2
}

function shortName(topic: string): string {
  return topic.slice(topic.lastIndexOf('.') + 1)
}
