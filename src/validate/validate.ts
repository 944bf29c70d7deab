import { z } from 'zod'
import type { ChangeReader } from '../change/change-reader.js'
import type { Row } from '../change/column-type.js'
import type { Finding } from '../finding.js'
import type { Frame } from '../frame/frame.js'
import { TableBuilder } from '../frame/table-builder.js'
import { printAs } from '../inspect.js'
import { parseOptions } from '../options.js'
import { Engine } from '../pipeline/engine.js'
import type { Upsert } from '../pipeline/output.js'
import { type Pipeline, planOf } from '../pipeline/pipeline.js'
import { planTopics } from '../pipeline/plan.js'
import { bindPlan } from '../pipeline/plan-changes.js'
import { recompute } from '../pipeline/recompute.js'
import { sensitiveColumns } from '../pipeline/sensitivity.js'
import type { Source } from '../source/source.js'
import { OutputRows } from './output-rows.js'
import { compactOutput, parity } from './parity.js'

/** What was checked of a pipeline, and what was found. */
export class Validation<R extends object = Row> {
  /** The pipeline's name. */
  readonly pipeline: string
  /** Changes that were run through it. */
  readonly changes: number
  /** Rows of its output. */
  readonly rows: number
  /** What is wrong or worth knowing; empty when nothing is. */
  readonly findings: readonly Finding[]
  /** The output that was checked: what `lab.preview` gives. */
  readonly output: Frame<R>

  constructor(parts: Pick<Validation<R>, 'pipeline' | 'changes' | 'rows' | 'findings' | 'output'>) {
    this.pipeline = parts.pipeline
    this.changes = parts.changes
    this.rows = parts.rows
    this.findings = parts.findings
    this.output = parts.output
  }

  /** Whether no finding is an error. */
  get ok(): boolean {
    return this.findings.every(({ severity }) => severity !== 'error')
  }

  /** The result as sentences. */
  text(): string {
    const counted = `${this.changes.toLocaleString('en')} changes, ${this.rows.toLocaleString('en')} rows`
    if (this.findings.length === 0) {
      return `${this.pipeline}: ${counted}. Kept up change by change, every row equals the one computed from the final tables.`
    }
    return this.findings
      .map(({ severity, sentence, code }) => `${severity}: ${sentence} [${code}]`)
      .join('\n')
  }
}
printAs(Validation, validation => validation.text())

/** How a validation is run. */
export interface ValidateOptions {
  /** Cancels: the validation rejects with a `cancelled` error. */
  signal?: AbortSignal
}

const optionsSchema: z.ZodType<ValidateOptions> = z.strictObject({
  signal: z.instanceof(AbortSignal).optional(),
})

/**
 * Proves a pipeline on recorded data: runs it change by change over everything the source has, computes the same from
 * the final tables in the plainest way, and compares byte for byte.
 */
export async function validate<R extends object>(
  pipeline: Pipeline<R>,
  lab: { readonly source: Source },
  options: ValidateOptions = {},
): Promise<Validation<R>> {
  const { signal } = parseOptions(optionsSchema, options)
  const { plan, changes } = await bindPlan(lab.source, planOf(pipeline), { signal })
  const engine = new Engine(plan)
  const tables = new Map(
    planTopics(plan.root).map(from => [
      from.topic,
      new TableBuilder({ topic: from.topic, definition: from }),
    ]),
  )
  const upserts: Upsert[] = []
  const output = new OutputRows()
  const readers = new Map<string, ChangeReader>()
  let count = 0
  for await (const { topic, changes: read, reader } of changes) {
    count += read.length
    readers.set(topic, reader)
    const applied = read.filter(({ redelivered }) => !redelivered).map(({ change }) => change)
    for (const upsert of engine.apply(applied)) upserts.push(upsert)
    for (const { change, redelivered } of read) {
      tables.get(topic)?.append(change, redelivered ? 'redelivered' : 'applied')
    }
  }
  const finals = new Map([...tables].map(([topic, builder]) => [topic, builder.finish().current()]))
  const rows = recompute(plan, topic => (finals.get(topic) ?? []) as Iterable<Row>)
  const namesKeys = sensitiveColumns(plan.root, Object.keys(rows[0]?.key ?? {})).size === 0
  const recomputed = compactOutput(rows)
  const findings = parity({ pipeline: plan.name, incremental: compactOutput(upserts), recomputed, namesKeys })
  output.add(upserts)
  return new Validation<R>({
    pipeline: plan.name,
    changes: count,
    rows: recomputed.size,
    findings,
    output: output.frame(plan, readers),
  })
}
