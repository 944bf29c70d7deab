import { ageAt, measure } from './body.js'
import type { Clinic, Encounter, Obs, Person } from './clinic.js'
import { answers, questions } from './dictionary.js'
import { date, datetime, insert, type SqlRow, type Statement, type Step } from './statement.js'

/** A question's answer on its way into a row: its concept and the one value column it fills. */
type Answer = { concept: number } & SqlRow

const formPath = 'HtmlFormEntry^'

/** The row of a new obs, remembered by the clinic. `group` makes it a member of that obs. */
export function newObs(
  clinic: Clinic,
  where: { person: Person; encounter: Encounter | null; datetime: number; location: number },
  { concept, ...value }: Answer,
  extra: SqlRow = {},
): Obs {
  const id = clinic.ids.obs++
  const row: SqlRow = {
    obs_id: id,
    person_id: where.person.id,
    concept_id: concept,
    encounter_id: where.encounter?.id ?? null,
    obs_datetime: datetime(where.datetime),
    location_id: where.location,
    obs_group_id: null,
    accession_number: null,
    value_coded: null,
    value_datetime: null,
    value_numeric: null,
    value_modifier: null,
    value_text: null,
    value_complex: null,
    creator: 1 + (where.person.id % 9),
    date_created: datetime(clinic.now),
    voided: 0,
    uuid: clinic.random.uuid(),
    previous_version: null,
    form_namespace_and_path: null,
    ...value,
    ...extra,
  }
  const obs = { id, encounter: where.encounter, row, voided: false, referenced: false }
  clinic.obs.push(obs)
  where.encounter?.obs.push(obs)
  return obs
}

/** The step that saves a triage form: vital signs, all with the encounter's own datetime. */
export function triage(clinic: Clinic, person: Person, visitId: number): Step {
  const { random } = clinic
  const encounter = newEncounter(clinic, person, visitId, 110)
  const vitals = measure(random, person.body, clinic.now)
  const numeric = (concept: number, value_numeric: number): Answer => ({ concept, value_numeric })
  const asked = [
    numeric(questions.weight, vitals.weight),
    numeric(questions.height, vitals.height),
    numeric(questions.temperature, vitals.temperature),
    numeric(questions.pulse, vitals.pulse),
    ...(random.chance(0.8) ? [numeric(questions.oxygen, vitals.oxygen)] : []),
    { concept: questions.visitScheduled, value_coded: random.pick(answers.visitScheduled) },
  ].filter(answer => answer.concept === questions.weight || random.chance(0.92))
  const obs = asked.map(answer => newObs(clinic, encounter.at, answer, path(answer)))
  if (ageAt(person.body, clinic.now) >= 10) {
    const group = newObs(clinic, encounter.at, { concept: questions.bloodPressureSet })
    group.referenced = true
    const member = { obs_group_id: group.id }
    const pressures = [
      numeric(questions.systolic, vitals.systolic),
      numeric(questions.diastolic, vitals.diastolic),
    ]
    if (random.chance(0.06)) pressures.push(numeric(questions.systolic, vitals.systolic + random.int(-6, 6)))
    obs.push(group, ...pressures.map(answer => newObs(clinic, encounter.at, answer, member)))
  }
  return save('form', encounter, obs)
}

function path(answer: Answer): SqlRow {
  return { form_namespace_and_path: `${formPath}Triage.1.0/${answer.concept}-0` }
}

/** The step that saves a consultation: coded, text and date obs, and orders. The first one enrols HIV patients. */
export function consultation(clinic: Clinic, person: Person, visitId: number): Step {
  const { random } = clinic
  const child = ageAt(person.body, clinic.now) < 15
  const first = person.encounters.every(other => other.type === 110)
  const encounter = newEncounter(clinic, person, visitId, first ? (child ? 3 : 1) : child ? 4 : 2)
  const asked: Answer[] = []
  const coded = (question: keyof typeof answers): void => {
    asked.push({ concept: questions[question], value_coded: random.pick(answers[question]) })
  }
  asked.push({
    concept: questions.returnDate,
    value_datetime: `${date(clinic.now + 28 * 86_400_000)} 00:00:00`,
  })
  if (random.chance(0.5)) coded('problemAdded')
  if (random.chance(0.6)) asked.push({ concept: questions.notes, value_text: note(clinic) })
  if (random.chance(0.03))
    asked.push({ concept: questions.chestXray, value_complex: `xray ${encounter.id}.png` })
  if (person.hiv) {
    if (!person.enrolled)
      asked.push({ concept: questions.enrolled, value_datetime: `${date(clinic.now)} 00:00:00` })
    person.enrolled = true
    coded('arvPlan')
    coded('arvRegimen')
    if (random.chance(0.05)) coded(random.pick(['careStatus', 'transferCare', 'exitReason', 'discontinued']))
  } else if (random.chance(0.3)) coded('hivStatus')
  const obs = asked.map(answer => newObs(clinic, encounter.at, answer))
  const orders = person.hiv && random.chance(0.4) ? [newOrder(clinic, encounter, questions.viralLoad)] : []
  if (random.chance(0.2)) orders.push(newOrder(clinic, encounter, questions.bloodCount))
  return save('form', encounter, obs, orders)
}

