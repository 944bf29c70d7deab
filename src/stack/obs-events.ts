import type { Clinic, Encounter, Obs } from './clinic.js'
import { answers, questions } from './dictionary.js'
import { insertObs, newObs } from './form.js'
import { datetime, type SqlRow, type SqlValue, type Statement, type Step, update } from './statement.js'

const live = (obs: Obs): boolean => !obs.voided && obs.row.obs_group_id === null
const free = (obs: Obs): boolean => live(obs) && !obs.referenced
const inLiveEncounter = (obs: Obs): boolean => obs.encounter !== null && !obs.encounter.voided

/** The columns of a void, or of its undoing. */
export function voidColumns(clinic: Clinic, reason: string | null): SqlRow {
  if (reason === null) return { voided: 0, voided_by: null, date_voided: null, void_reason: null }
  return { voided: 1, voided_by: 1, date_voided: datetime(clinic.now), void_reason: reason }
}

function change(obs: Obs, set: SqlRow): Statement {
  obs.row = { ...obs.row, ...set }
  return update('obs', 'obs_id', obs.id, set)
}

function oneRow(kind: Step['kind'], statement: Statement): Step {
  return { kind, statements: [statement], rows: 1 }
}

/** A slightly different value of the same kind: what a second look at the paper form gives. */
function corrected({ random }: Clinic, row: SqlRow): SqlRow | null {
  if (typeof row.value_numeric === 'number') {
    const step = row.value_numeric < 50 ? 0.1 : 1
    const value = row.value_numeric + step * random.pick([-3, -2, -1, 1, 2, 3])
    return { value_numeric: Math.max(0, Math.round(value * 10) / 10) }
  }
  if (row.value_coded !== null && row.value_coded !== undefined) {
    const question = Object.entries(questions).find(([, concept]) => concept === row.concept_id)?.[0]
    const others = (answers[question as keyof typeof answers] as readonly number[]).filter(
      answer => answer !== row.value_coded,
    )
    return others.length === 0 ? null : { value_coded: random.pick(others) }
  }
  if (typeof row.value_text === 'string') return { value_text: `${row.value_text} Corrected.` }
  return null
}

/** An edit as old versions of OpenMRS make it: the same row gets another value. */
export function editInPlace(clinic: Clinic): Step | null {
  const obs = clinic.someObs(obs => !obs.voided)
  const set = obs === undefined ? null : corrected(clinic, obs.row)
  return obs === undefined || set === null ? null : oneRow('edit-in-place', change(obs, set))
}

/** An edit as OpenMRS 2 makes it: the old row is voided, a new one names it as its previous version. */
export function editNewVersion(clinic: Clinic): Step | null {
  const obs = clinic.someObs(obs => !obs.voided && inLiveEncounter(obs) && !obs.referenced)
  const set = obs === undefined ? null : corrected(clinic, obs.row)
  if (obs === undefined || set === null) return null
  const encounter = obs.encounter!
  const { concept_id, obs_id: _, uuid: __, date_created: ___, ...copied } = obs.row
  const at = {
    person: encounter.person,
    encounter,
    datetime: encounter.datetime,
    location: encounter.location,
  }
  const next = newObs(
    clinic,
    at,
    { concept: Number(concept_id) },
    { ...copied, ...set, previous_version: obs.id },
  )
  obs.voided = true
  obs.referenced = true
  const statements = [
    update('encounter', 'encounter_id', encounter.id, { changed_by: 2, date_changed: datetime(clinic.now) }),
    change(obs, voidColumns(clinic, 'edited')),
    insertObs([next]),
  ]
  return { kind: 'edit-new-version', statements, rows: 3 }
}

/** Voids one obs. */
export function voidObs(clinic: Clinic): Step | null {
  const obs = clinic.someObs(free)
  if (obs === undefined) return null
  obs.voided = true
  return oneRow(
    'void',
    change(obs, voidColumns(clinic, clinic.random.pick(['wrong patient', 'entered twice']))),
  )
}

/** Takes a void back. */
export function unvoidObs(clinic: Clinic): Step | null {
  const obs = clinic.someObs(obs => obs.voided && !obs.referenced && inLiveEncounter(obs))
  if (obs === undefined) return null
  obs.voided = false
  return oneRow('unvoid', change(obs, voidColumns(clinic, null)))
}

