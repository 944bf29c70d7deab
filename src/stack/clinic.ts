import type { Body } from './body.js'
import { Random } from './random.js'
import type { SqlRow } from './statement.js'
import { TypesTable } from './types-table.js'

/** A patient as the simulation remembers one. */
export interface Person {
  id: number
  nameId: number
  addressId: number
  location: number
  body: Body
  hiv: boolean
  enrolled: boolean
  dead: boolean
  encounters: Encounter[]
  visits: number
}

/** A saved form, with what it holds now. */
export interface Encounter {
  id: number
  person: Person
  visitId: number
  type: number
  location: number
  datetime: number
  obs: Obs[]
  orders: Order[]
  voided: boolean
}

/** An obs that can still be changed; `row` is its row as it was last written. */
export interface Obs {
  id: number
  encounter: Encounter | null
  row: SqlRow
  voided: boolean
  /** Whether another obs refers to it, as its group or its earlier version: it can be neither deleted nor renumbered. */
  referenced: boolean
}

/** An order; `stopped` once its date_stopped is set. */
export interface Order {
  id: number
  stopped: boolean
}

/**
 * What the simulation knows of the database it writes: the next ids, the people, forms and obs that later steps pick
 * from, and the simulated time. It is rebuilt from the seed alone, without reading the database.
 */
export class Clinic {
  readonly random: Random
  /** The simulated time, milliseconds since the epoch. */
  now: number
  readonly ids: Record<
    'person' | 'name' | 'address' | 'identifier' | 'visit' | 'encounter' | 'obs' | 'order',
    number
  > = { person: 1, name: 1, address: 1, identifier: 1, visit: 1, encounter: 1, obs: 1, order: 1 }
  readonly persons: Person[] = []
  readonly encounters: Encounter[] = []
  readonly obs: Obs[] = []
  readonly types: TypesTable = new TypesTable()
  /** Whether person_address has got its column address7. */
  widerAddress = false

  constructor(seed: number, now: number) {
    this.random = new Random(seed)
    this.now = now
  }

  /** Moves the clock on by some seconds. */
  pass(seconds: number): void {
    this.now += seconds * 1000
  }

  /** An obs that satisfies `test`, found by a bounded number of random tries; undefined when none was met. */
  someObs(test: (obs: Obs) => boolean): Obs | undefined {
    return some(this.random, this.obs, test)
  }

  /** An encounter that satisfies `test`, as {@link someObs}. */
  someEncounter(test: (encounter: Encounter) => boolean): Encounter | undefined {
    return some(this.random, this.encounters, test)
  }

  /** A person who is alive. */
  somePatient(): Person {
    return some(this.random, this.persons, person => !person.dead) ?? this.persons.at(-1)!
  }

  /** Forgets a deleted obs. */
  forget(obs: Obs): void {
    this.obs.splice(this.obs.indexOf(obs), 1)
    if (obs.encounter !== null) obs.encounter.obs.splice(obs.encounter.obs.indexOf(obs), 1)
  }
}

function some<T>(random: Random, items: readonly T[], test: (item: T) => boolean): T | undefined {
  for (let tries = 0; tries < 200 && items.length > 0; tries++) {
    const item = random.pick(items)
    if (test(item)) return item
  }
  return undefined
}
