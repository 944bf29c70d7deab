import { createHash } from 'node:crypto'
import { basename } from 'node:path'
import type { ColumnType } from '../change/column-type.js'
import type { Finding } from '../finding.js'
import { columnsNeeded } from '../pipeline/columns-needed.js'
import type { Validation } from '../validate/validation.js'
import type { PackageFile } from './package-file.js'
import type { PipelineSlice } from './pipeline-slice.js'
import type { RecordedRun } from './recorded-run.js'

/** What a {@link provenanceText} tells. */
export interface ProvenanceParts {
  slice: PipelineSlice
  run: RecordedRun
  /** How the source of the records is named. */
  source: string
  job: PackageFile
  /** The validation of what was exported; null when it was left out. */
  validation: Validation<object> | null
  findings: readonly Finding[]
  /** Codes of the findings that would have refused the export. */
  forced: readonly string[]
}

/**
 * Where a job came from, as JSON: the notebook's cells, the records and the schema it was proven on, what was checked and
 * found, the packages. It names no time, machine or person, so that the same export is the same file.
 */
export function provenanceText(parts: ProvenanceParts): string {
  const { slice, run, source, job, validation, findings, forced } = parts
  const { changes, rows, seed, report } = validation ?? {}
  return `${JSON.stringify(
    {
      format: 1,
      pipeline: run.plan.name,
      notebook: { file: basename(slice.source), hash: slice.notebookHash, cells: slice.cells },
      files: slice.files.map(({ path, text }) => ({ path, hash: hashOf(text) })),
      source: { name: source.includes('://') ? source : basename(source), topics: topicsOf(run) },
      validation:
        validation === null
          ? null
          : {
              changes,
              rows,
              seed,
              checks: report!.map(({ check, result, did }) => ({ check, result, did })),
            },
      findings: findings.map(({ code, severity, sentence }) => ({ code, severity, sentence })),
      forced,
      packages: { ...job.dependencies, ...job.devDependencies },
    },
    null,
    2,
  )}\n`
}

function topicsOf({ plan, inputs, columns }: RecordedRun): object[] {
  const needed = columnsNeeded(plan)
  return inputs.map(({ topic, partitions }) => {
    const types = columns.get(topic) ?? []
    const read = needed.get(topic) ?? 'all'
    return {
      topic,
      offsets: Object.fromEntries(
        partitions.map(({ partition, start, stable }) => [partition, [start, stable]]),
      ),
      columns: Object.fromEntries(
        types.filter(({ name }) => read === 'all' || read.has(name)).map(one => [one.name, typeOf(one)]),
      ),
      schema: hashOf(JSON.stringify(types.map(one => [one.name, typeOf(one)]))),
    }
  })
}

function typeOf({ kind, mysqlType, nullable }: ColumnType): string {
  return `${mysqlType ?? kind}${nullable ? '' : ' NOT NULL'}`
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
