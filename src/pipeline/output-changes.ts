import { z } from 'zod'
import type { ColumnKind } from '../change/column-type.js'
import type { Finding } from '../finding.js'
import { outputColumns, schemaColumns, unwrapped } from './output-columns.js'
import { outputKeyColumns } from './output-key.js'
import type { Plan } from './plan.js'

/** A column as readers of an output know it. */
export interface OutputColumn {
  name: string
  kind: ColumnKind
  nullable: boolean
  /** As MySQL writes it, where the declaration says so. */
  mysqlType?: string
  /** The texts that it may hold, where they are listed. */
  enumValues?: readonly string[]
  /** Of a list of objects, or an object, the columns of these. */
  columns?: readonly OutputColumn[]
}

/** What a pipeline tells those who read its output: plain data, to be kept and compared. */
export interface OutputDeclaration {
  /** The topic or table. */
  output: string
  /** The columns of the key, in order; null where only rows tell them. */
  key: readonly string[] | null
  /** The columns of the rows, in order; null where nothing tells them. */
  columns: readonly OutputColumn[] | null
  /** Settings of the topic. */
  settings: Readonly<Record<string, string>>
}

/** What a plan declares of its output. */
export function outputDeclaration(plan: Plan): OutputDeclaration {
  const nested = plan.schema === undefined ? null : declaredBy(plan.schema)
  const derived = outputColumns(plan)?.map(({ name, kind, nullable }) => ({ name, kind, nullable })) ?? null
  return {
    output: plan.output,
    key: outputKeyColumns(plan),
    columns: nested ?? derived,
    settings: { ...plan.settings },
  }
}

function declaredBy(schema: z.ZodObject): OutputColumn[] {
  return schemaColumns(schema).map(({ name, kind, nullable, mysqlType, enumValues }) => {
    const inner = kind === 'json' ? objectIn(schema.shape[name] as z.ZodType) : null
    return {
      name,
      kind,
      nullable,
      ...(mysqlType !== undefined && { mysqlType }),
      ...(enumValues !== undefined && { enumValues }),
      ...(inner !== null && { columns: declaredBy(inner) }),
    }
  })
}

/** The object that a column holds, or holds a list of. */
function objectIn(field: z.ZodType): z.ZodObject | null {
  let inner = unwrapped(field)
  while (inner instanceof z.ZodArray) inner = unwrapped(inner.element as z.ZodType)
  return inner instanceof z.ZodObject ? inner : null
}

/**
 * What becomes different for those who read an output. `output-breaking`, an error: another name, another key or order of
 * its columns, a column that is gone, has another kind, or may be null where it could not be. `output-changed`,
 * information: a column more, one that is never null any more, other texts that a column may hold, other settings. Columns
 * that either side does not tell are not compared.
 */
export function outputChanges(before: OutputDeclaration, after: OutputDeclaration): Finding[] {
  const changes = new Changes(after.output)
  if (before.output !== after.output) {
    changes.breaks([], `is written to ${after.output} and no longer to ${before.output}`)
  }
  if (before.key !== null && after.key !== null && before.key.join() !== after.key.join()) {
    const keys = [...new Set([...before.key, ...after.key])]
    changes.breaks(keys, `has the key ${after.key.join(', ')}, and had ${before.key.join(', ')}`)
  }
  if (before.columns !== null && after.columns !== null) changes.compare('', before.columns, after.columns)
  const names = new Set([...Object.keys(before.settings), ...Object.keys(after.settings)])
  for (const name of names) {
    const [old, now] = [before.settings[name], after.settings[name]]
    if (old !== now)
      changes.tells([], `has ${name} ${now ?? 'as the broker sets it'}, and had ${old ?? 'none'}`)
  }
  return changes.findings
}

class Changes {
  readonly findings: Finding[] = []
  readonly #output: string

  constructor(output: string) {
    this.#output = output
  }

  breaks(columns: readonly string[], what: string): void {
    const advice = 'Readers break: write another output, or agree with them first.'
    this.#add('output-breaking', 'error', columns, `${what}. ${advice}`)
  }

  tells(columns: readonly string[], what: string): void {
    this.#add('output-changed', 'information', columns, `${what}.`)
  }

  compare(prefix: string, before: readonly OutputColumn[], after: readonly OutputColumn[]): void {
    const added = after.filter(({ name }) => !before.some(old => old.name === name))
    for (const old of before) {
      const path = `${prefix}${old.name}`
      const now = after.find(({ name }) => name === old.name)
      if (now !== undefined) {
        this.#compareColumn(path, old, now)
        continue
      }
      const like = added.filter(({ kind, nullable }) => kind === old.kind && nullable === old.nullable)
      const perhaps = like.length === 1 ? `; ${prefix}${like[0]!.name} is new and of its kind` : ''
      this.breaks([path], `has no column ${path} any more${perhaps}`)
    }
    for (const { name, kind } of added)
      this.tells([`${prefix}${name}`], `has a new column ${prefix}${name}, ${kind}`)
  }

  #compareColumn(path: string, old: OutputColumn, now: OutputColumn): void {
    const [oldType, type] = [typeOf(old), typeOf(now)]
    if (oldType !== type) this.breaks([path], `has ${type} in the column ${path}, and had ${oldType}`)
    if (now.nullable && !old.nullable)
      this.breaks([path], `may have null in the column ${path}, and never had`)
    if (old.nullable && !now.nullable) this.tells([path], `never has null in the column ${path} any more`)
    if (oldType === type && old.enumValues?.join('\0') !== now.enumValues?.join('\0')) {
      this.tells([path], `has other texts in the column ${path}: ${now.enumValues?.join(', ') ?? 'any'}`)
    }
    if (old.columns !== undefined && now.columns !== undefined) {
      this.compare(`${path}.`, old.columns, now.columns)
    }
  }

  #add(code: string, severity: Finding['severity'], columns: readonly string[], what: string): void {
    const evidence = { count: 1, first: [], columns: [...columns] }
    this.findings.push({ code, severity, sentence: `${this.#output} ${what}`, evidence })
  }
}

/** The kind, and of a number beyond doubles what MySQL calls it: its digits are part of it. */
function typeOf({ kind, mysqlType }: OutputColumn): string {
  return kind === 'decimal' && mysqlType !== undefined ? mysqlType : kind
}
