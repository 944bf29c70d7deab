import { expect } from 'vitest'
import type { Row } from '../../src/change/column-type.js'
import { openmrs } from '../../src/openmrs/openmrs.js'
import type { CellRow } from '../../src/pipeline/cell.js'
import { Engine } from '../../src/pipeline/engine.js'
import { rowText } from '../../src/pipeline/output.js'
import type { Pipeline } from '../../src/pipeline/pipeline.js'
import { recompute } from '../../src/pipeline/recompute.js'
import { rowChange } from '../pipeline/legal-changes.js'

type Table = 'encounter' | 'obs' | 'orders' | 'person' | 'visit'

/** Noon of a day of March 2026, milliseconds. */
export const noon = (day: number): number => Date.UTC(2026, 2, day, 12)

const noValues = {
  value_coded: null,
  value_drug: null,
  value_datetime: null,
  value_numeric: null,
  value_text: null,
}

/** What a row holds of which a test says nothing. */
const defaults: Record<Table, Row> = {
  encounter: {
    patient_id: 7,
    encounter_type: 1,
    location_id: 3,
    visit_id: null,
    encounter_datetime: noon(1),
    uuid: 'encounter',
    voided: 0,
  },
  obs: {
    person_id: 7,
    encounter_id: null,
    concept_id: 1,
    obs_datetime: noon(1),
    location_id: 3,
    obs_group_id: null,
    ...noValues,
    uuid: 'obs',
    voided: 0,
  },
  orders: { encounter_id: 1, concept_id: 1, date_activated: noon(1), voided: 0 },
  person: { gender: 'F', birthdate: '1990-12-31', dead: 0, death_date: null, voided: 0 },
  visit: { patient_id: 7, visit_type_id: 5, voided: 0 },
}

/**
 * A pipeline with rows that are put into its tables one by one. The output is taken after each and has to be what is
 * computed from the tables as they then are.
 */
export class Played<R> {
  readonly #pipeline: Pipeline<R>
  readonly #engine: Engine
  readonly #tables = new Map<string, Map<number, Row>>()
  #offset = 0

  constructor(pipeline: Pipeline<R>) {
    this.#pipeline = pipeline
    this.#engine = new Engine(pipeline.plan, { onError: 'stop' })
  }

  /** The row `id` of a table has these columns: the others stay as they are, or as a new row has them. */
  put(table: Table, id: number, columns: Row = {}): this {
    const key = { [openmrs[table].key[0]!]: id }
    const before = this.#rows(table).get(id)
    const after = { ...key, ...defaults[table], ...before, ...columns }
    this.#rows(table).set(id, after)
    return this.#play(table, key, after)
  }

  /** The row `id` of a table is deleted, not voided. */
  delete(table: Table, id: number): this {
    this.#rows(table).delete(id)
    return this.#play(table, { [openmrs[table].key[0]!]: id }, null)
  }

  /** The output, ordered by encounter. */
  get rows(): R[] {
    const rows = [...this.#engine.output.values()].map(text => JSON.parse(text))
    return rows.sort((a, b) => a.encounter_id - b.encounter_id)
  }

  /** What is computed from the tables, as it is before it is written: JSON has no infinity. */
  get recomputed(): R[] {
    const upserts = recompute(this.#pipeline.plan, topic => this.#rows(topic).values(), { onError: 'stop' })
    return upserts.map(({ row }) => row as R)
  }

  #rows(table: string): Map<number, Row> {
    const rows = this.#tables.get(table) ?? new Map<number, Row>()
    this.#tables.set(table, rows)
    return rows
  }

  #play(table: Table, key: Row, after: Row | null): this {
    this.#engine.apply([rowChange({ topic: table, offset: this.#offset++, key, after })])
    this.#engine.flush()
    const expected = this.recomputed.map(row => rowText(row as CellRow))
    expect([...this.#engine.output.values()].sort()).toEqual(expected.sort())
    return this
  }
}
