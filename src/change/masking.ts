import type { ColumnKind, Value } from './column-type.js'

/** What a display shows for a sensitive value. Its length says nothing about the value's. */
export const maskText = '•••'

/** What a display shows for a value of a sensitive column: {@link maskText}, but null stays null. */
export function mask(value: Value): Value {
  return value === null ? null : maskText
}

/**
 * The columns of OpenMRS that say who a patient is, or hold what people typed about one: masked in every topic, unless
 * its definition declassifies them. Ids and uuids are not among them: like `person_id`, a uuid means nothing to who
 * cannot look into the database already, and without it rows could not be found or joined.
 */
const sensitiveNames = namesOf(
  // who: person_name, person, patient_identifier, person_attribute, users
  'prefix given_name middle_name family_name_prefix family_name family_name2 family_name_suffix degree',
  'first_name last_name full_name person_name patient_name mother_name mothers_name',
  'birthdate birthtime date_of_birth death_date cause_of_death_non_coded identifier patient_identifier',
  'phone phone_number telephone telephone_number mobile mobile_number email email_address',
  'username system_id password salt secret_question secret_answer activation_key',
  // where: person_address
  Array.from({ length: 15 }, (_, i) => `address${i + 1}`).join(' '),
  'address city_village county_district state_province postal_code latitude longitude',
  // what people typed or attached
  'value_text value_complex comments void_reason accession_number instructions dosing_instructions',
  'comment_to_fulfiller fulfiller_comment order_reason_non_coded non_coded_allergen condition_non_coded',
  'diagnosis_non_coded drug_non_coded clinical_history hl7_data error_details',
)

/** Names that hold what people typed where they hold text; as numbers, such as a job's `value`, they are shown. */
const textNames = namesOf(
  'value value_reference comment note notes text reason message remark remarks additional_detail end_reason',
)

/** Text columns of OpenMRS that hold codes, shown in topics without a definition. */
const safeNames = namesOf(
  'uuid gender status interpretation value_modifier form_namespace_and_path locale concept_name_type',
  'urgency order_action order_number dosing_type version',
)

/** Tables of OpenMRS that hold its dictionary and its settings and no patient: their texts are shown untyped. */
const metadataTables: ReadonlySet<string> = new Set([
  'concept',
  'concept_class',
  'concept_datatype',
  'concept_name',
  'drug',
  'encounter_type',
  'location',
  'order_type',
  'patient_identifier_type',
  'person_attribute_type',
  'visit_type',
])

/** What a topic's definition says about sensitive columns. */
export interface Masking {
  /** Sensitive columns, besides those known by their names. */
  readonly sensitive: readonly string[]
  /** Columns known by their names that are to be shown nevertheless. */
  readonly declassified?: readonly string[] | undefined
}

/**
 * Whether what shows or exports a column of the topic masks it. It does when the definition names it as sensitive; or
 * when OpenMRS's columns of that name are, upper case or lower, `given_name` or `givenName`, unless the definition
 * declassifies it; or when the topic has no definition and the column holds free text (text, JSON or bytes, or nobody
 * knows what), save for codes such as `gender` and the tables of OpenMRS's dictionary such as `concept_name`. So a
 * definition that leaves columns out shows none of those known to be sensitive.
 */
export function isSensitive(
  column: { readonly name: string; readonly kind?: ColumnKind | undefined },
  topic: string,
  definition: Masking | null,
): boolean {
  const name = normalized(column.name)
  const names = (list: readonly string[] = []): boolean => list.some(listed => normalized(listed) === name)
  if (names(definition?.sensitive)) return true
  if (names(definition?.declassified)) return false
  const holdsText = column.kind === undefined || textKinds.has(column.kind)
  if (sensitiveNames.has(name) || (holdsText && textNames.has(name))) return true
  if (definition !== null || !holdsText || safeNames.has(name)) return false
  return !metadataTables.has(topic.slice(topic.lastIndexOf('.') + 1).toLowerCase())
}

const textKinds: ReadonlySet<ColumnKind> = new Set(['text', 'json', 'bytes'])

function namesOf(...lists: readonly string[]): ReadonlySet<string> {
  return new Set(lists.flatMap(list => list.split(' ').map(normalized)))
}

/** One spelling for `given_name`, `givenName` and `GIVEN_NAME`. */
function normalized(name: string): string {
  return name.toLowerCase().replaceAll(/[^\p{L}\p{N}]/gu, '')
}
