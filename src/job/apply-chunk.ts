import type { ChangeChunk } from '../change/change-stream.js'
import type { Engine } from '../pipeline/engine.js'
import type { OutputRecord } from './sink.js'

/** Takes a chunk of changes into a job's pipeline. */
export function applyChunk(engine: Engine, { changes }: Pick<ChangeChunk, 'changes'>): void {
  engine.apply(changes.filter(({ redelivered }) => !redelivered).map(({ change }) => change))
}

/** What the output of a job's pipeline changes by since the last call. */
export function takeRecords(engine: Engine): OutputRecord[] {
  return engine.flush().map(({ keyText, rowText }) => ({ key: keyText, row: rowText }))
}
