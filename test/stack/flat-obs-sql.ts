import { query } from './query.js'

const itemsSql = `SELECT o.obs_id, o.person_id, o.encounter_id, o.location_id, o.uuid, o.voided, o.concept_id,
    o.obs_datetime, o.obs_group_id, parent.concept_id AS parent_concept_id,
    o.value_coded, o.value_drug, o.value_datetime, o.value_numeric, o.value_text
  FROM obs o LEFT JOIN obs parent ON parent.obs_id = o.obs_group_id
  WHERE o.voided = 0 ORDER BY o.obs_id`

const ordersSql = `SELECT order_id, encounter_id, concept_id AS order_concept_id, date_activated, voided
  FROM orders WHERE voided = 0 ORDER BY order_id`

const encountersSql = `SELECT e.encounter_id, e.patient_id, e.encounter_type, e.location_id, e.visit_id,
    v.visit_type_id, e.encounter_datetime, p.gender, p.birthdate, p.dead, p.death_date, e.uuid
  FROM encounter e
  LEFT JOIN visit v ON v.visit_id = e.visit_id AND v.voided = 0
  LEFT JOIN person p ON p.person_id = e.patient_id AND p.voided = 0
  WHERE e.voided = 0 ORDER BY e.encounter_id`

const personsSql = 'SELECT person_id, gender, birthdate, dead, death_date FROM person WHERE voided = 0'

interface Item {
  obs_id: number
  person_id: number
  encounter_id: number | null
  location_id: number | null
  uuid: string
  voided: number
  concept_id: number
  obs_datetime: string
  obs_group_id: number | null
  parent_concept_id: number | null
  value_coded: number | null
  value_drug: number | null
  value_datetime: string | null
  value_numeric: number | null
  value_text: string | null
}

interface Order {
  order_id: number
  encounter_id: number | null
  order_concept_id: number
  date_activated: string | null
  voided: number
}

interface Encounter {
  encounter_id: number
  encounter_datetime: string
  death_date: string | null
}

interface Person {
  person_id: number
  gender: string | null
  birthdate: string | null
  dead: number
  death_date: string | null
}

/**
 * The documents of flat_obs from plain SQL on the final tables, ordered by encounter_id: rows by MySQL, put together by
 * a loop. Times are milliseconds as if the local time were UTC.
 */
export async function flatObsBySql(mysqlUrl: string, database: string): Promise<object[]> {
  const items = await query<Item>(mysqlUrl, database, itemsSql)
  const orders = await query<Order>(mysqlUrl, database, ordersSql)
  const encounters = await query<Encounter>(mysqlUrl, database, encountersSql)
  const persons = new Map(
    (await query<Person>(mysqlUrl, database, personsSql)).map(person => [person.person_id, person]),
  )
  const itemsOf = byEncounter(items)
  const ordersOf = byEncounter(orders)
  const documents: object[] = []
  for (const encounter of encounters) {
    const obs = itemsOf.get(encounter.encounter_id) ?? []
    const ordered = ordersOf.get(encounter.encounter_id) ?? []
    if (obs.length + ordered.length === 0) continue
    documents.push({
      ...encounter,
      encounter_datetime: msOf(encounter.encounter_datetime),
      death_date: msOf(encounter.death_date),
      obs: obs.map(itemOf),
      orders: ordered.map(({ encounter_id: _, ...order }) => ({
        ...order,
        date_activated: msOf(order.date_activated),
      })),
    })
  }
  for (const item of itemsOf.get(null) ?? []) documents.push(looseDocument(item, persons.get(item.person_id)))
  return documents
}

function byEncounter<R extends { encounter_id: number | null }>(rows: readonly R[]): Map<number | null, R[]> {
  const groups = new Map<number | null, R[]>()
  for (const row of rows) groups.set(row.encounter_id, [...(groups.get(row.encounter_id) ?? []), row])
  return groups
}

function looseDocument(item: Item, person: Person | undefined): object {
  return {
    encounter_id: item.obs_id + 10_000_000_000,
    patient_id: item.person_id,
    encounter_type: 999,
    location_id: item.location_id,
    visit_id: 0,
    visit_type_id: 999,
    encounter_datetime: msOf(item.obs_datetime),
    gender: person?.gender ?? null,
    birthdate: person?.birthdate ?? null,
    dead: person?.dead ?? null,
    death_date: msOf(person?.death_date ?? null),
    uuid: item.uuid,
    obs: [itemOf(item)],
    orders: [],
  }
}

function itemOf(item: Item): object {
  const { obs_id, voided, concept_id, obs_datetime, obs_group_id, parent_concept_id } = item
  const [value_type, value] = answerOf(item)
  return {
    obs_id,
    voided,
    concept_id,
    obs_datetime: msOf(obs_datetime),
    value,
    value_type,
    obs_group_id,
    parent_concept_id,
  }
}

function answerOf(item: Item): [string, string] | [null, null] {
  if (item.value_coded !== null) return ['coded', String(item.value_coded)]
  if (item.value_drug !== null) return ['drug', String(item.value_drug)]
  if (item.value_datetime !== null) return ['datetime', item.value_datetime.replace(' ', 'T')]
  if (item.value_numeric !== null) return ['numeric', String(item.value_numeric)]
  if (item.value_text !== null) return ['text', item.value_text]
  return [null, null]
}

function msOf(text: string): number
function msOf(text: string | null): number | null
function msOf(text: string | null): number | null {
  return text === null ? null : Date.parse(`${text.replace(' ', 'T')}Z`)
}
