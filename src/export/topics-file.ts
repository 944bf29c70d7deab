import { readFile } from 'node:fs/promises'
import type { ColumnKind } from '../change/column-type.js'
import { parseJson } from '../change/json.js'
import type { Finding } from '../finding.js'
import { deadLetterTopic } from '../job/names.js'
import { type OutputDeclaration, outputChanges, outputDeclaration } from '../pipeline/output-changes.js'
import type { Plan } from '../pipeline/plan.js'
import type { RecordedRun } from './recorded-run.js'

/** The topics of a job as code: what is to be created, and what its readers rely on. */
export interface TopicsFile {
  readonly inputs: readonly { readonly topic: string; readonly partitions: number }[]
  readonly output: CreatedTopic
  readonly deadLetters: CreatedTopic
  /** What the rows of the output are: a change that breaks who reads them is found by comparing it. */
  readonly declaration: OutputDeclaration
}

/** A topic as it is to be created. */
export interface CreatedTopic {
  readonly topic: string
  readonly partitions: number
  readonly settings: Readonly<Record<string, string>>
}

/** The topics of a job: an output has the partitions of the first input, so that equal keys are in equal partitions. */
export function topicsFile(plan: Plan, run: RecordedRun): TopicsFile {
  const { inputs } = run
  const partitions = inputs[0]?.partitions.length ?? 1
  const declaration = declarationOf(plan, run)
  return {
    inputs: inputs.map(({ topic, partitions: own }) => ({ topic, partitions: own.length })),
    output: {
      topic: plan.output,
      partitions,
      settings: { 'cleanup.policy': 'compact', ...declaration.settings },
    },
    deadLetters: {
      topic: deadLetterTopic(plan.output),
      partitions,
      settings: { 'cleanup.policy': 'compact' },
    },
    declaration,
  }
}

/** What became different for readers since the export before, whose topics.json is `file`; nothing where there is none. */
export async function changesSince(file: string, plan: Plan, run: RecordedRun): Promise<Finding[]> {
  const text = await readFile(file, 'utf8').catch(() => null)
  if (text === null) return []
  try {
    const { declaration } = JSON.parse(text) as Partial<TopicsFile>
    if (declaration !== undefined) return outputChanges(declaration, declarationOf(plan, run))
  } catch {
    // Told below: it cannot be compared.
  }
  const sentence = `${plan.name}: topics.json of the export before cannot be read, so that nothing tells whether readers of ${plan.output} break.`
  return [{ code: 'output-unknown', severity: 'warning', sentence }]
}

/** What the plan declares of its output; columns that it does not declare as they were in the rows. */
function declarationOf(plan: Plan, { output }: RecordedRun): OutputDeclaration {
  const declared = outputDeclaration(plan)
  if (declared.columns !== null) return declared
  const kinds = new Map<string, ColumnKind | null>()
  for (const text of output.values()) {
    const row = parseJson(text) as Readonly<Record<string, unknown>>
    for (const [name, value] of Object.entries(row)) kinds.set(name, kinds.get(name) ?? kindOf(value))
  }
  if (kinds.size === 0) return declared
  const columns = Array.from(kinds, ([name, kind]) => ({
    name,
    kind: kind ?? 'json',
    nullable: !declared.key?.includes(name),
  }))
  return { ...declared, columns }
}

/** Whole numbers are doubles too: the next rows may have others. */
function kindOf(value: unknown): ColumnKind | null {
  switch (typeof value) {
    case 'number':
      return 'double'
    case 'bigint':
      return 'bigint'
    case 'boolean':
      return 'boolean'
    case 'string':
      return 'text'
    default:
      return value === null ? null : 'json'
  }
}
