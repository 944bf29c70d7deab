import { applyChunk, takeRecords } from '../../src/job/apply-chunk.js'
import type { Log, LogFields } from '../../src/job/log.js'
import { openmrs } from '../../src/openmrs/openmrs.js'
import { count, last } from '../../src/pipeline/aggregate.js'
import { Engine } from '../../src/pipeline/engine.js'
import { type Pipeline, pipeline } from '../../src/pipeline/pipeline.js'
import type { Plan } from '../../src/pipeline/plan.js'
import { bindPlan } from '../../src/pipeline/plan-changes.js'
import type { Source } from '../../src/source/source.js'
import { GrowingSource } from '../source/growing-source.js'
import { MemorySink } from './memory-sink.js'

/** Every third visit only while it is under way, so that rows vanish again. */
export const visits: Pipeline<{ visit_id: number; visits: number; stopped: number | null }> = pipeline(
  'visits',
)
  .from(openmrs.visit)
  .filter(visit => visit.visit_id % 3 !== 0 || visit.date_stopped === null)
  .groupBy(visit => ({ visit_id: visit.visit_id }))
  .aggregate({
    visits: count(),
    stopped: last(visit => visit.date_stopped, { by: visit => visit.date_started }),
  })
  .to('visits')

/** Says nothing. */
export const silent: Log = { info: () => {}, warn: () => {}, error: () => {} }

/** A line of a {@link LogLines}. */
export interface LogLine extends LogFields {
  level: string
  message: string
}

/** Keeps what was logged. */
export class LogLines implements Log {
  readonly lines: LogLine[] = []
  info = (message: string, fields: LogFields = {}): void => this.#add('info', message, fields)
  warn = (message: string, fields: LogFields = {}): void => this.#add('warn', message, fields)
  error = (message: string, fields: LogFields = {}): void => this.#add('error', message, fields)

  /** The lines of a message. */
  of(message: string): LogLine[] {
    return this.lines.filter(line => line.message === message)
  }

  #add(level: string, message: string, fields: LogFields): void {
    this.lines.push({ level, message, ...fields })
  }
}

/** What a map of rows holds, in an order that does not depend on when it was written. */
export function sorted(rows: Iterable<[string, string]>): [string, string][] {
  return [...rows].sort()
}

/** A source whose partitions of a table end after a share of their records at first, or where a job had got to before. */
export function growing(source: Source, share: number, sink: MemorySink = new MemorySink()): Source {
  const { committed } = sink
  return new GrowingSource(source, (topic, { partition, start, stable }) => {
    if (!topic.endsWith('.visit')) return stable
    return Math.max(start + Math.floor((stable - start) * share), committed.get(`${topic}:${partition}`) ?? 0)
  })
}

/** What the output of a pipeline is in the end, and every row that a key has when it is looked at after each change. */
export interface Expected {
  final: [string, string][]
  ever: ReadonlyMap<string, ReadonlySet<string>>
}

/** What is expected of a pipeline's output. */
export async function expectedOf(source: Source, plan: Plan): Promise<Expected> {
  const ever = new Map<string, Set<string>>()
  const bound = await bindPlan(source, plan)
  const engine = new Engine(bound.plan)
  const take = (): void => {
    for (const { key, row } of takeRecords(engine))
      if (row !== null) ever.set(key, (ever.get(key) ?? new Set()).add(row))
  }
  for await (const { changes } of bound.changes) {
    for (const one of changes) {
      applyChunk(engine, { changes: [one] })
      take()
    }
  }
  engine.caughtUp()
  take()
  return { final: sorted(engine.output), ever }
}
