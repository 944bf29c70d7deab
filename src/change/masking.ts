import type { Row, Value } from './column-type.js'

/** What a display shows for a sensitive value. Its length says nothing about the value's. */
export const maskText = '•••'

/** What a display shows for a value of a sensitive column: {@link maskText}, but null stays null. */
export function mask(value: Value): Value {
  return value === null ? null : maskText
}

/** The row with the values of its sensitive columns masked. The row given is not changed. */
export function maskRow(row: Row, sensitive: Iterable<string>): Row {
  const masked: Record<string, Value> = { ...row }
  for (const column of sensitive) {
    if (Object.hasOwn(masked, column)) masked[column] = mask(masked[column] ?? null)
  }
  return masked
}

/**
 * The columns of OpenMRS that say who a patient is, or hold what people typed about one: what is masked in topics that
 * have no definition. Ids and uuids are not among them: like `person_id`, a uuid means nothing to who cannot look into
 * the database already, and without it rows could not be found or joined.
 */
export const sensitiveColumnNames: ReadonlySet<string> = new Set([
  // who: person_name, person, patient_identifier, relationships' phone numbers
  'prefix',
  'given_name',
  'middle_name',
  'family_name_prefix',
  'family_name',
  'family_name2',
  'family_name_suffix',
  'degree',
  'birthdate',
  'birthtime',
  'death_date',
  'cause_of_death_non_coded',
  'identifier',
  'patient_identifier',
  'phone',
  'phone_number',
  'telephone',
  'mobile',
  'email',
  // where: person_address
  ...Array.from({ length: 15 }, (_, i) => `address${i + 1}`),
  'city_village',
  'county_district',
  'state_province',
  'postal_code',
  'latitude',
  'longitude',
  // what people typed or attached
  'value_text',
  'value_complex',
  'comments',
  'void_reason',
  'accession_number',
  'instructions',
  'comment_to_fulfiller',
  'fulfiller_comment',
  'order_reason_non_coded',
])

/** The sensitive ones among the named columns, by the definition's list or, without one, by OpenMRS names. */
export function sensitiveColumns(
  columns: readonly string[],
  definition: { readonly sensitive: readonly string[] } | null,
): readonly string[] {
  const sensitive = definition === null ? sensitiveColumnNames : new Set(definition.sensitive)
  return columns.filter(column => sensitive.has(column.toLowerCase()))
}
