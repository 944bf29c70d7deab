import { setImmediate as nextTurn } from 'node:timers/promises'
import type { ChangeReader } from '../change/change-reader.js'
import type { ChangeChunk } from '../change/change-stream.js'
import type { Row } from '../change/column-type.js'
import { rowKey } from '../change/row-key.js'
import type { Clock } from '../clock.js'
import { ObslabError } from '../errors.js'
import type { Finding } from '../finding.js'
import { groupDigits } from '../frame/format.js'
import type { Frame } from '../frame/frame.js'
import type { Table } from '../frame/table.js'
import { TableBuilder } from '../frame/table-builder.js'
import { checkFunctions } from '../pipeline/check-functions.js'
import { columnsNeeded } from '../pipeline/columns-needed.js'
import type { ColumnsRead } from '../pipeline/columns-read.js'
import { Engine } from '../pipeline/engine.js'
import type { ParamValues } from '../pipeline/param.js'
import { type FromNode, type Plan, planTopics } from '../pipeline/plan.js'
import { type BoundPlan, bindPlan } from '../pipeline/plan-changes.js'
import { recompute } from '../pipeline/recompute.js'
import { sensitiveColumns } from '../pipeline/sensitivity.js'
import type { OnError } from '../pipeline/set-aside.js'
import type { Source } from '../source/source.js'
import {
  type CheckReport,
  checkFaults,
  type FaultResult,
  faultCases,
  type ShrunkInput,
  shrinkInput,
  shrunkSentence,
} from './checks.js'
import { coverage } from './coverage.js'
import { CurrentTables, keyOf } from './current-tables.js'
import { deliver, Judge, lanesOf } from './delivery.js'
import { duckdbOutput } from './duckdb-parity.js'
import type { RecordedLog } from './faults.js'
import { deliveryOf, fixtureText, writeFixture } from './fixture.js'
import {
  compareGolden,
  type GoldenDifference,
  type GoldenOutput,
  goldenFindings,
  writeGolden,
} from './golden.js'
import { inputFindings } from './input-findings.js'
import { KeptChanges } from './kept-changes.js'
import { OutputRows } from './output-rows.js'
import { type CompactedOutput, compactOutput, parity } from './parity.js'
import { type Proof, runDelivery, sameOutput } from './run-delivery.js'
import { SchemaWatch } from './schema-watch.js'
import { setAsideFindings } from './set-aside-findings.js'
import { Validation } from './validation.js'

/** How {@link validatePlan} runs. */
export interface ValidationRunOptions {
  signal?: AbortSignal | undefined
  seed: number
  /** What becomes of a row that a function fails on. */
  onError: OnError
  /** Values of params in place of their defaults. */
  params?: ParamValues | undefined
  /** Changes kept at most for the checks that run them in other ways. */
  sample: number
  /** The folder of accepted outputs. */
  golden: string
  clock: Clock
  /** Milliseconds that making a failing input smaller may take. */
  shrinkFor: number
  /** Told how many records were run through, of how many. */
  onProgress?: (done: number, of: number) => void
}

/**
 * Proves a plan on recorded data: runs it change by change over everything the source has, computes the same from the
 * final tables in the plainest way, and compares byte for byte; then runs the changes in the other ways they could have
 * come, and looks at what the functions, the schema and the recording tell.
 */
export async function validatePlan<R extends object>(
  source: Source,
  given: Plan,
  options: ValidationRunOptions,
): Promise<Validation<R>> {
  const bound = await bindPlan(source, given, { signal: options.signal, params: options.params })
  return await new ValidationRun<R>(bound, options).run()
}

class ValidationRun<R extends object> {
  readonly #bound: BoundPlan
  readonly #plan: Plan
  readonly #options: ValidationRunOptions
  readonly #topics: readonly FromNode[]
  readonly #needed: ReadonlyMap<string, ColumnsRead>
  readonly #engine: Engine
  readonly #output = new OutputRows()
  readonly #kept: KeptChanges
  readonly #schema: SchemaWatch
  readonly #builders: ReadonlyMap<string, TableBuilder>
  readonly #readers = new Map<string, ChangeReader>()
  readonly #findings: Finding[] = []
  readonly #report: CheckReport[] = []
  #changes = 0
  #done = 0