/** Moves an obs to another encounter of the same patient. */
export function move(clinic: Clinic): Step | null {
  const obs = clinic.someObs(obs => free(obs) && inLiveEncounter(obs) && others(obs).length > 0)
  if (obs === undefined) return null
  const target = clinic.random.pick(others(obs))
  const from = obs.encounter!
  from.obs.splice(from.obs.indexOf(obs), 1)
  target.obs.push(obs)
  obs.encounter = target
  return oneRow('move', change(obs, { encounter_id: target.id }))
}

function others(obs: Obs): Encounter[] {
  const { encounter } = obs
  return encounter === null
    ? []
    : encounter.person.encounters.filter(other => other !== encounter && !other.voided)
}

/** Deletes an obs for good, as a merge script does. */
export function remove(clinic: Clinic): Step | null {
  const obs = clinic.someObs(obs => !obs.referenced && obs.row.previous_version === null)
  if (obs === undefined) return null
  clinic.forget(obs)
  return oneRow('delete', { sql: 'DELETE FROM obs WHERE obs_id=?', values: [obs.id] })
}

/** Gives an obs another primary key. */
export function changeKey(clinic: Clinic): Step | null {
  const obs = clinic.someObs(free)
  if (obs === undefined) return null
  const old = obs.id
  obs.id = clinic.ids.obs++
  obs.row = { ...obs.row, obs_id: obs.id }
  return oneRow('key-change', update('obs', 'obs_id', old, { obs_id: obs.id }))
}

/** Writes the value that is there already, which changes no row and gives no event. */
export function noChange(clinic: Clinic): Step | null {
  const obs = clinic.someObs(obs => obs.row.value_numeric !== null)
  if (obs === undefined) return null
  const set = { value_numeric: obs.row.value_numeric as SqlValue }
  return { kind: 'no-change', statements: [update('obs', 'obs_id', obs.id, set)], rows: 0 }
}

/** Changes an obs and rolls the transaction back. */
export function rollback(clinic: Clinic): Step | null {
  const obs = clinic.someObs(free)
  if (obs === undefined) return null
  const set = { comments: 'never committed' }
  return { kind: 'rollback', statements: [update('obs', 'obs_id', obs.id, set)], rows: 0, rollback: true }
}

/** Results that arrive by another system: obs of a patient without an encounter. */
export function looseObs(clinic: Clinic): Step {
  const person = clinic.somePatient()
  const at = { person, encounter: null, datetime: clinic.now, location: person.location }
  const value_numeric = clinic.random.int(80, 1400)
  return {
    kind: 'loose-obs',
    statements: [insertObs([newObs(clinic, at, { concept: questions.cd4, value_numeric })])],
    rows: 1,
  }
}

/**
 * One transaction of about `rows` rows: a laboratory's backlog comes in as obs without encounters, and a renamed
 * data entry form is corrected on obs that are there.
 */
export function bulk(clinic: Clinic, rows: number): Step {
  const imported: Obs[] = []
  for (let i = 0; i < rows / 2; i++) {
    const person = clinic.random.pick(clinic.persons)
    const at = { person, encounter: null, datetime: clinic.now - 86_400_000, location: person.location }
    const answer = { concept: questions.viralLoad, value_numeric: clinic.random.int(40, 90_000) }
    imported.push(newObs(clinic, at, answer, { accession_number: `BACKLOG-${i}` }))
  }
  const statements: Statement[] = []
  for (let i = 0; i < imported.length; i += 500) statements.push(insertObs(imported.slice(i, i + 500)))
  const touched = clinic.obs.slice(0, Math.floor(rows / 2))
  const ids = touched.map(obs => obs.id)
  const marks = ids.map(() => '?').join(',')
  statements.push({ sql: `UPDATE obs SET comments='backfill' WHERE obs_id IN (${marks})`, values: ids })
  for (const obs of touched) obs.row = { ...obs.row, comments: 'backfill' }
  return { kind: 'bulk', statements, rows: imported.length + touched.length }
}
