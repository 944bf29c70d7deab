// Definitions of topics, written by `obslab types` from what the topics and their connector's DDL say. What
// counts as deleted and what is masked are told by the columns' names: have a look at both.
import { type TypedTopic, tableSchema, topic } from 'obslab'

/** A row of `dbserver1.openmrs.encounter`. Its types are those of the table's DDL. */
export interface EncounterRow {
  /** INT(11) NOT NULL. Key. */
  encounter_id: number
  /** INT(11) NOT NULL. */
  encounter_type: number
  /** INT(11) NOT NULL. */
  patient_id: number
  /** INT(11). */
  location_id: number | null
  /** INT(11). */
  form_id: number | null
  /** DATETIME NOT NULL, ms as if UTC. */
  encounter_datetime: number
  /** INT(11) NOT NULL. */
  creator: number
  /** DATETIME NOT NULL, ms as if UTC. */
  date_created: number
  /** TINYINT(1) NOT NULL. */
  voided: number
  /** INT(11). */
  voided_by: number | null
  /** DATETIME, ms as if UTC. */
  date_voided: number | null
  /** VARCHAR(255). Masked. */
  void_reason: string | null
  /** INT(11). */
  changed_by: number | null
  /** DATETIME, ms as if UTC. */
  date_changed: number | null
  /** INT(11). */
  visit_id: number | null
  /** CHAR(38) NOT NULL. */
  uuid: string
}

/**
 * The topic `dbserver1.openmrs.encounter`, keyed by `encounter_id`. A row counts as deleted when `voided` is
 * not 0, as OpenMRS means it.
 */
export const encounter: TypedTopic<EncounterRow> = topic<EncounterRow>(
  'encounter',
  tableSchema<EncounterRow>({
    encounter_id: 'INT(11) NOT NULL',
    encounter_type: 'INT(11) NOT NULL',
    patient_id: 'INT(11) NOT NULL',
    location_id: 'INT(11)',
    form_id: 'INT(11)',
    encounter_datetime: 'DATETIME NOT NULL',
    creator: 'INT(11) NOT NULL',
    date_created: 'DATETIME NOT NULL',
    voided: 'TINYINT(1) NOT NULL',
    voided_by: 'INT(11)',
    date_voided: 'DATETIME',
    void_reason: 'VARCHAR(255)',
    changed_by: 'INT(11)',
    date_changed: 'DATETIME',
    visit_id: 'INT(11)',
    uuid: 'CHAR(38) NOT NULL',
  }),
  {
    key: ['encounter_id'],
    deleted: 'voided',
    sensitive: ['void_reason'],
  },
)

/** A row of `dbserver1.openmrs.obs`. Its types are those of the table's DDL. */
export interface ObsRow {
  /** INT(11) NOT NULL. Key. */
  obs_id: number
  /** INT(11) NOT NULL. */
  person_id: number
  /** INT(11) NOT NULL. */
  concept_id: number
  /** INT(11). */
  encounter_id: number | null
  /** INT(11). */
  order_id: number | null
  /** DATETIME NOT NULL, ms as if UTC. */
  obs_datetime: number
  /** INT(11). */
  location_id: number | null
  /** INT(11). */
  obs_group_id: number | null
  /** VARCHAR(255). Masked. */
  accession_number: string | null
  /** INT(11). */
  value_group_id: number | null
  /** INT(11). */
  value_coded: number | null
  /** INT(11). */
  value_coded_name_id: number | null
  /** INT(11). */
  value_drug: number | null
  /** DATETIME, ms as if UTC. */
  value_datetime: number | null
  /** DOUBLE. */
  value_numeric: number | null
  /** VARCHAR(2). */
  value_modifier: string | null
  /** TEXT. Masked. */
  value_text: string | null
  /** VARCHAR(1000). Masked. */
  value_complex: string | null
  /** VARCHAR(255). Masked. */
  comments: string | null
  /** INT(11) NOT NULL. */
  creator: number
  /** DATETIME NOT NULL, ms as if UTC. */
  date_created: number
  /** TINYINT(1) NOT NULL. */
  voided: number
  /** INT(11). */
  voided_by: number | null
  /** DATETIME, ms as if UTC. */
  date_voided: number | null
  /** VARCHAR(255). Masked. */
  void_reason: string | null
  /** CHAR(38) NOT NULL. */
  uuid: string
  /** INT(11). */
  previous_version: number | null
  /** VARCHAR(255). */
  form_namespace_and_path: string | null
  /** VARCHAR(16) NOT NULL. */
  status: string
  /** VARCHAR(32). */
  interpretation: string | null
}

