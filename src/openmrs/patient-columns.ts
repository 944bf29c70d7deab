/**
 * Columns of OpenMRS that hold the same id under two names: a patient is a person, so `patient_id` is the `person_id` of
 * the patient.
 */
export const sameColumn: Readonly<Record<string, string>> = {
  person_id: 'patient_id',
  patient_id: 'person_id',
}
