import { tableSchema } from '../change/table-schema.js'
import { type TypedTopic, topic } from '../change/topic.js'

/** A row of OpenMRS’s `person_name`. One name of a person. */
export interface PersonNameRow {
  /** INT. Identifies the name. */
  person_name_id: number
  /** TINYINT(1). 1 for the one to show where there are several. */
  preferred: number
  /** INT. Whose name, `person.person_id`. */
  person_id: number
  /** VARCHAR(50). Title before the name. */
  prefix: string | null
  /** VARCHAR(50). Given name. */
  given_name: string | null
  /** VARCHAR(50). Middle name. */
  middle_name: string | null
  /** VARCHAR(50). What stands before the family name. */
  family_name_prefix: string | null
  /** VARCHAR(50). Family name. */
  family_name: string | null
  /** VARCHAR(50). Second family name. */
  family_name2: string | null
  /** VARCHAR(50). What stands behind the family name. */
  family_name_suffix: string | null
  /** VARCHAR(50). Academic degree. */
  degree: string | null
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
  /** CHAR(38). Identifies the row in OpenMRS’s API. */
  uuid: string
}

/** The topic of `person_name`, keyed by `person_name_id`; a row counts as deleted when it is voided. */
export const personName: TypedTopic<PersonNameRow> = topic<PersonNameRow>(
  'person_name',
  tableSchema<PersonNameRow>({
    person_name_id: 'INT NOT NULL',
    preferred: 'TINYINT(1) NOT NULL',
    person_id: 'INT NOT NULL',
    prefix: 'VARCHAR(50)',
    given_name: 'VARCHAR(50)',
    middle_name: 'VARCHAR(50)',
    family_name_prefix: 'VARCHAR(50)',
    family_name: 'VARCHAR(50)',
    family_name2: 'VARCHAR(50)',
    family_name_suffix: 'VARCHAR(50)',
    degree: 'VARCHAR(50)',
    creator: 'INT NOT NULL',
    date_created: 'DATETIME NOT NULL',
    voided: 'TINYINT(1) NOT NULL',
    voided_by: 'INT',
    date_voided: 'DATETIME',
    void_reason: 'VARCHAR(255)',
    changed_by: 'INT',
    date_changed: 'DATETIME',
    uuid: 'CHAR(38) NOT NULL',
  }),
  {
    key: ['person_name_id'],
    deleted: 'voided',
    sensitive: [
      'prefix',
      'given_name',
      'middle_name',
      'family_name_prefix',
      'family_name',
      'family_name2',
      'family_name_suffix',
      'degree',
      'void_reason',
    ],
  },
)
