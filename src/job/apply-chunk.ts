import type { ChangeChunk } from '../change/change-stream.js'
import { ObslabError } from '../errors.js'
import type { Engine } from '../pipeline/engine.js'
import { encodeKey, encodeRow } from '../pipeline/output.js'
import type { OutputRecord } from './sink.js'

/**
 * Runs a chunk of changes through a job's pipeline and gives what its output changes by. What one of its functions throws
 * becomes a `pipeline-failed` error that says where, and repeats no message: that could hold a value of the row.
 */
export function applyChunk(
  engine: Engine,
  job: string,
  { topic, partition, changes }: ChangeChunk,
): OutputRecord[] {
  const applied = changes.filter(({ redelivered }) => !redelivered).map(({ change }) => change)
  try {
    return engine.apply(applied).map(({ key, row }) => ({
      key: encodeKey(key).toString(),
      row: row === null ? null : encodeRow(row).toString(),
    }))
  } catch (cause) {
    if (cause instanceof ObslabError) throw cause
    const [first, last] = [applied[0]?.offset ?? 0, applied.at(-1)?.offset ?? 0]
    throw new ObslabError(
      'pipeline-failed',
      `A function of the pipeline ${job} threw ${nameOf(cause)}${placeOf(cause)} for one of the records ${first} to ${last}. ` +
        'Make it take every row, null columns included.',
      { position: { topic, partition, offset: first }, cause },
    )
  }
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : typeof error
}

/** The file and line that the stack begins with. */
function placeOf(error: unknown): string {
  const frame =
    error instanceof Error ? /\n +at (?:.*\()?(?:file:\/\/)?(.*:\d+:\d+)\)?/.exec(error.stack ?? '') : null
  return frame === null ? '' : ` at ${frame[1]}`
}
