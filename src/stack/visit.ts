import type { Clinic, Person } from './clinic.js'
import { consultation, laboratory, triage } from './form.js'
import { datetime, insert, type Step, update } from './statement.js'

/**
 * The steps of one visit: it opens, triage and consultation save their forms, some get laboratory results, it closes.
 */
export function* visit(clinic: Clinic, person: Person): Generator<Step> {
  const { random } = clinic
  const id = clinic.ids.visit++
  person.visits++
  const audit = { creator: 1 + (person.id % 9), date_created: datetime(clinic.now), uuid: random.uuid() }
  const row = {
    visit_id: id,
    patient_id: person.id,
    visit_type_id: random.pick([1, 1, 1, 2]),
    date_started: datetime(clinic.now),
    location_id: person.location,
    ...audit,
  }
  yield { kind: 'visit', statements: [insert('visit', [row])], rows: 1 }
  clinic.pass(random.int(60, 900))
  yield triage(clinic, person, id)
  if (random.chance(0.85)) {
    clinic.pass(random.int(300, 1800))
    yield consultation(clinic, person, id)
  }
  if (random.chance(0.3)) {
    clinic.pass(random.int(600, 3600))
    yield laboratory(clinic, person, id)
  }
  clinic.pass(random.int(60, 600))
  const stopped = datetime(clinic.now)
  const set = { date_stopped: stopped, changed_by: 1, date_changed: stopped }
  yield { kind: 'visit', statements: [update('visit', 'visit_id', id, set)], rows: 1 }
}
