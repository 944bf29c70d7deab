import { tableSchema } from '../change/table-schema.js'
import { type TypedTopic, topic } from '../change/topic.js'

/** A row of OpenMRS’s `visit`. One stay or visit of a patient, which encounters belong to. */
export interface VisitRow {
  /** INT. Identifies the visit. */
  visit_id: number
  /** INT. Patient, `patient.patient_id`. */
  patient_id: number
  /** INT. What kind of visit. */
  visit_type_id: number
  /** DATETIME, ms as if UTC. When it began. */
  date_started: number
  /** DATETIME, ms as if UTC. When it ended; null while it lasts. */
  date_stopped: number | null
  /** INT. Why, as a concept, `concept.concept_id`. */
  indication_concept_id: number | null
  /** INT. Location, `location.location_id`. */
  location_id: number | null
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
  /** CHAR(38). Identifies the row in OpenMRS’s API. */
  uuid: string
}

/** The topic of `visit`, keyed by `visit_id`; a row counts as deleted when it is voided. */
export const visit: TypedTopic<VisitRow> = topic<VisitRow>(
  'visit',
  tableSchema<VisitRow>({
    visit_id: 'INT NOT NULL',
    patient_id: 'INT NOT NULL',
    visit_type_id: 'INT NOT NULL',
    date_started: 'DATETIME NOT NULL',
    date_stopped: 'DATETIME',
    indication_concept_id: 'INT',
    location_id: 'INT',
    creator: 'INT NOT NULL',
    date_created: 'DATETIME NOT NULL',
    changed_by: 'INT',
    date_changed: 'DATETIME',
    voided: 'TINYINT(1) NOT NULL',
    voided_by: 'INT',
    date_voided: 'DATETIME',
    void_reason: 'VARCHAR(255)',
    uuid: 'CHAR(38) NOT NULL',
  }),
  {
    key: ['visit_id'],
    deleted: 'voided',
    sensitive: ['void_reason'],
  },
)
