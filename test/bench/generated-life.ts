import type { RowChange } from '../../src/change/change.js'
import type { Row } from '../../src/change/column-type.js'
import type { EncounterRow } from '../../src/openmrs/encounter.js'
import type { ObsRow } from '../../src/openmrs/obs.js'
import type { OrdersRow } from '../../src/openmrs/orders.js'
import type { PersonRow } from '../../src/openmrs/person.js'
import type { VisitRow } from '../../src/openmrs/visit.js'

/** The tables of a generated life, with their keys. */
export const lifeTables = {
  person: 'person_id',
  visit: 'visit_id',
  encounter: 'encounter_id',
  obs: 'obs_id',
  orders: 'order_id',
} as const

type Table = keyof typeof lifeTables

/** Vital signs first, then what `hiv_summary` looks at, then others. */
const concepts = [5089, 5090, 5088, 5092, 5085, 5086, 5087, 1839, 1255, 1250, 7013, 1946, 9082, 5303]
const otherConcepts = 20
const encounterTypes = [1, 2, 3, 4, 10, 14, 15, 17, 19, 21, 26, 31, 32, 33]
const day = 86_400_000

/**
 * Decoded changes of a clinic, the same each time: patients come again and again, a visit has an encounter of some 12 obs
 * and an order now and then. Of the changes of obs 84 % create a row, 5 % correct one in place, 5 % void one, 2 % bring one
 * back, 4 % move one to another encounter; most meet one of the last 20,000 rows. One in a hundred encounters is voided,
 * moved to another time or brought back, and persons are corrected.
 */
export class GeneratedLife {
  #seed: number
  #time = 1_700_000_000_000
  #offset = 0
  readonly #ids: Record<Table, number> = { person: 0, visit: 0, encounter: 0, obs: 0, orders: 0 }
  readonly #recentObs: ObsRow[] = []
  readonly #recentEncounters: EncounterRow[] = []
  #pending: RowChange[] = []

  constructor(seed = 1) {
    this.#seed = seed
  }

  /** Changes without end; those of the tables named. */
  *changes(tables: readonly string[]): Generator<RowChange, never> {
    while (true) {
      this.#visit()
      const happened = this.#pending
      this.#pending = []
      for (const change of happened) if (tables.includes(change.topic)) yield change
    }
  }

  #below(limit: number): number {
    this.#seed = (this.#seed + 0x6d2b79f5) | 0
    let mixed = Math.imul(this.#seed ^ (this.#seed >>> 15), 1 | this.#seed)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit
  }

