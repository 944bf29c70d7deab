import { openJobState } from '../../src/job/lmdb-state.js'
import type { Cell } from '../../src/pipeline/cell.js'

/** Commits without end, so as to be killed: commit `n` has 200 entries that all say `n`. Prints each commit that is over. */
const state = await openJobState(process.argv[2]!, new Map([['0:from', 'a']]))
const rows = state.store.open<Cell>(
  { operator: '0:from/rows', fingerprint: 'a' },
  { encode: cell => cell, decode: cell => cell },
)
for (let n = (state.kept?.offsets[0]?.next ?? 0) + 1; ; n++) {
  for (let id = 0; id < 200; id++) rows.set((id * 7919) % 1_000, [n, 'x'.repeat(n % 100)])
  await state.commit({
    phase: { name: 'following' },
    offsets: [{ topic: 't', partition: 0, next: n }],
    readers: { t: n },
  })
  process.stdout.write(`${n}\n`)
}
