import type { Random } from './random.js'
import { datetime, insert, type Statement, type Step } from './statement.js'

/** The questions that the simulated forms ask, by what they mean, as concept ids of the dictionary. */
export const questions = {
  systolic: 5085,
  diastolic: 5086,
  pulse: 5087,
  temperature: 5088,
  weight: 5089,
  height: 5090,
  oxygen: 5092,
  visitScheduled: 1839,
  bloodPressureSet: 1114,
  returnDate: 5096,
  problemAdded: 6042,
  notes: 1915,
  chestXray: 12,
  arvPlan: 1255,
  arvRegimen: 1088,
  careStatus: 9082,
  transferCare: 1285,
  exitReason: 1596,
  discontinued: 1946,
  enrolled: 7013,
  hivStatus: 5303,
  bloodCount: 1019,
  haemoglobin: 21,
  whiteCells: 678,
  platelets: 729,
  viralLoad: 856,
  cd4: 5497,
} as const

/** The coded answers to each coded question. */
export const answers = {
  visitScheduled: [1246, 1837, 1838],
  problemAdded: [123, 58, 16, 5334, 903],
  arvPlan: [1256, 1257, 1260],
  arvRegimen: [6964, 6965],
  careStatus: [9036, 159, 9083, 1286],
  transferCare: [1287, 9068],
  exitReason: [1593, 159],
  discontinued: [1065, 1066],
  hivStatus: [703, 822, 664],
} as const

const names: Readonly<Record<number, string>> = {
  12: 'X-RAY, CHEST',
  16: 'DIARRHEA',
  21: 'HEMOGLOBIN',
  58: 'TUBERCULOSIS',
  123: 'MALARIA',
  159: 'DEAD',
  664: 'NEGATIVE',
  678: 'WHITE BLOOD CELLS',
  703: 'POSITIVE',
  729: 'PLATELETS',
  822: 'EXPOSURE TO HIV',
  856: 'HIV VIRAL LOAD, QUANTITATIVE',
  903: 'HYPERTENSION',
  1019: 'COMPLETE BLOOD COUNT',
  1065: 'YES',
  1066: 'NO',
  1088: 'CURRENT ANTIRETROVIRAL DRUGS',
  1114: 'VITAL SIGNS',
  1246: 'SCHEDULED VISIT',
  1255: 'ANTIRETROVIRAL PLAN',
  1256: 'START DRUGS',
  1257: 'CONTINUE REGIMEN',
  1260: 'STOP ALL MEDICATIONS',
  1285: 'TRANSFER CARE TO OTHER CENTER',
  1286: 'TRANSFER WITHIN THE PROGRAM',
  1287: 'TRANSFER OUT OF THE PROGRAM',
  1593: 'PATIENT DIED',
  1596: 'REASON EXITED CARE',
  1837: 'UNSCHEDULED VISIT, EARLY',
  1838: 'UNSCHEDULED VISIT, LATE',
  1839: 'CURRENT VISIT TYPE',
  1915: 'CLINICIAN NOTES',
  1946: 'DISCONTINUE FROM PROGRAM',
  5085: 'SYSTOLIC BLOOD PRESSURE',
  5086: 'DIASTOLIC BLOOD PRESSURE',
  5087: 'PULSE',
  5088: 'TEMPERATURE (C)',
  5089: 'WEIGHT (KG)',
  5090: 'HEIGHT (CM)',
  5092: 'BLOOD OXYGEN SATURATION',
  5096: 'RETURN VISIT DATE',
  5303: 'HIV STATUS',
  5334: 'ORAL CANDIDIASIS',
  5497: 'CD4 COUNT',
  6042: 'PROBLEM ADDED',
  6964: 'TENOFOVIR, LAMIVUDINE AND DOLUTEGRAVIR',
  6965: 'ABACAVIR, LAMIVUDINE AND DOLUTEGRAVIR',
  7013: 'DATE ENROLLED IN THE PROGRAM',
  9036: 'HIV NEGATIVE, NO LONGER AT RISK',
  9068: 'TRANSFER OUT, CONFIRMED',
  9082: 'PATIENT CARE STATUS',
  9083: 'SELF DISENGAGED FROM CARE',
}

/** The encounter types by id. */
export const encounterTypes: Readonly<Record<number, string>> = {
  1: 'ADULTINITIAL',
  2: 'ADULTRETURN',
  3: 'PEDSINITIAL',
  4: 'PEDSRETURN',
  31: 'DEATHREPORT',
  110: 'TRIAGE',
  99999: 'LAB RESULT',
}

/** The invented health centres by location id, with their town and country; the first are the parents of none. */
export const locations: Readonly<Record<number, readonly [name: string, town: string, country: string]>> = {
  1: ['Mto Safi Referral Hospital', 'Mto Safi', 'Kenya'],
  2: ['Kilima Health Centre', 'Kilima', 'Kenya'],
  3: ['Ziwa Dispensary', 'Ziwa', 'Kenya'],
  4: ['Nyota Clinic', 'Nyota', 'Kenya'],
  5: ['Akasozi Health Centre IV', 'Akasozi', 'Uganda'],
  6: ['Enyanja Hospital', 'Enyanja', 'Uganda'],
}

/** The step that inserts concepts, their names in English and some in Swahili, locations and encounter types. */
export function metadata(random: Random, now: number): Step {
  const created = { creator: 1, date_created: datetime(now) }
  const ids = Object.keys(names).map(Number)
  const concepts = ids.map(concept_id => ({
    concept_id,
    datatype_id: 1,
    class_id: 7,
    is_set: concept_id === 1019 || concept_id === 1114 ? 1 : 0,
    ...created,
    uuid: random.uuid(),
  }))
  const conceptNames = ids.map((concept_id, index) => ({
    concept_name_id: index + 1,
    concept_id,
    name: names[concept_id]!,
    locale: 'en',
    locale_preferred: 1,
    ...created,
    concept_name_type: 'FULLY_SPECIFIED',
    uuid: random.uuid(),
  }))
  const places = Object.entries(locations).map(([id, [name, town, country]]) => ({
    location_id: Number(id),
    name,
    city_village: town,
    country,
    ...created,
    parent_location: id === '1' || id === '6' ? null : country === 'Kenya' ? 1 : 6,
    uuid: random.uuid(),
  }))
  const types = Object.entries(encounterTypes).map(([id, name]) => ({
    encounter_type_id: Number(id),
    name,
    ...created,
    uuid: random.uuid(),
  }))
  const statements: Statement[] = [
    insert('concept', concepts),
    insert('concept_name', conceptNames),
    insert(
      'location',
      places.toSorted((a, b) => Number(a.parent_location !== null) - Number(b.parent_location !== null)),
    ),
    insert('encounter_type', types),
  ]
  return {
    kind: 'metadata',
    statements,
    rows: concepts.length + conceptNames.length + places.length + types.length,
  }
}
