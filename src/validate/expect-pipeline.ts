import type { Change } from '../change/change.js'
import { rowKey } from '../change/row-key.js'
import { type Clock, systemClock } from '../clock.js'
import { ObslabError } from '../errors.js'
import { foundText } from '../options.js'
import type { CellRow } from '../pipeline/cell.js'
import { Engine } from '../pipeline/engine.js'
import { rowText } from '../pipeline/output.js'
import { type Pipeline, planOf } from '../pipeline/pipeline.js'
import { type FromNode, type Plan, planTopics, renameTopics } from '../pipeline/plan.js'
import { recompute } from '../pipeline/recompute.js'
import type { Source } from '../source/source.js'
import { checkFaults, shrinkInput, shrunkSentence } from './checks.js'
import { CurrentTables, keyOf } from './current-tables.js'
import { type Delivery, deliver, Judge, lanesOf } from './delivery.js'
import { readFixture } from './fixture.js'
import { type GivenTopics, givenChanges } from './given-changes.js'
import { OutputRows } from './output-rows.js'
import { compactOutput } from './parity.js'
import { type Proof, runDelivery } from './run-delivery.js'
import { setAsideFindings } from './set-aside-findings.js'
import { validatePlan } from './validate.js'

/** How {@link ExpectedRecording.toBeValid} runs. */
export interface ToBeValidOptions {
  /** What the random cuts and orders are drawn from. Default 1. */
  seed?: number
  /** Findings that are known and let pass, by their codes: `['not-exercised']`. Errors alone fail anyway. Default none. */
  allow?: readonly string[]
  /** Whether warnings fail as errors do. Default false. */
  strict?: boolean
}

/**
 * Expectations of a pipeline, for a test of any runner: what is not met is an Error whose message says what differs.
 *
 * ```
 * expectPipeline(weights).given({ obs: [{ obs_id: 1, person_id: 7, concept_id: 5089, value_numeric: 80 }] })
 *   .toGive([{ person_id: 7, weight: 80 }])
 * await expectPipeline(weights).over(lab).toBeValid()
 * ```
 */
export function expectPipeline<R extends object>(pipeline: Pipeline<R>): ExpectedPipeline<R> {
  return new ExpectedPipeline<R>(planOf(pipeline))
}

/** What {@link expectPipeline} gives: says what the pipeline is to be run on. */
export class ExpectedPipeline<R extends object> {
  readonly #plan: Plan

  constructor(plan: Plan) {
    this.#plan = plan
  }

