import { tableSchema } from '../change/table-schema.js'
import { type TypedTopic, topic } from '../change/topic.js'

/** A row of OpenMRS’s `concept_name`. One name of a concept in one language. */
export interface ConceptNameRow {
  /** INT. Identifies the name. */
  concept_name_id: number
  /** INT. Concept, `concept.concept_id`. */
  concept_id: number | null
  /** VARCHAR(255). The name. */
  name: string
  /** VARCHAR(50). Its language, `en`, `fr`, …. */
  locale: string
  /** TINYINT(1). 1 for the one to show in its language. */
  locale_preferred: number | null
  /** INT. User who created the row. */
  creator: number
  /** DATETIME, ms as if UTC. When the row was created. */
  date_created: number
  /** VARCHAR(50). `'FULLY_SPECIFIED'`, `'SHORT'`, `'INDEX_TERM'` or null for a synonym. */
  concept_name_type: string | null
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
  /** DATETIME, ms as if UTC. When the row was last changed. */
  date_changed: number | null
  /** INT. User who last changed the row. */
  changed_by: number | null
}

/** The topic of `concept_name`, keyed by `concept_name_id`; a row counts as deleted when it is voided. */
export const conceptName: TypedTopic<ConceptNameRow> = topic<ConceptNameRow>(
  'concept_name',
  tableSchema<ConceptNameRow>({
    concept_name_id: 'INT NOT NULL',
    concept_id: 'INT',
    name: 'VARCHAR(255) NOT NULL',
    locale: 'VARCHAR(50) NOT NULL',
    locale_preferred: 'TINYINT(1)',
    creator: 'INT NOT NULL',
    date_created: 'DATETIME NOT NULL',
    concept_name_type: 'VARCHAR(50)',
    voided: 'TINYINT(1) NOT NULL',
    voided_by: 'INT',
    date_voided: 'DATETIME',
    void_reason: 'VARCHAR(255)',
    uuid: 'CHAR(38) NOT NULL',
    date_changed: 'DATETIME',
    changed_by: 'INT',
  }),
  {
    key: ['concept_name_id'],
    deleted: 'voided',
  },
)
