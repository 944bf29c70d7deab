import { tableSchema } from '../change/table-schema.js'
import { type TypedTopic, topic } from '../change/topic.js'

/** A row of OpenMRS’s `patient`. One person who is a patient. */
export interface PatientRow {
  /** INT. Identifies the patient; the same as `person.person_id`. */
  patient_id: number
  /** INT. User who created the row. */
  creator: number
  /** DATETIME, ms as if UTC. When the row was created. */
  date_created: number
  /** INT. User who last changed the row. */
  changed_by: number | null
  /** DATETIME, ms as if UTC. When the row was last changed. */
  date_changed: number | null
  /** TINYINT(1). Whether the row is deleted: 1 when voided. */
  voided: number
  /** INT. User who voided the row. */
  voided_by: number | null
  /** DATETIME, ms as if UTC. When the row was voided. */
  date_voided: number | null
  /** VARCHAR(255). Why the row was voided, typed by people. */
  void_reason: string | null
  /** VARCHAR(50). `'Unknown'`, `'No known allergies'` or `'See list'`. */
  allergy_status: string
}

/** The topic of `patient`, keyed by `patient_id`; a row counts as deleted when it is voided. */
export const patient: TypedTopic<PatientRow> = topic<PatientRow>(
  'patient',
  tableSchema<PatientRow>({
    patient_id: 'INT NOT NULL',
    creator: 'INT NOT NULL',
    date_created: 'DATETIME NOT NULL',
    changed_by: 'INT',
    date_changed: 'DATETIME',
    voided: 'TINYINT(1) NOT NULL',
    voided_by: 'INT',
    date_voided: 'DATETIME',
    void_reason: 'VARCHAR(255)',
    allergy_status: 'VARCHAR(50) NOT NULL',
  }),
  {
    key: ['patient_id'],
    deleted: 'voided',
    sensitive: ['void_reason'],
  },
)