  /**
   * Runs it on rows as the test writes them: for each topic, by its name in the pipeline, a list of rows, each of which
   * stands for its create, or of changes, `{ op: 'u', after: { … } }` and `{ op: 'd', key: { … } }`, in the order they come.
   * Columns that are not named are null.
   */
  given(topics: GivenTopics): ExpectedRows<R> {
    const froms = planTopics(this.#plan.root)
    return new ExpectedRows<R>(this.#plan, givenChanges(this.#plan.name, froms, topics))
  }

  /** Runs it on what was recorded: a lab, or the path of a fixture that `saveFixture()` of a validation wrote. */
  over(recorded: { readonly source: Source } | string): ExpectedRecording {
    return new ExpectedRecording(this.#plan, recorded)
  }
}

/** What {@link ExpectedPipeline.given} gives: says what is to come of it. */
export class ExpectedRows<R extends object> {
  readonly #plan: Plan
  readonly #changes: readonly Change[]

  constructor(plan: Plan, changes: readonly Change[]) {
    this.#plan = plan
    this.#changes = changes
  }

  /** The rows it gives, ordered by key, for expectations of another kind. A row that a function fails on is an Error. */
  rows(): R[] {
    const engine = new Engine(this.#plan)
    const output = new OutputRows()
    for (const change of this.#changes) {
      engine.apply([change])
      output.add(engine.flush())
    }
    const failed = setAsideFindings(this.#plan.name, engine.setAside)
    if (failed.length > 0) throw new Error(failed.map(({ sentence }) => sentence).join('\n'))
    return output.sorted().map(({ row }) => row as R)
  }

  /**
   * Expects these rows and no others, in any order, and the same from the final tables at once. A column that a row
   * expected does not name is not looked at.
   */
  toGive(expected: readonly Partial<R>[]): void {
    const actual = this.rows()
    const difference = rowDifference(expected as readonly CellRow[], actual as unknown as readonly CellRow[])
    if (difference !== null) {
      throw new Error(`${this.#plan.name} does not give the rows expected.\n${difference}`)
    }
    const tables = new CurrentTables(planTopics(this.#plan.root))
    for (const change of this.#changes) tables.apply(change)
    const recomputed = new OutputRows()
    recomputed.add(recompute(this.#plan, tables.rows))
    const rows = recomputed.sorted().map(({ row }) => row!)
    const inconsistent = rowDifference(rows, actual as unknown as readonly CellRow[])
    if (inconsistent !== null) {
      throw new Error(
        `${this.#plan.name}, kept up change by change, does not give the rows computed from the final tables.\n${inconsistent}`,
      )
    }
  }

  /**
   * Expects that what it gives does not depend on how the changes come: cut, delivered again, in other orders of the
   * partitions, after a crash, after a snapshot.
   */
  async toBeValid({ seed = 1 }: Pick<ToBeValidOptions, 'seed'> = {}): Promise<void> {
    await requireSound(this.#plan, deliver(this.#changes), seed, systemClock)
  }
}

/** What {@link ExpectedPipeline.over} gives: says what is expected of the run. */
export class ExpectedRecording {
  readonly #plan: Plan
  readonly #recorded: { readonly source: Source } | string

  constructor(plan: Plan, recorded: { readonly source: Source } | string) {
    if (typeof recorded !== 'string' && typeof recorded?.source?.read !== 'function') {
      throw new ObslabError(
        'option-invalid',
        `Expected a lab, as connect() gives it, or the path of a fixture, found ${foundText(recorded)}.`,
      )
    }
    this.#plan = plan
    this.#recorded = recorded
  }

  /** Expects that a validation finds no error: what is found is in the message. */
  async toBeValid(options: ToBeValidOptions = {}): Promise<void> {
    const { seed = 1, allow = [], strict = false } = options
    if (typeof this.#recorded === 'string') {
      await requireSound(this.#plan, await readFixture(this.#recorded), seed, systemClock)
      return
    }
    const validation = await validatePlan(this.#recorded.source, this.#plan, {
      ...{
        seed,
        sample: 50_000,
        golden: 'obslab.golden',
        onError: 'set-aside',
        clock: systemClock,
        shrinkFor: 10_000,
      },
    })
    const failing = validation.findings.filter(
      ({ code, severity }) =>
        !allow.includes(code) && (severity === 'error' || (strict && severity === 'warning')),
    )
    if (failing.length === 0) return
    const told = failing.map(({ severity, sentence, code }) => `${severity}: ${sentence} [${code}]`)
    throw new Error(`${this.#plan.name} is not valid.\n${told.join('\n')}`)
  }
}

/** Throws when a delivery, or its changes in another form, give other rows than a recomputation. */
async function requireSound(given: Plan, delivery: Delivery, seed: number, clock: Clock): Promise<void> {
  const changes = delivery.map(({ change }) => change)
  const names = [...new Set(changes.map(({ topic }) => topic))]
  const plan = renameTopics(
    given,
    topic => names.find(name => name === topic || name.endsWith(`.${topic}`)) ?? topic,
  )
  const topics: readonly FromNode[] = planTopics(plan.root)
  const byName = new Map(topics.map(topic => [topic.topic, topic]))
  const lanes = lanesOf(changes, change => {
    const topic = byName.get(change.topic)
    const key = topic === undefined ? null : keyOf(change, topic)
    return key === null ? null : rowKey(key, topic!.key)
  })
  const proof: Proof = { plan, laneOf: lanes.laneOf, newRunner: () => new Engine(plan) }
  const log = { changes, topics, laneOf: lanes.laneOf }
  const failure = runDelivery(proof, delivery)
  if (failure !== null) {
    const shrunk = shrinkInput(proof, log, 'parity', { delivery, failure }, { clock, shrinkFor: 5_000 })
    throw new Error(
      `${plan.name}, kept up change by change, does not give the rows computed from the final tables. ${shrunkSentence(shrunk)}`,
    )
  }
  const tables = new CurrentTables(topics)
  const judge = new Judge()
  for (const change of changes) if (judge.counts(change)) tables.apply(change)
  const final = compactOutput(recompute(plan, tables.rows))
  const { findings } = await checkFaults(proof, log, { seed, final, clock, shrinkFor: 5_000 })
  if (findings.length > 0) {
    throw new Error(`${plan.name} is not valid.\n${findings.map(({ sentence }) => sentence).join('\n')}`)
  }
}

/** The rows expected and not given, and given and not expected, a line each; null when there is none. */
function rowDifference(expected: readonly CellRow[], actual: readonly CellRow[]): string | null {
  const left = [...actual]
  const missing = expected.filter(row => {
    const at = left.findIndex(one => hasColumns(one, row))
    if (at !== -1) left.splice(at, 1)
    return at === -1
  })
  if (missing.length === 0 && left.length === 0) return null
  const lines = [...missing.map(row => `- ${rowText(row)}`), ...left.map(row => `+ ${rowText(row)}`)]
  return [
    `${missing.length} expected (-) and not given, ${left.length} given (+) and not expected:`,
    ...lines,
  ].join('\n')
}

function hasColumns(row: CellRow, expected: CellRow): boolean {
  const named = Object.keys(expected)
  return named.every(name => name in row) && rowText(picked(row, named)) === rowText(expected)
}

function picked(row: CellRow, names: readonly string[]): CellRow {
  return Object.fromEntries(names.map(name => [name, row[name] ?? null]))
}
