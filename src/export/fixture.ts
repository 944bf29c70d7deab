import type { Change, RowChange } from '../change/change.js'
import { readChange, writtenChange } from '../change/change-line.js'
import { rowKey } from '../change/row-key.js'
import { isDeleted } from '../change/topic.js'
import { ValueMask } from '../change/value-mask.js'
import type { Finding } from '../finding.js'
import { outputOf } from '../job/output-of.js'
import { type Cell, type CellRow, isValue } from '../pipeline/cell.js'
import { Engine } from '../pipeline/engine.js'
import { type Pipeline, planOf } from '../pipeline/pipeline.js'
import { type FromNode, type Plan, planTopics } from '../pipeline/plan.js'
import { coverage } from '../validate/coverage.js'
import { keyOf } from '../validate/current-tables.js'
import { fewestChanges } from './fewest-changes.js'
import type { RecordedRun } from './recorded-run.js'

/** The recorded changes that a job's test runs, and what comes of them. */
export interface Fixture {
  /** A line of JSON for each change, sensitive values masked. */
  changes: string
  /** A line of JSON for each row. */
  expected: string
  /** How many changes and rows there are. */
  counts: { changes: number; rows: number }
  findings: readonly Finding[]
}

/**
 * Of the recorded changes the fewest that still take every branch of the pipeline which the recording takes, with every
 * kind of change there is, and give every column of the output a value; and the output that follows from them. They are
 * looked for among changes whose sensitive values are masked already.
 */
export function fixtureOf(pipeline: Pipeline<object>, run: RecordedRun): Fixture {
  const plan = planOf(pipeline)
  const usable = run.kept.filter(({ kind }) => kind === 'row' || kind === 'tombstone')
  const mask = new ValueMask(planTopics(plan.root))
  const masked = writable(plan, run, usable, mask)
  const exercise = new Exercise(plan)
  const wanted = exercise.of(masked)
  const lost = mask.size === 0 ? 0 : new Exercise(run.plan).of(usable).size - wanted.size
  const byName = new Map(planTopics(plan.root).map(topic => [topic.topic, topic]))
  const chosen = fewestChanges(masked, {
    exercise: part => exercise.of(part),
    wanted,
    rowOf: change => rowOf(change, byName.get(change.topic)!),
  })
  const changes = chosen.map(change => `${lineOf(change)}\n`).join('')
  const expected = outputOf(pipeline, changes)
  return {
    changes,
    expected,
    counts: { changes: chosen.length, rows: expected.split('\n').length - 1 },
    findings: findingsOf(plan, chosen.length, lost),
  }
}

/**
 * The changes as they are written: of the topics as the pipeline names them, masked, without their places in the
 * database's log, which no change on its own needs.
 */
function writable(plan: Plan, run: RecordedRun, changes: readonly Change[], mask: ValueMask): Change[] {
  const topics = planTopics(plan.root)
  const named = new Map(planTopics(run.plan.root).map(({ topic }, i) => [topic, topics[i]!.topic]))
  return changes.map(change => {
    const { source: _, ...written } = writtenChange(
      { ...change, topic: named.get(change.topic)! },
      (topic, row) => mask.row(topic, row),
    )
    return { ...readChange(written), timestamp: change.timestamp }
  })
}

function lineOf(change: Change): string {
  const { source: _, ...written } = writtenChange(change, (_topic, row) => row)
  return JSON.stringify(written)
}

function rowOf(change: Change, topic: FromNode): string {
  const key = keyOf(change, topic)
  return `${change.topic}:${key === null ? '' : rowKey(key, topic.key)}`
}

/** Changes up to which the output is looked at after each; of more, after every 20th. */
const lookedAtEach = 200

/** What changes make a pipeline do: the branches they take, and what becomes of its rows. */
class Exercise {
  readonly #plan: Plan
  readonly #topics: ReadonlyMap<string, FromNode & { place: number }>
  readonly #branches: readonly string[]

  constructor(plan: Plan) {
    this.#plan = plan
    this.#topics = new Map(planTopics(plan.root).map((topic, place) => [topic.topic, { ...topic, place }]))
    this.#branches = lackingBranches(plan, [])
  }

  /** Each in a word or a sentence. */
  of(changes: readonly Change[]): Set<string> {
    const seen = new Set<string>()
    const engine = new Engine(this.#plan)
    const held = new Set<string>()
    const step = changes.length > lookedAtEach ? 20 : 1
    for (let i = 0; i < changes.length; i += step) {
      const some = changes.slice(i, i + step)
      for (const change of some) if (change.kind === 'row') seen.add(this.#kindOf(change))
      engine.apply(some)
      for (const { keyText, row } of engine.flush()) {
        seen.add(row === null ? 'row gone' : held.has(keyText) ? 'row changed' : 'row added')
        if (row === null) held.delete(keyText)
        else held.add(keyText)
        if (row !== null) noteColumns(row, '', seen)
      }
    }
    const lacking = new Set(lackingBranches(this.#plan, changes))
    for (const branch of this.#branches) if (!lacking.has(branch)) seen.add(branch)
    return seen
  }

  #kindOf({ topic, op, after }: RowChange): string {
    const { place, deleted } = this.#topics.get(topic)!
    return `${place} ${op}${after !== null && isDeleted({ deleted }, after) ? ' deleted' : ''}`
  }
}

/** Notes the columns that have a value, those of collected rows too. */
function noteColumns(cell: Cell, path: string, seen: Set<string>): void {
  if (cell === null) return
  if (path !== '') seen.add(`column ${path}`)
  if (isValue(cell)) return
  if (Array.isArray(cell)) for (const one of cell) noteColumns(one, path, seen)
  else for (const [name, one] of Object.entries(cell as CellRow)) noteColumns(one, `${path}.${name}`, seen)
}

function lackingBranches(plan: Plan, changes: readonly Change[]): string[] {
  return coverage(plan, changes).findings.map(({ sentence }) => sentence)
}

function findingsOf({ name }: Plan, changes: number, lost: number): Finding[] {
  if (changes === 0) {
    const sentence =
      `${name}: its topics hold no change, so that the test of the job has nothing to run. ` +
      'Export it from a recording with rows.'
    return [{ code: 'fixture-empty', severity: 'warning', sentence }]
  }
  const held: Finding = {
    code: 'fixture-values',
    severity: 'information',
    sentence:
      `${name}: test/fixture.jsonl holds ${changes} recorded changes. Values of sensitive columns are masked; ids, codes ` +
      'and measurements are as they were recorded. Look at it before it goes where others can read it.',
  }
  if (lost === 0) return [held]
  const sentence =
    `${name}: with its sensitive values masked the recording takes ${lost} ${lost === 1 ? 'branch' : 'branches'} of the ` +
    'pipeline less, and so does the fixture. What depends on such a value is not tested.'
  return [held, { code: 'fixture-masked', severity: 'information', sentence }]
}
