import { type Body, newBody } from './body.js'
import type { Clinic, Person } from './clinic.js'
import { locations } from './dictionary.js'
import { date, datetime, insert, type SqlRow, type Step } from './statement.js'

const givenNames = {
  F: [
    'Achieng',
    'Nekesa',
    'Wanjiru',
    'Nakato',
    'Zawadi',
    'Akinyi',
    'Namukasa',
    'Chebet',
    'Mwikali',
    'Apio',
    'Zoë',
  ],
  M: [
    'Otieno',
    'Wafula',
    'Kamau',
    'Wasswa',
    'Baraka',
    'Ochieng',
    'Mugisha',
    'Kiprono',
    'Mutua',
    'Okello',
    'Juma',
  ],
}
const familyNames = [
  ...['Barasambo', 'Odhimbo', 'Kiprugut-Ole', 'Nabwirema', 'Wekulo', 'Muthokari', 'Ssembago', 'Atimango'],
  ...[
    'Tumusiimwa',
    "Ng'ang'ari",
    'Chepkorio',
    'Oloitiptak',
    'Lubangari',
    'Makokhale',
    'Auma-Okot',
    'Nñandú-日本',
  ],
]
const flowers = ['🌸', '😀', '👩‍⚕️']

/** The step that registers a new patient: person, name, address, patient and identifiers, in one transaction. */
export function register(clinic: Clinic): Step {
  const { random, now } = clinic
  const id = clinic.ids.person++
  const gender = random.chance(0.6) ? 'F' : 'M'
  const child = random.chance(0.3)
  const days = child ? random.int(30, 14 * 365) : random.int(16 * 365, 78 * 365)
  const birthdate = Math.floor(now / 86_400_000 - days) * 86_400_000
  const person: Person = {
    id,
    nameId: clinic.ids.name++,
    addressId: clinic.ids.address++,
    location: random.int(1, 6),
    body: newBody(random, birthdate, gender),
    hiv: random.chance(0.7),
    enrolled: false,
    dead: false,
    encounters: [],
    visits: 0,
  }
  clinic.persons.push(person)
  const created = { creator: random.int(1, 9), date_created: datetime(now) }
  const statements = [
    insert('person', [personRow(clinic, person, created)]),
    insert('person_name', [nameRow(clinic, person, created)]),
    insert('person_address', [addressRow(clinic, person, created)]),
    insert('patient', [{ patient_id: id, ...created, allergy_status: 'Unknown' }]),
    insert('patient_identifier', identifierRows(clinic, person, created)),
  ]
  return { kind: 'patient', statements, rows: 6 }
}

function personRow(clinic: Clinic, { id, body }: { id: number; body: Body }, created: SqlRow): SqlRow {
  const estimated = clinic.random.chance(0.2)
  const born = date(body.birthdate)
  const birthdate = estimated ? `${born.slice(0, 4)}-01-01` : born
  return {
    person_id: id,
    gender: body.gender,
    birthdate,
    birthdate_estimated: estimated ? 1 : 0,
    ...created,
    uuid: clinic.random.uuid(),
  }
}

function nameRow({ random }: Clinic, { id, nameId, body }: Person, created: SqlRow): SqlRow {
  const given = random.pick(givenNames[body.gender])
  return {
    person_name_id: nameId,
    preferred: 1,
    person_id: id,
    given_name: id === 3 || random.chance(0.02) ? `${given} ${random.pick(flowers)}` : given,
    middle_name: random.chance(0.4) ? random.pick(givenNames[body.gender]) : null,
    family_name: random.pick(familyNames),
    ...created,
    uuid: random.uuid(),
  }
}

function addressRow({ random }: Clinic, { id, addressId, location }: Person, created: SqlRow): SqlRow {
  const [, town, country] = locations[location]!
  return {
    person_address_id: addressId,
    person_id: id,
    preferred: 1,
    address1: `Plot ${random.int(1, 400)}`,
    city_village: town,
    country,
    county_district: `${town} District`,
    address6: random.pick(['East', 'West']),
    ...created,
    uuid: random.uuid(),
  }
}

/** A number typed as clinics type it (dashes, blanks, case) and the national one. */
function identifierRows(clinic: Clinic, { id, location }: Person, created: SqlRow): SqlRow[] {
  const { random } = clinic
  const typed = random.pick([
    `MS${10_000 + id}-${id % 10}`,
    `ms ${10_000 + id}`,
    `MS-${10_000 + id}/${id % 10}`,
  ])
  return [typed, `NU${String(70_000_000 + id * 37)}`].map((identifier, index) => ({
    patient_identifier_id: clinic.ids.identifier++,
    patient_id: id,
    identifier,
    identifier_type: index + 3,
    preferred: index === 0 ? 1 : 0,
    location_id: location,
    ...created,
    uuid: random.uuid(),
  }))
}
