import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Change } from '../../src/change/change.js'
import { Engine } from '../../src/pipeline/engine.js'
import { keyText, rowText } from '../../src/pipeline/output.js'
import { recompute } from '../../src/pipeline/recompute.js'
import { IvmPipeline } from './db-ivm.js'
import { legalChanges, PlainTables } from './legal-changes.js'
import { randomPipeline, verbsOf } from './random-pipelines.js'

const numRuns = Number(process.env.OBSLAB_RANDOM_CASES ?? 400)

function sorted(output: ReadonlyMap<string, string>): string[] {
  return Array.from(output, ([key, row]) => `${key} ${row}`).sort()
}

test(
  'whatever the pipeline and the changes, differential dataflow gives what the engine and a recomputation give',
  () => {
    fc.assert(
      fc.property(randomPipeline, legalChanges(), ({ plan }, log) => {
        const engine = new Engine(plan)
        const ivm = new IvmPipeline(plan)
        const tables = new PlainTables()
        let batch: Change[] = []
        for (const { change, cut } of [...log, { change: null, cut: true }]) {
          if (change !== null) {
            batch.push(change)
            tables.apply(change)
          }
          if (!cut) continue
          engine.apply(batch)
          engine.flush()
          ivm.apply(batch)
          batch = []
          const given = sorted(ivm.written())
          expect(given, verbsOf(plan.root)).toEqual(sorted(engine.output))
          const rows = recompute(plan, topic => tables.rows(topic))
          expect(given).toEqual(sorted(new Map(rows.map(({ key, row }) => [keyText(key), rowText(row!)]))))
        }
      }),
      { numRuns },
    )
  },
  30_000 + numRuns * 50,
)
