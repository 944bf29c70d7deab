import type { Finding } from '../finding.js'
import { keyText, rowText, type Upsert } from '../pipeline/output.js'

/** The output of a pipeline as its topic would hold it after compaction: encoded key to encoded row. */
export type CompactedOutput = ReadonlyMap<string, string>

/** What parity compares: the output kept up change by change, and the one computed from the final tables. */
export interface ParityInput {
  pipeline: string
  incremental: CompactedOutput
  recomputed: CompactedOutput
  /** Whether keys may be named: not when they may tell something of a sensitive column. */
  namesKeys: boolean
}

/** What remains of upserts when each key keeps its last one and tombstones take theirs away. */
export function compactOutput(upserts: Iterable<Upsert>): CompactedOutput {
  const output = new Map<string, string>()
  for (const { key, row } of upserts) {
    if (row === null) output.delete(keyText(key))
    else output.set(keyText(key), rowText(row))
  }
  return output
}

/**
 * Whether the incremental output is byte for byte the recomputed one. No finding when it is; otherwise an error that
 * counts the keys that are missing, too many or different and, where it may, names up to three of each.
 */
export function parity({ pipeline, incremental, recomputed, namesKeys }: ParityInput): Finding[] {
  const missing = [...recomputed.keys()].filter(key => !incremental.has(key))
  const extra = [...incremental.keys()].filter(key => !recomputed.has(key))
  const different = [...recomputed]
    .filter(([key, row]) => (incremental.get(key) ?? row) !== row)
    .map(([key]) => key)
  if (missing.length + extra.length + different.length === 0) return []
  const told = Object.entries({ missing, 'too many': extra, different })
    .filter(([, keys]) => keys.length > 0)
    .map(([what, keys]) => `${keys.length} ${what}${namesKeys ? ` (${firstOf(keys)})` : ''}`)
  return [
    {
      code: 'parity-broken',
      severity: 'error',
      sentence:
        `${pipeline}: of ${recomputed.size} rows computed from the final tables the incremental result has ` +
        `${told.join(', ')}. A function of the pipeline does not depend on its row alone.`,
    },
  ]
}

function firstOf(keys: readonly string[]): string {
  return keys.slice(0, 3).join(', ') + (keys.length > 3 ? ', …' : '')
}
