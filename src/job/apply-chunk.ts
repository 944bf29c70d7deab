import type { ChangeChunk } from '../change/change-stream.js'
import type { Engine } from '../pipeline/engine.js'
import { encodeKey, encodeRow } from '../pipeline/output.js'
import type { OutputRecord } from './sink.js'

/** Runs a chunk of changes through a job's pipeline and gives what its output changes by. */
export function applyChunk(engine: Engine, { changes }: Pick<ChangeChunk, 'changes'>): OutputRecord[] {
  const applied = changes.filter(({ redelivered }) => !redelivered).map(({ change }) => change)
  return engine.apply(applied).map(({ key, row }) => ({
    key: encodeKey(key).toString(),
    row: row === null ? null : encodeRow(row).toString(),
  }))
}
