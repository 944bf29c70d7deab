import { tableSchema } from '../change/table-schema.js'
import { type TypedTopic, topic } from '../change/topic.js'

/** A row of OpenMRS’s `concept`. One concept of the dictionary: a question, an answer, a drug, a test. */
export interface ConceptRow {
  /** INT. Identifies the concept. */
  concept_id: number
  /** TINYINT(1). Whether it is no longer offered: 1 when retired. */
  retired: number
  /** VARCHAR(255). Unused by OpenMRS 2. */
  short_name: string | null
  /** TEXT. Description. */
  description: string | null
  /** TEXT. Unused by OpenMRS 2. */
  form_text: string | null
  /** INT. What kind of answer it takes. */
  datatype_id: number
  /** INT. What kind of concept it is. */
  class_id: number
  /** TINYINT(1). 1 when it groups other concepts. */
  is_set: number
  /** INT. User who created the row. */
  creator: number
  /** DATETIME, ms as if UTC. When the row was created. */
  date_created: number
  /** VARCHAR(50). Version of its definition. */
  version: string | null
  /** INT. User who last changed the row. */
  changed_by: number | null
  /** DATETIME, ms as if UTC. When the row was last changed. */
  date_changed: number | null
  /** INT. User who retired it. */
  retired_by: number | null
  /** DATETIME, ms as if UTC. When it was retired. */
  date_retired: number | null
  /** VARCHAR(255). Why it was retired. */
  retire_reason: string | null
  /** CHAR(38). Identifies the row in OpenMRS’s API. */
  uuid: string
}

/** The topic of `concept`, keyed by `concept_id`; a row counts as deleted when it is retired. */
export const concept: TypedTopic<ConceptRow> = topic<ConceptRow>(
  'concept',
  tableSchema<ConceptRow>({
    concept_id: 'INT NOT NULL',
    retired: 'TINYINT(1) NOT NULL',
    short_name: 'VARCHAR(255)',
    description: 'TEXT',
    form_text: 'TEXT',
    datatype_id: 'INT NOT NULL',
    class_id: 'INT NOT NULL',
    is_set: 'TINYINT(1) NOT NULL',
    creator: 'INT NOT NULL',
    date_created: 'DATETIME NOT NULL',
    version: 'VARCHAR(50)',
    changed_by: 'INT',
    date_changed: 'DATETIME',
    retired_by: 'INT',
    date_retired: 'DATETIME',
    retire_reason: 'VARCHAR(255)',
    uuid: 'CHAR(38) NOT NULL',
  }),
  {
    key: ['concept_id'],
    deleted: 'retired',
  },
)