  #happens(percent: number): boolean {
    return this.#below(100) < percent
  }

  #put(table: Table, op: 'c' | 'u', row: object): void {
    const key = lifeTables[table]
    const after = row as Row
    this.#pending.push({
      kind: 'row',
      topic: table,
      partition: 0,
      offset: this.#offset++,
      timestamp: this.#time,
      op,
      key: { [key]: after[key]! },
      before: null,
      after,
      source: null,
      transaction: null,
      newKey: null,
      oldKey: null,
      processedAt: null,
      headers: [],
    })
  }

  #visit(): void {
    this.#time += 60_000 + this.#below(60_000)
    const isNew = this.#ids.person === 0 || this.#happens(5)
    const person = isNew ? ++this.#ids.person : 1 + this.#below(this.#ids.person)
    if (isNew || this.#happens(2)) this.#put('person', isNew ? 'c' : 'u', this.#person(person))
    const encounter = this.#encounter(person, ++this.#ids.visit)
    const visitIsLate = this.#happens(5)
    if (!visitIsLate) this.#put('visit', 'c', this.#visitRow(encounter))
    this.#put('encounter', 'c', encounter)
    remember(this.#recentEncounters, encounter, this.#below(2000), 2000)
    const group = this.#happens(30) ? this.#create(encounter, null, 1) : null
    for (let i = 8 + this.#below(8); i > 0; i--) {
      this.#create(encounter, this.#happens(20) ? group : null, i)
      if (this.#happens(19)) this.#correct()
    }
    if (this.#happens(40)) this.#put('orders', 'c', this.#order(encounter))
    if (visitIsLate) this.#put('visit', 'c', this.#visitRow(encounter))
    if (this.#happens(1)) this.#correctEncounter()
  }

  #create(encounter: EncounterRow, group: ObsRow | null, i: number): ObsRow {
    const obs = this.#obs(encounter, group?.obs_id ?? null, i)
    this.#put('obs', 'c', obs)
    remember(this.#recentObs, obs, this.#below(20_000), 20_000)
    return obs
  }

  #correct(): void {
    const at = this.#below(this.#recentObs.length)
    const before = this.#recentObs[at]!
    const what = this.#below(16)
    const other = this.#recentEncounters[this.#below(this.#recentEncounters.length)]!
    const { encounter_id, patient_id: person_id } = other
    const after: ObsRow =
      before.voided === 1
        ? { ...before, voided: 0, date_voided: null }
        : what < 6
          ? { ...before, value_numeric: this.#below(2000) / 10 }
          : what < 12
            ? { ...before, voided: 1, date_voided: this.#time }
            : { ...before, encounter_id, person_id }
    this.#recentObs[at] = after
    this.#put('obs', 'u', after)
  }

  #correctEncounter(): void {
    const at = this.#below(this.#recentEncounters.length)
    const before = this.#recentEncounters[at]!
    const after: EncounterRow = this.#happens(50)
      ? { ...before, voided: 1 - before.voided }
      : { ...before, encounter_datetime: before.encounter_datetime - day }
    this.#recentEncounters[at] = after
    this.#put('encounter', 'u', after)
  }

  #person(person_id: number): PersonRow {
    return {
      person_id,
      gender: person_id % 3 === 0 ? 'M' : 'F',
      birthdate: `${1940 + this.#below(80)}-0${1 + this.#below(9)}-15`,
      birthdate_estimated: this.#below(2),
      dead: this.#happens(3) ? 1 : 0,
      death_date: null,
      cause_of_death: null,
      creator: 1,
      date_created: this.#time,
      changed_by: null,
      date_changed: null,
      voided: 0,
      voided_by: null,
      date_voided: null,
      void_reason: null,
      uuid: uuidOf('person', person_id),
      deathdate_estimated: 0,
      birthtime: null,
      cause_of_death_non_coded: null,
    }
  }

  #visitRow({ visit_id, patient_id, location_id }: EncounterRow): VisitRow {
    return {
      visit_id: visit_id!,
      patient_id,
      visit_type_id: 1 + this.#below(4),
      date_started: this.#time,
      date_stopped: null,
      indication_concept_id: null,
      location_id,
      creator: 1,
      date_created: this.#time,
      changed_by: null,
      date_changed: null,
      voided: 0,
      voided_by: null,
      date_voided: null,
      void_reason: null,
      uuid: uuidOf('visit', visit_id!),
    }
  }

  #encounter(patient_id: number, visit_id: number): EncounterRow {
    const encounter_id = ++this.#ids.encounter
    return {
      encounter_id,
      encounter_type: encounterTypes[this.#below(encounterTypes.length)]!,
      patient_id,
      location_id: 1 + this.#below(30),
      form_id: 1 + this.#below(10),
      encounter_datetime: this.#time,
      creator: 1,
      date_created: this.#time,
      voided: 0,
      voided_by: null,
      date_voided: null,
      void_reason: null,
      changed_by: null,
      date_changed: null,
      visit_id,
      uuid: uuidOf('encounter', encounter_id),
    }
  }

  #obs(encounter: EncounterRow, obs_group_id: number | null, i: number): ObsRow {
    const obs_id = ++this.#ids.obs
    const concept_id = this.#happens(70) ? concepts[i % concepts.length]! : 6000 + this.#below(otherConcepts)
    const coded = concept_id === 1839 ? 1246 : concept_id === 9082 || concept_id === 5303 ? 6101 : null
    return {
      obs_id,
      person_id: encounter.patient_id,
      concept_id,
      encounter_id: this.#happens(2) ? null : encounter.encounter_id,
      order_id: null,
      obs_datetime: this.#time + i,
      location_id: encounter.location_id,
      obs_group_id,
      accession_number: null,
      value_group_id: null,
      value_coded: coded,
      value_coded_name_id: null,
      value_drug: null,
      value_datetime: concept_id === 7013 ? this.#time - 100 * day : null,
      value_numeric: coded === null && concept_id !== 7013 ? this.#below(2000) / 10 : null,
      value_modifier: null,
      value_text: null,
      value_complex: null,
      comments: null,
      creator: 1,
      date_created: this.#time,
      voided: 0,
      voided_by: null,
      date_voided: null,
      void_reason: null,
      uuid: uuidOf('obs', obs_id),
      previous_version: null,
      form_namespace_and_path: null,
      status: 'FINAL',
      interpretation: null,
    }
  }

  #order({ encounter_id, patient_id }: EncounterRow): OrdersRow {
    const order_id = ++this.#ids.orders
    return {
      order_id,
      order_type_id: 1,
      concept_id: this.#happens(30) ? 856 : 6000 + this.#below(otherConcepts),
      orderer: 1,
      encounter_id,
      instructions: null,
      date_activated: this.#time,
      auto_expire_date: null,
      date_stopped: null,
      order_reason: null,
      order_reason_non_coded: null,
      creator: 1,
      date_created: this.#time,
      voided: 0,
      voided_by: null,
      date_voided: null,
      void_reason: null,
      patient_id,
      accession_number: null,
      uuid: uuidOf('order', order_id),
      urgency: 'ROUTINE',
      order_number: `ORD-${order_id}`,
      previous_order_id: null,
      order_action: 'NEW',
      comment_to_fulfiller: null,
      care_setting: 1,
      scheduled_date: null,
      order_group_id: null,
      sort_weight: null,
      fulfiller_comment: null,
      fulfiller_status: null,
    }
  }
}

/** Keeps the newest rows, and some older ones. */
function remember<R>(recent: R[], row: R, at: number, limit: number): void {
  if (recent.length < limit) recent.push(row)
  else recent[at] = row
}

/** As long as a UUID is. */
function uuidOf(what: string, id: number): string {
  return `${what}-${id}`.padEnd(36, '0')
}
