import type { Clinic } from './clinic.js'
import { metadata } from './dictionary.js'
import { register } from './person.js'
import type { Step } from './statement.js'
import { visit } from './visit.js'

const day = 86_400_000

/**
 * The steps that fill an empty database with what a clinic has gathered in two years: metadata, the edges of every
 * column type, and patients with one to six visits each. The clock ends where life begins.
 */
export function* population(clinic: Clinic, patients: number): Generator<Step> {
  const start = clinic.now
  clinic.now = start - 730 * day
  yield metadata(clinic.random, clinic.now)
  const edges = clinic.types.edges()
  yield { kind: 'types', statements: edges, rows: edges.length }
  for (let i = 0; i < patients; i++) {
    clinic.now = start - clinic.random.int(60, 700) * day
    yield register(clinic)
    const person = clinic.persons.at(-1)!
    for (let visits = clinic.random.int(1, 6); visits > 0; visits--) {
      clinic.pass(clinic.random.int(1800, 7200))
      yield* visit(clinic, person)
      clinic.now += clinic.random.int(20, 40) * day
      if (clinic.now > start - day) break
    }
  }
  clinic.now = start
}
