import type { JobContext } from './job-context.js'
import type { SinkBatch } from './sink.js'

/** Tells who watches of a batch that is in the output, once the state was kept too; with the milliseconds that took. */
export type TellCommitted = (stateMs: number) => void

/** Writes a batch that no state follows on. */
export async function writeBatch(context: JobContext, batch: SinkBatch): Promise<void> {
  const tell = await acknowledged(context, batch)
  tell(0)
}

/** Writes a batch and counts what is in it once it is acknowledged. */
export async function acknowledged(context: JobContext, batch: SinkBatch): Promise<TellCommitted> {
  const { sink, clock, counts, observer, backoff } = context
  const begun = clock.now()
  await sink.write(batch)
  const at = clock.now()
  backoff.progressed()
  const upserts = batch.records.reduce((sum, { row }) => sum + (row === null ? 0 : 1), 0)
  const tombstones = batch.records.length - upserts
  const deadLetters = batch.deadLetters.reduce((sum, { letter }) => sum + (letter === null ? 0 : 1), 0)
  counts.upserts += upserts
  counts.tombstones += tombstones
  counts.deadLetters += deadLetters
  const offsets = batch.progress?.offsets ?? []
  const sinkMs = at - begun
  return stateMs => observer.committed?.({ upserts, tombstones, deadLetters, offsets, sinkMs, stateMs, at })
}
