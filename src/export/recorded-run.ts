import type { Change } from '../change/change.js'
import type { ColumnType } from '../change/column-type.js'
import { columnsNeeded } from '../pipeline/columns-needed.js'
import { Engine } from '../pipeline/engine.js'
import { type Plan, planTopics } from '../pipeline/plan.js'
import { bindPlan } from '../pipeline/plan-changes.js'
import type { OperatorProfile } from '../pipeline/profile.js'
import type { Source, TopicOffsets } from '../source/source.js'
import { KeptChanges } from '../validate/kept-changes.js'
import { OutputRows } from '../validate/output-rows.js'
import { type CompactedOutput, compactOutput } from '../validate/parity.js'

/** What a run of a plan over all records of a source gave. */
export interface RecordedRun {
  /** The plan as it was run, its topics by the names they have in the source. */
  plan: Plan
  /** The topics it read, in the order in which the plan names them. */
  inputs: readonly TopicOffsets[]
  /** The columns of each topic, by its name in the source, in the order of the table. */
  columns: ReadonlyMap<string, readonly ColumnType[]>
  /** Changes it read. */
  changes: number
  /** Those of them that count, with the columns that the plan may read alone: all, or the first and last ones. */
  kept: readonly Change[]
  /** What a preview shows, as it would be written. */
  output: CompactedOutput
  /** What each operator remembers at the end. */
  operators: readonly OperatorProfile[]
}

/** Changes kept at most, to choose a fixture from. */
const keptChanges = 50_000

/** Time is not what is measured. */
const noClock = { now: (): number => 0 }

/** Runs a plan over everything that a source has. */
export async function recordedRun(source: Source, given: Plan, signal?: AbortSignal): Promise<RecordedRun> {
  const { plan, inputs, changes } = await bindPlan(source, given, { signal })
  const engine = new Engine(plan, { profile: noClock })
  const output = new OutputRows()
  const kept = new KeptChanges({ inputs, columns: columnsNeeded(plan), limit: keptChanges })
  const columns = new Map<string, readonly ColumnType[]>()
  let read = 0
  for await (const chunk of changes) {
    read += chunk.changes.length
    columns.set(chunk.topic, chunk.reader.columns)
    const applied = chunk.changes.filter(({ redelivered }) => !redelivered).map(({ change }) => change)
    for (const change of applied) kept.add(change)
    engine.apply(applied)
    output.add(engine.flush())
  }
  engine.caughtUp()
  output.add(engine.flush())
  return {
    plan,
    inputs,
    columns: new Map(planTopics(plan.root).map(({ topic }) => [topic, columns.get(topic) ?? []])),
    changes: read,
    kept: kept.changes,
    output: compactOutput(output.rows()),
    operators: engine.profile(),
  }
}
