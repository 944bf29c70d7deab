import type { Clinic, Encounter } from './clinic.js'
import { voidColumns } from './obs-events.js'
import { datetime, plain, type SqlRow, type Statement, type Step, update } from './statement.js'

/** Voids a whole encounter with its obs and orders, as deleting a form does. */
export function voidEncounter(clinic: Clinic): Step | null {
  const encounter = clinic.someEncounter(encounter => !encounter.voided && encounter.obs.length > 0)
  if (encounter === undefined) return null
  encounter.voided = true
  const set = voidColumns(clinic, 'wrong patient')
  const statements = [update('encounter', 'encounter_id', encounter.id, set)]
  for (const obs of encounter.obs.filter(obs => !obs.voided)) {
    obs.voided = true
    obs.row = { ...obs.row, ...set }
    statements.push(update('obs', 'obs_id', obs.id, set))
  }
  for (const order of encounter.orders) statements.push(update('orders', 'order_id', order.id, set))
  return { kind: 'void-encounter', statements, rows: statements.length }
}

/** Takes the void of an encounter back, with its obs and orders. */
export function unvoidEncounter(clinic: Clinic): Step | null {
  const encounter = clinic.encounters.find(encounter => encounter.voided)
  if (encounter === undefined) return null
  encounter.voided = false
  const set = voidColumns(clinic, null)
  const statements = [update('encounter', 'encounter_id', encounter.id, set)]
  for (const obs of encounter.obs.filter(obs => obs.voided && obs.row.void_reason === 'wrong patient')) {
    obs.voided = false
    obs.row = { ...obs.row, ...set }
    statements.push(update('obs', 'obs_id', obs.id, set))
  }
  for (const order of encounter.orders) statements.push(update('orders', 'order_id', order.id, set))
  return { kind: 'unvoid-encounter', statements, rows: statements.length }
}

/** Voids every obs of an encounter, its last one included, and leaves the encounter. */
export function emptyEncounter(clinic: Clinic): Step | null {
  const full = (encounter: Encounter): boolean => !encounter.voided && encounter.obs.some(obs => !obs.voided)
  const encounter = clinic.someEncounter(full)
  if (encounter === undefined) return null
  const set = voidColumns(clinic, 'emptied')
  const statements: Statement[] = []
  for (const obs of encounter.obs.filter(obs => !obs.voided)) {
    obs.voided = true
    obs.row = { ...obs.row, ...set }
    statements.push(update('obs', 'obs_id', obs.id, set))
  }
  return { kind: 'empty-encounter', statements, rows: statements.length }
}

/** Corrects the day of an encounter: its own datetime and that of all its obs. */
export function reschedule(clinic: Clinic): Step | null {
  const encounter = clinic.someEncounter(encounter => !encounter.voided && encounter.obs.length > 0)
  if (encounter === undefined) return null
  encounter.datetime -= 86_400_000
  const moment = datetime(encounter.datetime)
  const audit = { changed_by: 3, date_changed: datetime(clinic.now) }
  const statements = [
    update('encounter', 'encounter_id', encounter.id, { encounter_datetime: moment, ...audit }),
    ...encounter.obs.map(obs => {
      obs.row = { ...obs.row, obs_datetime: moment }
      return update('obs', 'obs_id', obs.id, { obs_datetime: moment })
    }),
  ]
  return { kind: 'reschedule', statements, rows: statements.length }
}

/** Stops an order. */
export function stopOrder(clinic: Clinic): Step | null {
  const encounter = clinic.someEncounter(encounter => encounter.orders.some(order => !order.stopped))
  const order = encounter?.orders.find(order => !order.stopped)
  if (order === undefined) return null
  order.stopped = true
  const set = { date_stopped: datetime(clinic.now), fulfiller_status: 'COMPLETED' }
  return { kind: 'stop-order', statements: [update('orders', 'order_id', order.id, set)], rows: 1 }
}

/** Corrects a name or an address; once the address table has its new column, that too. */
export function changePerson(clinic: Clinic): Step {
  const person = clinic.somePatient()
  const audit = { changed_by: 4, date_changed: datetime(clinic.now) }
  if (clinic.random.chance(0.4)) {
    const middle_name = clinic.random.pick(['Amani', 'Neema', 'Tendo', 'Kirabo'])
    const name = update('person_name', 'person_name_id', person.nameId, { middle_name, ...audit })
    return { kind: 'change-person', statements: [name], rows: 1 }
  }
  const address1 = `Plot ${clinic.random.int(401, 900)}`
  const wider: SqlRow = clinic.widerAddress ? { address7: 'near the market' } : {}
  const address = update('person_address', 'person_address_id', person.addressId, {
    address1,
    ...wider,
    ...audit,
  })
  return { kind: 'change-person', statements: [address], rows: 1 }
}

/** Records a death. */
export function death(clinic: Clinic): Step | null {
  const person = clinic.somePatient()
  if (person.dead) return null
  person.dead = true
  const set = {
    dead: 1,
    death_date: datetime(clinic.now - 86_400_000),
    cause_of_death: 58,
    changed_by: 5,
    date_changed: datetime(clinic.now),
  }
  return { kind: 'death', statements: [update('person', 'person_id', person.id, set)], rows: 1 }
}

/** Widens a column of obs, as OpenMRS 2 did. */
export function alterObs(): Step {
  const statements = [plain('ALTER TABLE obs MODIFY COLUMN value_complex varchar(1000)')]
  return { kind: 'alter', statements, rows: 0 }
}

/** Adds a column in the middle of person_address, as OpenMRS 2 did. */
export function alterAddress(clinic: Clinic): Step {
  clinic.widerAddress = true
  const statements = [
    plain('ALTER TABLE person_address ADD COLUMN address7 varchar(255) NULL AFTER address6'),
  ]
  return { kind: 'alter', statements, rows: 0 }
}

/** Adds a column to obslab_types and widens two. */
export function alterTypes(clinic: Clinic): Step {
  return { kind: 'alter', statements: clinic.types.alter(), rows: 0 }
}