/**
 * The topic `dbserver1.openmrs.obs`, keyed by `obs_id`. A row counts as deleted when `voided` is not 0, as
 * OpenMRS means it.
 */
export const obs: TypedTopic<ObsRow> = topic<ObsRow>(
  'obs',
  tableSchema<ObsRow>({
    obs_id: 'INT(11) NOT NULL',
    person_id: 'INT(11) NOT NULL',
    concept_id: 'INT(11) NOT NULL',
    encounter_id: 'INT(11)',
    order_id: 'INT(11)',
    obs_datetime: 'DATETIME NOT NULL',
    location_id: 'INT(11)',
    obs_group_id: 'INT(11)',
    accession_number: 'VARCHAR(255)',
    value_group_id: 'INT(11)',
    value_coded: 'INT(11)',
    value_coded_name_id: 'INT(11)',
    value_drug: 'INT(11)',
    value_datetime: 'DATETIME',
    value_numeric: 'DOUBLE',
    value_modifier: 'VARCHAR(2)',
    value_text: 'TEXT',
    value_complex: 'VARCHAR(1000)',
    comments: 'VARCHAR(255)',
    creator: 'INT(11) NOT NULL',
    date_created: 'DATETIME NOT NULL',
    voided: 'TINYINT(1) NOT NULL',
    voided_by: 'INT(11)',
    date_voided: 'DATETIME',
    void_reason: 'VARCHAR(255)',
    uuid: 'CHAR(38) NOT NULL',
    previous_version: 'INT(11)',
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

/** A row of `dbserver1.openmrs.person`. Its types are those of the table's DDL. */
export interface PersonRow {
  /** INT(11) NOT NULL. Key. */
  person_id: number
  /** VARCHAR(50). */
  gender: string | null
  /** DATE, ISO text. Masked. */
  birthdate: string | null
  /** TINYINT(1) NOT NULL. */
  birthdate_estimated: number
  /** TINYINT(1) NOT NULL. */
  dead: number
  /** DATETIME, ms as if UTC. Masked. */
  death_date: number | null
  /** INT(11). */
  cause_of_death: number | null
  /** INT(11). */
  creator: number | null
  /** DATETIME NOT NULL, ms as if UTC. */
  date_created: number
  /** INT(11). */
  changed_by: number | null
  /** DATETIME, ms as if UTC. */
  date_changed: number | null
  /** TINYINT(1) NOT NULL. */
  voided: number
  /** INT(11). */
  voided_by: number | null
  /** DATETIME, ms as if UTC. */
  date_voided: number | null
  /** VARCHAR(255). Masked. */
  void_reason: string | null
  /** CHAR(38) NOT NULL. */
  uuid: string
  /** TINYINT(1) NOT NULL. */
  deathdate_estimated: number
  /** TIME, ISO text. Masked. */
  birthtime: string | null
  /** VARCHAR(255). Masked. */
  cause_of_death_non_coded: string | null
}

/**
 * The topic `dbserver1.openmrs.person`, keyed by `person_id`. A row counts as deleted when `voided` is not 0,
 * as OpenMRS means it.
 */
export const person: TypedTopic<PersonRow> = topic<PersonRow>(
  'person',
  tableSchema<PersonRow>({
    person_id: 'INT(11) NOT NULL',
    gender: 'VARCHAR(50)',
    birthdate: 'DATE',
    birthdate_estimated: 'TINYINT(1) NOT NULL',
    dead: 'TINYINT(1) NOT NULL',
    death_date: 'DATETIME',
    cause_of_death: 'INT(11)',
    creator: 'INT(11)',
    date_created: 'DATETIME NOT NULL',
    changed_by: 'INT(11)',
    date_changed: 'DATETIME',
    voided: 'TINYINT(1) NOT NULL',
    voided_by: 'INT(11)',
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
