import type { ChangeChunk } from '../change/change-stream.js'
import type { Source } from '../source/source.js'
import { offsetsOf } from './input-offsets.js'
import type { JobContext } from './job-context.js'
import type { ReadAhead } from './read-ahead.js'
import type { Work } from './work.js'
import { acknowledged } from './write-batch.js'

/** What is taken into one batch at most: bytes of the inputs, and milliseconds. */
const most = { bytes: 8 * 1024 * 1024, ms: 10_000 }
/**
 * How long the state may be behind the output, milliseconds, and in changes. What it lacks is read again after a crash;
 * keeping it with every batch would cost each a wait for the disk.
 */
const behind = { ms: 1_000, changes: 100_000 }
/** How often the ends of the inputs are looked at for who watches, milliseconds. */
const endsEvery = 5_000

/** What {@link follow} reads. */
export interface Following {
  changes: AsyncIterable<ChangeChunk>
  /** What the changes are read through, where they may be waited for; null where all are there. */
  ahead: ReadAhead | null
  source: Source
}

/**
 * Keeps an output up to date that holds what follows from everything before: takes the changes at hand and writes what
 * follows from them with how far that is, together; the state is kept after that, never before. It ends when the changes
 * do, with the batch in hand written.
 */
export async function follow(context: JobContext, work: Work, following: Following): Promise<void> {
  const { observer, rate } = context
  const watching = new AbortController()
  // Where it is, though no record has come yet: so who watches knows the lag from the start.
  for (const offset of work.offsets)
    observer.read?.({ ...offset, records: 0, changes: 0, redelivered: 0, quarantined: 0, times: null })
  observer.stage?.('following')
  void watchEnds(context, work, following.source, watching.signal)
  try {
    for await (const chunks of batches(context, work, following)) {
      for (const chunk of chunks) work.take(chunk)
      const { records, deadLetters, changes, letters } = work.flush()
      const progress = { offsets: work.offsets, whole: work.isDurable }
      const tell = await acknowledged(context, { records, deadLetters, progress })
      rate.take(changes, letters)
      tell(isDue(work) ? await work.keep({ name: 'following' }) : 0)
      rate.check(work.plan.name)
    }
    if (work.isBehind) await work.keep({ name: 'following' })
  } finally {
    watching.abort()
  }
}

/** The changes at hand, again and again. The state is kept while there are none. */
async function* batches(
  context: JobContext,
  work: Work,
  { changes, ahead }: Following,
): AsyncGenerator<ChangeChunk[]> {
  const { clock, signal } = context
  const iterator = changes[Symbol.asyncIterator]()
  try {
    for (;;) {
      if (ahead !== null && work.isBehind) await keepWhileWaiting(context, work, ahead)
      const first = await iterator.next()
      if (first.done || (ahead !== null && signal.aborted)) return
      const chunks = [first.value]
      const [bytes, begun] = [ahead?.takenBytes ?? 0, clock.now()]
      // What is at hand by now is taken along, and not what comes meanwhile: where records come as fast as they are decoded
      // that would have no end. Nothing is decoded beyond a batch, for the state knows the readers as they are after it.
      let left = ahead?.atHand ?? 0
      while (
        ahead !== null &&
        left-- > 0 &&
        ahead.takenBytes - bytes < most.bytes &&
        clock.now() - begun < most.ms
      ) {
        const next = await iterator.next()
        if (next.done) break
        chunks.push(next.value)
      }
      yield chunks
    }
  } finally {
    await iterator.return?.()
  }
}

async function keepWhileWaiting({ clock }: JobContext, work: Work, ahead: ReadAhead): Promise<void> {
  const waiting = new AbortController()
  const isReady = ahead.ready().then(() => true)
  const isDue = clock.sleep(behind.ms - work.unkept.ms, waiting.signal).then(
    () => false,
    () => true,
  )
  const came = await Promise.race([isReady, isDue])
  waiting.abort()
  if (!came) await work.keep({ name: 'following' })
}

function isDue(work: Work): boolean {
  const { ms, changes } = work.unkept
  return work.isBehind && (ms >= behind.ms || changes >= behind.changes)
}

async function watchEnds(
  { observer, clock }: JobContext,
  { offsets }: Work,
  source: Source,
  signal: AbortSignal,
): Promise<void> {
  if (observer.ends === undefined) return
  const names = [...new Set(offsets.map(({ topic }) => topic))]
  while (!signal.aborted) {
    // Where the source fails, whoever reads it tells.
    const topics = await source.topics(names).catch(() => null)
    if (topics !== null && !signal.aborted) observer.ends(offsetsOf(topics, ({ stable }) => stable))
    await clock.sleep(endsEvery, signal).catch(() => {})
  }
}