  constructor(bound: BoundPlan, options: ValidationRunOptions) {
    const { plan, inputs } = bound
    this.#bound = bound
    this.#plan = plan
    this.#options = options
    this.#topics = planTopics(plan.root)
    this.#needed = columnsNeeded(plan)
    this.#engine = new Engine(plan, { onError: options.onError })
    this.#kept = new KeptChanges({ inputs, columns: this.#needed, limit: options.sample })
    this.#schema = new SchemaWatch(plan.name, this.#needed)
    this.#builders = new Map(
      this.#topics.map((from, i) => {
        const { partitions, cleanupPolicy } = inputs[i]!
        const read = {
          partitions: partitions.map(({ partition, start, stable: to }) => ({
            partition,
            start,
            from: start,
            to,
          })),
          whole: true,
          compacted: cleanupPolicy.includes('compact'),
        }
        return [from.topic, new TableBuilder({ topic: from.topic, definition: from, read })]
      }),
    )
  }

  async run(): Promise<Validation<R>> {
    for await (const chunk of this.#bound.changes) this.#take(chunk)
    this.#engine.caughtUp()
    this.#output.add(this.#engine.flush())
    const tables = new Map([...this.#builders].map(([topic, builder]) => [topic, builder.finish()]))
    const current = new Map(
      [...tables].map(([topic, table]) => [topic, readFrame(table, this.#needed.get(topic))]),
    )
    const incremental = compactOutput(this.#output.rows())
    const { rows, output: recomputed } = this.#recomputed(current)
    const log = this.#log()
    const proof: Proof = { plan: this.#plan, laneOf: log.laneOf, newRunner: () => new Engine(this.#plan) }

    const broken = this.#parity(incremental, recomputed)
    const shrunkParity = broken ? this.#shrunkParity(proof, log) : null
    await this.#duckdb(current, recomputed)
    const faults = await this.#faults(proof, log, broken ? null : recomputed)
    this.#tables(tables)
    this.#functions()
    this.#coverage(log)
    const golden = this.#golden(rows)
    const difference = await this.#compareGolden(golden)

    const shrunk = shrunkParity ?? faults?.shrunk ?? null
    return new Validation<R>({
      pipeline: this.#plan.name,
      changes: this.#changes,
      rows: recomputed.size,
      seed: this.#options.seed,
      findings: this.#findings,
      report: this.#report,
      output: this.#output.frame<R>(this.#plan, this.#readers),
      difference,
      failing: shrunk === null ? [] : shrunk.delivery.map(({ change }) => placeOf(change)),
      accept: () => writeGolden(this.#options.golden, golden),
      saveFixture: shrunk === null ? null : path => this.#saveFixture(proof, shrunk, path),
    })
  }

  #take({ topic, changes, reader, offsets }: ChangeChunk): void {
    this.#changes += changes.length
    this.#readers.set(topic, reader)
    const builder = this.#builders.get(topic)
    const applied = []
    for (const { change, redelivered } of changes) {
      builder?.append(change, redelivered ? 'redelivered' : 'applied')
      this.#kept.add(change)
      if (redelivered) continue
      if (change.kind === 'row') this.#schema.add(change)
      applied.push(change)
    }
    this.#schema.types(topic, reader.columns, changes.at(-1)?.change)
    this.#engine.apply(applied)
    this.#output.add(this.#engine.flush())
    this.#progress(offsets)
  }

  #progress(records: number): void {
    this.#done += records
    const { offsets } = this.#bound
    const again = Math.min(offsets, this.#options.sample) * faultCases
    this.#options.onProgress?.(Math.min(this.#done, offsets + again), offsets + again)
  }

  /** The output from the final tables. Computed twice, for functions that give something else each time. */
  #recomputed(tables: ReadonlyMap<string, Frame<object>>): { rows: OutputRows; output: CompactedOutput } {
    const finals = new Map([...tables].map(([topic, frame]) => [topic, frame.rows() as Row[]]))
    const rowsOf = (topic: string): Row[] => finals.get(topic) ?? []
    const upserts = recompute(this.#plan, rowsOf)
    const output = compactOutput(upserts)
    const rows = new OutputRows()
    rows.add(upserts)
    if (!sameOutput(output, compactOutput(recompute(this.#plan, rowsOf)))) {
      this.#findings.push({
        code: 'function-inconsistent',
        severity: 'error',
        sentence:
          `${this.#plan.name}: computed twice from the same tables, the rows differ. A function of the pipeline gives ` +
          'something else when it is called again: it must depend on its row alone.',
      })
    }
    return { rows, output }
  }

  #log(): RecordedLog & { ordered: ReadonlySet<string> } {
    const byTopic = new Map(this.#topics.map(topic => [topic.topic, topic]))
    const { changes } = this.#kept
    const lanes = lanesOf(changes, change => {
      const topic = byTopic.get(change.topic)!
      const key = keyOf(change, topic)
      return key === null ? null : rowKey(key, topic.key)
    })
    return { changes, topics: this.#topics, ...lanes }
  }

  /** Whether the output kept up change by change is another than the recomputed one. */
  #parity(incremental: CompactedOutput, recomputed: CompactedOutput): boolean {
    const first = recomputed.keys().next().value
    const key = first === undefined ? [] : Object.keys(JSON.parse(first) as object)
    const namesKeys = sensitiveColumns(this.#plan.root, key).size === 0
    const found = parity({ pipeline: this.#plan.name, incremental, recomputed, namesKeys })
    const did = `${groupDigits(this.#changes)} changes run through one by one, ${groupDigits(recomputed.size)} rows compared with those computed from the final tables`
    this.#checked('parity', did, found)
    this.#findings.push(...setAsideFindings(this.#plan.name, this.#engine.setAside), ...this.#engine.findings)
    return found.length > 0
  }

  /** The fewest changes that break parity, told in its finding. */
  #shrunkParity(proof: Proof, log: RecordedLog): ShrunkInput | null {
    const delivery = deliver(log.changes)
    const failure = runDelivery(proof, delivery)
    if (failure === null) return null
    const shrunk = shrinkInput(proof, log, 'parity', { delivery, failure }, this.#options)
    const i = this.#findings.findIndex(({ code }) => code === 'parity-broken')
    const finding = this.#findings[i]!
    this.#findings[i] = { ...finding, sentence: `${finding.sentence} ${shrunkSentence(shrunk)}` }
    return shrunk
  }

  async #duckdb(tables: ReadonlyMap<string, Frame<object>>, recomputed: CompactedOutput): Promise<void> {
    const result = await duckdbOutput({ plan: this.#plan, tables, columns: this.#needed })
    if ('skipped' in result) {
      this.#report.push({ check: 'DuckDB', did: result.skipped.replace(/\.$/, ''), result: 'skipped' })
      return
    }
    const isSame = sameOutput(result.output, recomputed)
    const found: Finding[] = isSame
      ? []
      : [
          {
            code: 'duckdb-different',
            severity: 'error',
            sentence:
              `${this.#plan.name}: DuckDB computes ${differing(result.output, recomputed)} otherwise from the same tables, ` +
              'by a query that should mean the same.',
          },
        ]
    this.#checked('DuckDB', `${groupDigits(result.output.size)} rows computed by one query of DuckDB`, found)
  }

  async #faults(
    proof: Proof,
    log: RecordedLog,
    recomputed: CompactedOutput | null,
  ): Promise<FaultResult | null> {
    const { signal, seed, clock, shrinkFor } = this.#options
    if (recomputed === null) {
      const did = 'parity is broken, and every other order would say the same'
      this.#report.push({ check: 'faults', did, result: 'skipped' })
      return null
    }
    const { length } = log.changes
    const faults = await checkFaults(proof, log, {
      seed,
      // What a sample of the changes leads to is not known yet.
      final: length < this.#kept.seen ? this.#outputOf(log) : recomputed,
      clock,
      shrinkFor,
      beforeCase: async done => {
        if (done > 0) this.#progress(length)
        await nextTurn()
        if (signal?.aborted) {
          throw new ObslabError('cancelled', `Validating ${this.#plan.name} was cancelled.`, {
            cause: signal.reason,
          })
        }
      },
    })
    this.#report.push(...faults.report)
    this.#findings.push(...faults.findings)
    if (length < this.#kept.seen) {
      const sentence =
        `${this.#plan.name}: of ${groupDigits(this.#kept.seen)} changes the first and last ${groupDigits(length)} in all were ` +
        'run in other orders too. The option sample says how many are kept for that.'
      this.#findings.push({ code: 'sampled', severity: 'information', sentence })
    }
    return faults
  }

  #outputOf({ changes }: RecordedLog): CompactedOutput {
    const tables = new CurrentTables(this.#topics)
    const judge = new Judge()
    for (const change of changes) if (judge.counts(change)) tables.apply(change)
    return compactOutput(recompute(this.#plan, tables.rows))
  }

  #tables(tables: ReadonlyMap<string, Table>): void {
    const inputs = inputFindings(this.#plan.name, tables, this.#bound.inputs)
    const found = [...this.#schema.findings(), ...inputs]
    const did = `${this.#schema.columns} columns read, in every row and of one type`
    this.#checked('schema', did, found)
  }

  #functions(): void {
    const found = checkFunctions(this.#plan).map(({ code, severity, sentence }) => ({
      code,
      severity,
      sentence,
    }))
    this.#checked('functions', 'the clock, chance, mutation, captured variables, comparisons of null', found)
  }

  #coverage(log: RecordedLog): void {
    const judge = new Judge()
    const applied = log.changes.filter(change => judge.counts(change))
    const { branches, findings } = coverage(this.#plan, applied)
    const did = `${branches - findings.length} of ${branches} branches taken by a row`
    this.#checked('coverage', did, findings)
  }

  #golden(rows: OutputRows): GoldenOutput {
    const output = this.#output.frame(this.#plan, this.#readers)
    const sorted = rows.sorted()
    const key = Object.keys(sorted[0]?.key ?? {})
    return {
      pipeline: this.#plan.name,
      rows: sorted,
      columns: output.columns,
      sensitiveKeys: sensitiveColumns(this.#plan.root, key),
      inputs: this.#bound.inputs,
    }
  }

  async #compareGolden(output: GoldenOutput): Promise<GoldenDifference | null> {
    const difference = await compareGolden(this.#options.golden, output)
    if (difference === null) {
      this.#report.push({ check: 'golden', did: 'no output was accepted yet: accept()', result: 'skipped' })
      return null
    }
    const found = goldenFindings(this.#options.golden, output.pipeline, difference)
    this.#checked(
      'golden',
      `${groupDigits(output.rows.length)} rows compared with those accepted last`,
      found,
    )
    return difference
  }

  #checked(check: string, did: string, found: readonly Finding[]): void {
    this.#findings.push(...found)
    this.#report.push({ check, did, result: found.length === 0 ? 'passed' : 'found' })
  }

  async #saveFixture(proof: Proof, { delivery }: ShrunkInput, path: string): Promise<void> {
    const text = fixtureText(this.#plan.name, this.#topics, delivery)
    if (runDelivery(proof, deliveryOf(text, path)) === null) {
      throw new ObslabError(
        'option-invalid',
        'Expected the failing input to fail once its sensitive values are masked, but it does not: nothing was saved.',
      )
    }
    await writeFixture(path, text)
  }
}

function readFrame(table: Table, columns: ColumnsRead = 'all'): Frame<object> {
  const current = table.current()
  return columns === 'all' ? current : current.select(...current.names.filter(name => columns.has(name)))
}

function differing(a: CompactedOutput, b: CompactedOutput): string {
  const keys = new Set([...a.keys(), ...b.keys()])
  const count = [...keys].filter(key => a.get(key) !== b.get(key)).length
  return `${groupDigits(count)} of ${groupDigits(b.size)} rows`
}

function placeOf({ topic, partition, offset }: { topic: string; partition: number; offset: number }): string {
  return `${topic}:${partition}:${offset}`
}