/** The step that saves laboratory results: a group of obs, and a viral load that may be below the detection limit. */
export function laboratory(clinic: Clinic, person: Person, visitId: number): Step {
  const { random } = clinic
  const encounter = newEncounter(clinic, person, visitId, 99_999)
  const group = newObs(clinic, encounter.at, { concept: questions.bloodCount })
  group.referenced = true
  const accession_number = `L${String(encounter.id).padStart(7, '0')}`
  const member = { obs_group_id: group.id, accession_number }
  const obs = [
    { concept: questions.haemoglobin, value_numeric: Math.round(random.normal(12.6, 1.5) * 10) / 10 },
    { concept: questions.whiteCells, value_numeric: Math.round(random.normal(6.1, 1.4) * 100) / 100 },
    { concept: questions.platelets, value_numeric: Math.round(random.normal(240, 50)) },
  ].map(answer => newObs(clinic, encounter.at, answer, member))
  if (person.hiv) {
    const suppressed = random.chance(0.8)
    const value_numeric = suppressed ? 40 : random.int(41, 90_000)
    const answer = { concept: questions.viralLoad, value_numeric, value_modifier: suppressed ? '<' : null }
    obs.push(newObs(clinic, encounter.at, answer, { accession_number }))
  }
  return save('form', encounter, [group, ...obs])
}

interface NewEncounter extends Encounter {
  /** What its obs share with it. */
  at: { person: Person; encounter: Encounter; datetime: number; location: number }
  row: SqlRow
}

function newEncounter(clinic: Clinic, person: Person, visitId: number, type: number): NewEncounter {
  const { id, location } = { id: clinic.ids.encounter++, location: person.location }
  const encounter: Encounter = {
    id,
    person,
    visitId,
    type,
    location,
    datetime: clinic.now,
    obs: [],
    orders: [],
    voided: false,
  }
  clinic.encounters.push(encounter)
  person.encounters.push(encounter)
  const row: SqlRow = {
    encounter_id: id,
    encounter_type: type,
    patient_id: person.id,
    location_id: location,
    form_id: type % 97,
    encounter_datetime: datetime(clinic.now),
    creator: 1 + (person.id % 9),
    date_created: datetime(clinic.now),
    visit_id: visitId,
    uuid: clinic.random.uuid(),
  }
  const at = { person, encounter, datetime: clinic.now, location }
  return Object.assign(encounter, { at, row })
}

function newOrder(clinic: Clinic, encounter: Encounter, concept: number): SqlRow {
  const id = clinic.ids.order++
  encounter.orders.push({ id, stopped: false })
  return {
    order_id: id,
    order_type_id: 3,
    concept_id: concept,
    orderer: 1 + (encounter.person.id % 9),
    encounter_id: encounter.id,
    date_activated: datetime(clinic.now),
    creator: 1 + (encounter.person.id % 9),
    date_created: datetime(clinic.now),
    patient_id: encounter.person.id,
    uuid: clinic.random.uuid(),
    urgency: clinic.random.pick(['ROUTINE', 'ROUTINE', 'STAT']),
    order_number: `ORD-${id}`,
    order_action: 'NEW',
    care_setting: 1,
  }
}

function save(kind: Step['kind'], encounter: NewEncounter, obs: readonly Obs[], orders: SqlRow[] = []): Step {
  const statements: Statement[] = [insert('encounter', [encounter.row])]
  if (orders.length > 0) statements.push(insert('orders', orders))
  statements.push(insertObs(obs))
  return { kind, statements, rows: 1 + orders.length + obs.length }
}

/** One `INSERT` of all obs; groups must come before their members. */
export function insertObs(obs: readonly Obs[]): Statement {
  return insert(
    'obs',
    obs.map(({ row }) => row),
  )
}

const remarks = [
  'feels well',
  'adheres to treatment',
  'lost weight',
  'cough for two weeks',
  'referred for counselling',
]

function note({ random }: Clinic): string {
  const text = `Patient ${random.pick(remarks)}; ${random.pick(remarks)}.`
  return random.chance(0.05) ? `${text} Asante sana 🙏` : text
}
