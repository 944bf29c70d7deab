import { tableSchema } from '../change/table-schema.js'
import { type TypedTopic, topic } from '../change/topic.js'

/**
 * A row of OpenMRS’s `patient_identifier`. One identifier of a patient: a medical record number, a national
 * id.
 */
export interface PatientIdentifierRow {
  /** INT. Identifies the row. */
  patient_identifier_id: number
  /** INT. Whose identifier, `patient.patient_id`. */
  patient_id: number
  /** VARCHAR(50). The identifier itself. */
  identifier: string
  /** INT. What kind of identifier. */
  identifier_type: number
  /** TINYINT(1). 1 for the one to show where there are several. */
  preferred: number
  /** INT. Who gave it out, `location.location_id`. */
  location_id: number | null
  /** INT. User who created the row. */
  creator: number
  /** DATETIME, ms as if UTC. When the row was created. */
  date_created: number
  /** DATETIME, ms as if UTC. When the row was last changed. */
  date_changed: number | null
  /** INT. User who last changed the row. */
  changed_by: number | null
  /** TINYINT(1). Whether the row is deleted: 1 when voided. */
  voided: number
  /** INT. User who voided the row. */
  voided_by: number | null
  /** DATETIME, ms as if UTC. When the row was voided. */
  date_voided: number | null
  /** VARCHAR(255). Why the row was voided, typed by people. */
  void_reason: string | null
  /** CHAR(38). Identifies the row in OpenMRS’s API. */
  uuid: string
}

/**
 * The topic of `patient_identifier`, keyed by `patient_identifier_id`; a row counts as deleted when it is
 * voided.
 */
export const patientIdentifier: TypedTopic<PatientIdentifierRow> = topic<PatientIdentifierRow>(
  'patient_identifier',
  tableSchema<PatientIdentifierRow>({
    patient_identifier_id: 'INT NOT NULL',
    patient_id: 'INT NOT NULL',
    identifier: 'VARCHAR(50) NOT NULL',
    identifier_type: 'INT NOT NULL',
    preferred: 'TINYINT(1) NOT NULL',
    location_id: 'INT',
    creator: 'INT NOT NULL',
    date_created: 'DATETIME NOT NULL',
    date_changed: 'DATETIME',
    changed_by: 'INT',
    voided: 'TINYINT(1) NOT NULL',
    voided_by: 'INT',
    date_voided: 'DATETIME',
    void_reason: 'VARCHAR(255)',
    uuid: 'CHAR(38) NOT NULL',
  }),
  {
    key: ['patient_identifier_id'],
    deleted: 'voided',
    sensitive: ['identifier', 'void_reason'],
  },
)
