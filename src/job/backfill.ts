import { ObslabError } from '../errors.js'
import type { Engine } from '../pipeline/engine.js'
import type { BoundPlan } from '../pipeline/plan-changes.js'
import { batchesOf } from './batches.js'
import { difference } from './difference.js'
import type { JobContext } from './job-context.js'
import type { Phase } from './job-state.js'
import type { InputOffset, SinkProgress } from './sink.js'
import type { Work } from './work.js'
import { writeBatch } from './write-batch.js'

/** Bytes of rows that are written together while an output is brought to where the inputs are. */
const batchBytes = 4 * 1024 * 1024
/** How often the state is kept while the inputs are read, in changes and in milliseconds. */
const keepEvery = { changes: 500_000, ms: 5_000 }

/** What {@link readTo} reads. */
export interface Stretch {
  bound: BoundPlan
  /** Where it ends. All partitions get there before any is read on. */
  to: readonly InputOffset[]
  /** Whether the inputs are read for the first time, and not what the output follows from already. */
  isBackfill: boolean
  /** Whether the output is to be compared once the end is reached. */
  emits: boolean
}

/**
 * Takes what is between the state and the output, or everything for the first time, and writes no row of it. False when
 * the job is to drain; what was taken for the first time is kept.
 */
export async function readTo(context: JobContext, work: Work, stretch: Stretch): Promise<boolean> {
  const { bound, to, isBackfill, emits } = stretch
  const { clock, log, observer, counts, signal } = context
  const begun = clock.now()
  if (isBackfill) observer.stage?.('backfilling')
  work.reads(bound)
  const keepOn = async (): Promise<void> => await settle(context, work, { name: 'backfilling', until: to })
  try {
    for await (const chunk of bound.changes) {
      work.take(chunk)
      if (isBackfill && isDue(work)) await keepOn()
    }
  } catch (error) {
    if (!isCancelled(error, signal)) throw error
    if (isBackfill) await keepOn()
    return false
  }
  work.reached(to)
  if (isBackfill) work.engine.caughtUp()
  const { changes, quarantined } = counts
  log.info('read to the end', { changes, quarantined, ms: clock.now() - begun })
  if (isBackfill) await settle(context, work, { name: 'emitting' })
  else {
    work.flush()
    await work.keep({ name: emits ? 'emitting' : 'following' })
  }
  return true
}

/**
 * Keeps the state while rows are still held back. What could not be decoded is not in it, so its letters go first. The
 * letters of a job without a state are written with its rows.
 */
async function settle(context: JobContext, work: Work, phase: Phase): Promise<void> {
  const { changes, letters, deadLetters } = work.flush()
  context.rate.take(changes, letters)
  if (!work.isDurable) return
  const written = deadLetters.filter(({ letter }) => letter !== null)
  if (written.length > 0) await writeBatch(context, { records: [], deadLetters: written, progress: null })
  await work.keep(phase)
  context.rate.check(work.plan.name)
}

/** Whether a failure is that reading was cancelled because the job is to drain. */
export function isCancelled(error: unknown, signal: AbortSignal): boolean {
  return signal.aborted && error instanceof ObslabError && error.code === 'cancelled'
}

/**
 * Brings the output to where the inputs were taken to: where it may hold something else than it should it is compared, and
 * the difference written in the order of the keys. After a crash the comparison finds what is left. False when the job is
 * to drain.
 */
export async function emit(context: JobContext, work: Work, emits: boolean): Promise<boolean> {
  const { clock, log, observer, counts, rate } = context
  const begun = clock.now()
  if (emits) {
    observer.stage?.('emitting')
    if (!(await writeDifference(context, work))) return false
    await work.keep({ name: 'following' })
    rate.check(work.plan.name)
  } else work.oversized.within(work.engine.output)
  const { upserts, tombstones, unchanged } = counts
  log.info('the output is up to date', { upserts, tombstones, unchanged, ms: clock.now() - begun })
  return true
}

async function writeDifference(context: JobContext, work: Work): Promise<boolean> {
  const { sink, signal, counts } = context
  const { engine, letters, oversized } = work
  const held = await sink.held()
  const wanted = oversized.within(engine.output)
  const { records, unchanged } = difference({ held: held.rows, wanted, ownKey: ownKey(engine) })
  counts.unchanged = unchanged
  const owed = letters.difference(held.deadLetters, engine.setAside, work.from, oversized.list())
  const offsets = work.offsets
  let left = records.length
  let deadLetters = owed
  const progress = (whole: boolean): SinkProgress => ({ offsets, whole: whole && work.isDurable })
  for (const batch of batchesOf(records, batchBytes)) {
    if (signal.aborted) return false
    left -= batch.length
    await writeBatch(context, { records: batch, deadLetters, progress: progress(left === 0) })
    deadLetters = []
  }
  if (records.length === 0) await writeBatch(context, { records: [], deadLetters, progress: progress(true) })
  return true
}

function isDue(work: Work): boolean {
  const { changes, ms } = work.unkept
  return work.isDurable && (changes >= keepEvery.changes || ms >= keepEvery.ms)
}

/** A key of the columns that the job's keys have; null when it never computed one. */
function ownKey({ keyColumns }: Engine): string | null {
  return keyColumns === null
    ? null
    : JSON.stringify(Object.fromEntries(keyColumns.map(column => [column, 0])))
}
