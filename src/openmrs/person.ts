import { tableSchema } from '../change/table-schema.js'
import { type TypedTopic, topic } from '../change/topic.js'

/** A row of OpenMRS’s `person`. One person: patients, providers, relatives. */
export interface PersonRow {
  /** INT. Identifies the person. */
  person_id: number
  /** VARCHAR(50). `'F'`, `'M'`, `'O'` or `'U'`. */
  gender: string | null
  /** DATE. Date of birth. */
  birthdate: string | null
  /** TINYINT(1). 1 when the date of birth is a guess. */
  birthdate_estimated: number
  /** TINYINT(1). 1 when the person has died. */
  dead: number
  /** DATETIME, ms as if UTC. When the person died. */
  death_date: number | null
  /** INT. Why, as a concept, `concept.concept_id`. */
  cause_of_death: number | null
  /** INT. User who created the row. */
  creator: number | null
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
  /** TINYINT(1). 1 when the date of death is a guess. */
  deathdate_estimated: number
  /** TIME. Time of birth. */
  birthtime: string | null
  /** VARCHAR(255). Why the person died, typed by people. */
  cause_of_death_non_coded: string | null
}

/** The topic of `person`, keyed by `person_id`; a row counts as deleted when it is voided. */
export const person: TypedTopic<PersonRow> = topic<PersonRow>(
  'person',
  tableSchema<PersonRow>({
    person_id: 'INT NOT NULL',
    gender: 'VARCHAR(50)',
    birthdate: 'DATE',
    birthdate_estimated: 'TINYINT(1) NOT NULL',
    dead: 'TINYINT(1) NOT NULL',
    death_date: 'DATETIME',
    cause_of_death: 'INT',
    creator: 'INT',
    date_created: 'DATETIME NOT NULL',
    changed_by: 'INT',
    date_changed: 'DATETIME',
    voided: 'TINYINT(1) NOT NULL',
    voided_by: 'INT',
    date_voided: 'DATETIME',
    void_reason: 'VARCHAR(255)',
    uuid: 'CHAR(38) NOT NULL',
    deathdate_estimated: 'TINYINT(1) NOT NULL',
    birthtime: 'TIME',
    cause_of_death_non_coded: 'VARCHAR(255)',
  }),
  {
    key: ['person_id'],
    deleted: 'voided',
    sensitive: ['birthdate', 'death_date', 'void_reason', 'birthtime', 'cause_of_death_non_coded'],
  },
)
