import { totalmem } from 'node:os'
import { z } from 'zod'
import type { ChangeReader, ReadChange } from './change/change-reader.js'
import { type ChangeChunk, type ChangeTopic, readChanges } from './change/change-stream.js'
import type { TypedTopic } from './change/topic.js'
import { type Progress, progressBar } from './display/progress.js'
import { ObslabError } from './errors.js'
import type { Table } from './frame/table.js'
import { TableBuilder } from './frame/table-builder.js'
import type { TopicRead } from './frame/table-findings.js'
import { parseOptions, positiveInt } from './options.js'
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
  memory: positiveInt.optional(),
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
  const asked = await changeTopics(source, topics, bounds)
  const buildings = topics.map((topic, i) => tableBuilder(topic, asked[i]!, columns, bounds))
  const bar = progress ? progressBar(topics.map(({ offsets }) => shortName(offsets.topic)).join(', ')) : null
  const filling = { bar, memory, bounds, of: offsetsOf(asked), done: 0, all: buildings }
  try {
    for (const round of rounds(buildings)) {
      const read = [...round.values()].map(building => building.asked)
      await fill(round, readChanges(source, read, signal), filling)
    }
  } finally {
    bar?.end()
  }
  return buildings.map(({ builder }) => builder.finish())
}

/** Buildings of one topic are read one after the other, as each may have a definition of its own. */
function rounds(buildings: readonly Building[]): Map<string, Building>[] {
  const found: Map<string, Building>[] = []
  for (const building of buildings) {
    const { topic } = building.asked
    let round = found.find(tables => !tables.has(topic))
    if (round === undefined) {
      round = new Map()
      found.push(round)
    }
    round.set(topic, building)
  }
  return found
}

/** A time that one of several topics has not reached is its end; one that none has reached is an error. */
async function changeTopics(
  source: Source,
  topics: readonly ReplayTopic[],
  bounds: Bounds,
): Promise<ChangeTopic[]> {
  const ask = (late: boolean): Promise<ChangeTopic[]> =>
    Promise.all(
      topics.map(async ({ offsets, definition }) => ({
        topic: offsets.topic,
        ranges: await rangesOf(source, offsets, bounds, { late }),
        definition,
      })),
    )
  const asked = await ask(topics.length > 1)
  return topics.length > 1 && offsetsOf(asked) === 0 ? await ask(false) : asked
}

interface Filling {
  bar: Progress | null
  memory: number
  bounds: Bounds
  /** Offsets to pass in all, and those passed. */
  of: number
  done: number
  /** Every table of the replay: what it keeps counts together. */
  all: readonly Building[]
}

interface Building {
  asked: ChangeTopic
  builder: TableBuilder
  reader: ChangeReader | null
}

async function fill(
  tables: ReadonlyMap<string, Building>,
  chunks: AsyncIterable<ChangeChunk>,
  filling: Filling,
): Promise<void> {
  const { bar, memory, bounds, of, all } = filling
  const newest: ReadChange[] = []
  let left = bounds.limit ?? Number.POSITIVE_INFINITY
  for await (const { topic, changes, reader, offsets } of chunks) {
    const table = tables.get(topic)
    if (table === undefined) continue
    table.reader = reader
    const taken = changes.length > left ? changes.slice(0, left) : changes
    left -= taken.length
    if (bounds.last === undefined) for (const read of taken) append(table.builder, read)
    else newest.push(...taken)
    filling.done += offsets
    bar?.update(filling.done, of)
    checkMemory(all, memory)
    if (left === 0) break
  }
  if (bounds.last !== undefined) appendNewest(tables, newest, bounds.last)
}

function append(builder: TableBuilder, { change, redelivered, columns }: ReadChange): void {
  builder.append(change, redelivered ? 'redelivered' : 'applied', columns)
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

function checkMemory(tables: readonly Building[], memory: number): void {
  let held = 0
  for (const { builder } of tables) held += builder.byteLength
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

function tableBuilder(
  { offsets, definition }: ReplayTopic,
  asked: ChangeTopic,
  columns: readonly string[] | undefined,
  bounds: Bounds,
): Building {
  const building: Building = {
    asked,
    reader: null,
    builder: new TableBuilder({
      topic: offsets.topic,
      definition,
      columns: columns ?? null,
      kindOf: name => building.reader?.columns.find(column => column.name === name)?.kind,
      read: topicRead(offsets, asked.ranges, bounds),
      findings: () => building.reader?.topicFindings,
    }),
  }
  return building
}

function topicRead(
  { partitions, cleanupPolicy }: TopicOffsets,
  ranges: ChangeTopic['ranges'],
  { to, last, limit, partitions: some }: Bounds,
): TopicRead {
  const starts = new Map(partitions.map(({ partition, start }) => [partition, start]))
  return {
    partitions: ranges.map(({ partition, from, to }) => ({
      partition,
      start: starts.get(partition) ?? from,
      from,
      to,
    })),
    whole: [to, last, limit, some].every(bound => bound === undefined),
    compacted: cleanupPolicy.includes('compact'),
  }
}

function offsetsOf(topics: readonly ChangeTopic[]): number {
  return topics.flatMap(({ ranges }) => ranges).reduce((sum, { from, to }) => sum + Math.max(0, to - from), 0)
}

/** Half of what the process may use: of its control group's limit, where there is one, else of the machine's memory. */
export function defaultMemory(): number {
  const constrained = process.constrainedMemory()
  return Math.min(constrained > 0 ? constrained : Number.POSITIVE_INFINITY, totalmem()) / 2
}

function shortName(topic: string): string {
  return topic.slice(topic.lastIndexOf('.') + 1)
}
