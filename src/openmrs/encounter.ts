import { tableSchema } from '../change/table-schema.js'
import { type TypedTopic, topic } from '../change/topic.js'

/**
 * A row of OpenMRS’s `encounter`. One meeting of a patient with a provider, which obs and orders belong to.
 */
export interface EncounterRow {
  /** INT. Identifies the encounter. */
  encounter_id: number
  /** INT. What kind of meeting, `encounter_type.encounter_type_id`. */
  encounter_type: number
  /** INT. Patient, `patient.patient_id`. */
  patient_id: number
  /** INT. Location, `location.location_id`. */
  location_id: number | null
  /** INT. The form it was entered with. */
  form_id: number | null
  /** DATETIME, ms as if UTC. When it took place. */
  encounter_datetime: number
  /** INT. User who created the row. */
  creator: number
  /** DATETIME, ms as if UTC. When the row was created. */
  date_created: number
  /** TINYINT(1). Whether the row is deleted: 1 when voided. */
  voided: number
  /** INT. User who voided the row. */
  voided_by: number | null
  /** DATETIME, ms as if UTC. When the row was voided. */
  date_voided: number | null
  /** VARCHAR(255). Why the row was voided, typed by people. */
  void_reason: string | null
  /** INT. User who last changed the row. */
  changed_by: number | null
  /** DATETIME, ms as if UTC. When the row was last changed. */
  date_changed: number | null
  /** INT. The visit it is part of, `visit.visit_id`. */
  visit_id: number | null
  /** CHAR(38). Identifies the row in OpenMRS’s API. */
  uuid: string
}

/** The topic of `encounter`, keyed by `encounter_id`; a row counts as deleted when it is voided. */
export const encounter: TypedTopic<EncounterRow> = topic<EncounterRow>(
  'encounter',
  tableSchema<EncounterRow>({
    encounter_id: 'INT NOT NULL',
    encounter_type: 'INT NOT NULL',
    patient_id: 'INT NOT NULL',
    location_id: 'INT',
    form_id: 'INT',
    encounter_datetime: 'DATETIME NOT NULL',
    creator: 'INT NOT NULL',
    date_created: 'DATETIME NOT NULL',
    voided: 'TINYINT(1) NOT NULL',
    voided_by: 'INT',
    date_voided: 'DATETIME',
    void_reason: 'VARCHAR(255)',
    changed_by: 'INT',
    date_changed: 'DATETIME',
    visit_id: 'INT',
    uuid: 'CHAR(38) NOT NULL',
  }),
  {
    key: ['encounter_id'],
    deleted: 'voided',
    sensitive: ['void_reason'],
  },
)
