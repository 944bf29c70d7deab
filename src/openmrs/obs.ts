import { tableSchema } from '../change/table-schema.js'
import { type TypedTopic, topic } from '../change/topic.js'

/**
 * A row of OpenMRS’s `obs`. One observation: a question (`concept_id`) about a person and its answer in one
 * of the `value_` columns.
 */
export interface ObsRow {
  /** INT. Identifies the obs. */
  obs_id: number
  /** INT. Whom it is about, `person.person_id`. */
  person_id: number
  /** INT. The question, `concept.concept_id`. */
  concept_id: number
  /** INT. Where it was recorded, `encounter.encounter_id`; null outside encounters. */
  encounter_id: number | null
  /** INT. The order it answers, `orders.order_id`. */
  order_id: number | null
  /** DATETIME, ms as if UTC. When it was observed. */
  obs_datetime: number
  /** INT. Where it was observed, `location.location_id`. */
  location_id: number | null
  /** INT. The obs it is a part of, `obs.obs_id`. */
  obs_group_id: number | null
  /** VARCHAR(255). The laboratory’s sample number. */
  accession_number: string | null
  /** INT. Unused by OpenMRS 2. */
  value_group_id: number | null
  /** INT. Answer that is a concept, `concept.concept_id`. */
  value_coded: number | null
  /** INT. The name chosen for a coded answer, `concept_name.concept_name_id`. */
  value_coded_name_id: number | null
  /** INT. Answer that is a drug. */
  value_drug: number | null
  /** DATETIME, ms as if UTC. Answer that is a date or time. */
  value_datetime: number | null
  /** DOUBLE. Answer that is a number, in the concept’s unit. */
  value_numeric: number | null
  /** VARCHAR(2). `'<'` or `'>'` before a numeric answer. */
  value_modifier: string | null
  /** TEXT. Answer that is text. */
  value_text: string | null
  /** VARCHAR(255). Answer that is kept elsewhere: title and handler. */
  value_complex: string | null
  /** VARCHAR(255). Remark, typed by people. */
  comments: string | null
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
  /** CHAR(38). Identifies the row in OpenMRS’s API. */
  uuid: string
  /** INT. The obs that this one replaced, `obs.obs_id`: an edit inserts a new obs and voids the old one. */
  previous_version: number | null
  /** VARCHAR(255). The form field it was entered in. */
  form_namespace_and_path: string | null
  /** VARCHAR(16). `'PRELIMINARY'`, `'FINAL'` or `'AMENDED'`. */
  status: string
  /** VARCHAR(32). `'NORMAL'`, `'ABNORMAL'`, `'CRITICALLY_HIGH'`, … */
  interpretation: string | null
}

/** The topic of `obs`, keyed by `obs_id`; a row counts as deleted when it is voided. */
export const obs: TypedTopic<ObsRow> = topic<ObsRow>(
  'obs',
  tableSchema<ObsRow>({
    obs_id: 'INT NOT NULL',
    person_id: 'INT NOT NULL',
    concept_id: 'INT NOT NULL',
    encounter_id: 'INT',
    order_id: 'INT',
    obs_datetime: 'DATETIME NOT NULL',
    location_id: 'INT',
    obs_group_id: 'INT',
    accession_number: 'VARCHAR(255)',
    value_group_id: 'INT',
    value_coded: 'INT',
    value_coded_name_id: 'INT',
    value_drug: 'INT',
    value_datetime: 'DATETIME',
    value_numeric: 'DOUBLE',
    value_modifier: 'VARCHAR(2)',
    value_text: 'TEXT',
    value_complex: 'VARCHAR(255)',
    comments: 'VARCHAR(255)',
    creator: 'INT NOT NULL',
    date_created: 'DATETIME NOT NULL',
    voided: 'TINYINT(1) NOT NULL',
    voided_by: 'INT',
    date_voided: 'DATETIME',
    void_reason: 'VARCHAR(255)',
    uuid: 'CHAR(38) NOT NULL',
    previous_version: 'INT',
    form_namespace_and_path: 'VARCHAR(255)',
    status: 'VARCHAR(16) NOT NULL',
    interpretation: 'VARCHAR(32)',
  }),
  {
    key: ['obs_id'],
    deleted: 'voided',
    sensitive: ['accession_number', 'value_text', 'value_complex', 'comments', 'void_reason'],
  },
)
