import type { ColumnKind, ColumnType, Encoding } from './column-type.js'
import { isJsonObject, type JsonObject, type JsonValue } from './json.js'

type Inferred = readonly [ColumnKind, Encoding]

/** A column with what its values have suggested; null while they were all null. */
export type InferredColumn = readonly [name: string, suggested: string | null]

/**
 * Column types that values suggest, for columns nothing else speaks of. Integers are `int`, or `bigint` once one is
 * beyond 2^53; other numbers `double`; a column that has only been null is `text`; one whose values agree on nothing is
 * `json`. Dates, times and decimals are not recognised: without a schema they look like the numbers and texts they are
 * written as.
 */
export class Inference {
  readonly #found = new Map<string, Inferred | null>()
  #columns: readonly ColumnType[] | null = null

  /** Takes in the values of a row. Whether that added a column or changed a type. */
  add(row: JsonObject): boolean {
    let changed = false
    for (const name in row) changed = this.#addValue(name, row[name] ?? null) || changed
    if (changed) this.#columns = null
    return changed
  }

  /** The columns in the order in which they were first met, as wide as the values so far need them. */
  get columns(): readonly ColumnType[] {
    this.#columns ??= [...this.#found].map(([name, found]) => inferredColumn(name, found))
    return this.#columns
  }

  /** What was found, as plain data, in the order in which columns were first met. */
  dump(): InferredColumn[] {
    return Array.from(this.#found, ([name, found]) => [name, found && nameOf(found)])
  }

  /** Goes on from what {@link dump} gave. */
  restore(columns: readonly InferredColumn[]): void {
    for (const [name, suggested] of columns)
      this.#found.set(name, suggested === null ? null : inferred[suggested as keyof typeof inferred])
    this.#columns = null
  }

  #addValue(name: string, value: JsonValue): boolean {
    const found = this.#found.get(name)
    if (value === null) {
      if (found === undefined) this.#found.set(name, null)
      return found === undefined
    }
    const next = inferValue(value)
    const wider = found === undefined || found === null ? next : widest(found, next)
    if (wider === found) return false
    this.#found.set(name, wider)
    return true
  }
}

/** The columns that sample rows suggest. See {@link Inference}. */
export function inferColumns(rows: readonly JsonObject[]): readonly ColumnType[] {
  const inference = new Inference()
  for (const row of rows) inference.add(row)
  return inference.columns
}

/** The type that one value suggests for its column. */
export function inferColumn(name: string, value: JsonValue): ColumnType {
  return inferredColumn(name, value === null ? null : inferValue(value))
}

function inferredColumn(name: string, found: Inferred | null): ColumnType {
  const [kind, encoding] = found ?? inferred.text
  return { name, kind, encoding, nullable: true, origin: 'inferred' }
}

const inferred = {
  int: ['int', 'number'],
  bigint: ['bigint', 'int64'],
  double: ['double', 'number'],
  boolean: ['boolean', 'boolean'],
  text: ['text', 'text'],
  geometry: ['bytes', 'geometry'],
  json: ['json', 'struct'],
} as const satisfies Record<string, Inferred>

function nameOf(found: Inferred): string {
  return Object.entries(inferred).find(([, one]) => one === found)![0]
}

function inferValue(value: Exclude<JsonValue, null>): Inferred {
  switch (typeof value) {
    case 'number':
      return Number.isSafeInteger(value) ? inferred.int : inferred.double
    case 'bigint':
      return inferred.bigint
    case 'boolean':
      return inferred.boolean
    case 'string':
      return inferred.text
    default:
      return isJsonObject(value) && typeof value.wkb === 'string' ? inferred.geometry : inferred.json
  }
}

/** `one` itself when it is wide enough for both. */
function widest(one: Inferred, other: Inferred): Inferred {
  if (one === other) return one
  const numbers = [inferred.int, inferred.bigint, inferred.double] as readonly Inferred[]
  const size = Math.max(numbers.indexOf(one), numbers.indexOf(other))
  return numbers.includes(one) && numbers.includes(other) ? (numbers[size] as Inferred) : inferred.json
}
