import type { Row, Value } from '../change/column-type.js'
import { ObslabError } from '../errors.js'
import { type Cell, type CellRow, isValue } from './cell.js'
import { columnsGiven, columnsOfResult } from './columns-read.js'
import { keyText } from './output.js'
import { inputsOf, type Plan, type PlanNode } from './plan.js'
import { StepFailure } from './step-failure.js'
import { verbOf } from './verbs.js'

const step = '.to(…)'

/**
 * What gives the rows of a step their identity, as a key: the topic, or the last step that groups. Null where it is no
 * key: rows that were joined, united or became several.
 */
export function keyedStep(node: PlanNode): PlanNode | null {
  if (node.verb === 'from') return node
  const { identity } = verbOf(node)
  if (identity === 'kept') return keyedStep(inputsOf(node)[0]!)
  return identity === 'key' ? node : null
}

/**
 * The columns of the output's key, in order: those named, else those of the topic or of the last step that groups. Null
 * where only running it tells them.
 */
export function outputKeyColumns({ key, root }: Pick<Plan, 'key' | 'root'>): readonly string[] | null {
  if (key !== null) return key
  const keyed = keyedStep(root)
  if (keyed?.verb === 'from') return keyed.key
  if (keyed === null || !('key' in keyed) || typeof keyed.key !== 'function') return null
  const { columns, passed, others } = columnsOfResult(keyed.key)
  return others === null && passed.length === 0 && columns.size > 0 ? [...columns.keys()] : null
}

/** Refuses a plan whose output has no key. */
export function requireOutputKey({ name, output, key, root }: Plan): void {
  if (key !== null ? key.length > 0 : keyedStep(root) !== null) return
  throw new ObslabError(
    'pipeline-invalid',
    `The rows that the pipeline ${name} writes to ${output} have no key: ` +
      (key === null
        ? 'joined, united and multiplied rows have that of no topic. '
        : 'the list of key columns is empty. ') +
      `Name the columns that tell them apart: .to('${output}', { key: ['encounter_id'] }).`,
  )
}

/** Makes the key that a row is written under, as columns and as text, or throws a failure of `.to(…)`. */
export class OutputKey {
  /** The columns of the row that are its key; null when what identifies it is. */
  readonly columns: readonly string[] | null
  /** Of which input column a key's column is given, where the key is one of `groupBy`. */
  readonly #given: ReadonlyMap<string, string> | null

  constructor({ key, root }: Plan) {
    this.columns = key
    const keyed = key === null ? keyedStep(root) : null
    this.#given =
      keyed !== null && 'key' in keyed && typeof keyed.key === 'function' ? columnsGiven(keyed.key) : null
  }

  /** The key of a row by its columns; `identity` is the key when none are named. */
  of(row: CellRow, identity: () => Row): Row {
    if (this.columns === null) return identity()
    const key: Record<string, Value> = {}
    for (const column of this.columns) key[column] = requireValue(row[column] ?? null, column)
    return key
  }

  /** A key as it is written. */
  text(key: Row): string {
    try {
      return keyText(key, this.#given)
    } catch (cause) {
      throw cause instanceof ObslabError ? StepFailure.refused(step, cause) : cause
    }
  }
}

function requireValue(cell: Cell, column: string): Value {
  if (isValue(cell)) return cell
  const message = `An output key holds numbers, text and their like, but ${column} is a list or an object: name another column.`
  throw StepFailure.refused(step, new ObslabError('key-missing', message))
}
