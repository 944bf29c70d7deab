import { tableSchema } from '../change/table-schema.js'
import { type TypedTopic, topic } from '../change/topic.js'

/** A row of OpenMRS’s `encounter_type`. One kind of encounter. */
export interface EncounterTypeRow {
  /** INT. Identifies the kind of encounter. */
  encounter_type_id: number
  /** VARCHAR(50). Name. */
  name: string
  /** TEXT. Description. */
  description: string | null
  /** INT. User who created the row. */
  creator: number
  /** DATETIME, ms as if UTC. When the row was created. */
  date_created: number
  /** TINYINT(1). Whether it is no longer offered: 1 when retired. */
  retired: number
  /** INT. User who retired it. */
  retired_by: number | null
  /** DATETIME, ms as if UTC. When it was retired. */
  date_retired: number | null
  /** VARCHAR(255). Why it was retired. */
  retire_reason: string | null
  /** CHAR(38). Identifies the row in OpenMRS’s API. */
  uuid: string
  /** VARCHAR(255). Privilege needed to see such encounters. */
  view_privilege: string | null
  /** VARCHAR(255). Privilege needed to change such encounters. */
  edit_privilege: string | null
  /** INT. User who last changed the row. */
  changed_by: number | null
  /** DATETIME, ms as if UTC. When the row was last changed. */
  date_changed: number | null
}

/**
 * The topic of `encounter_type`, keyed by `encounter_type_id`; a row counts as deleted when it is retired.
 */
export const encounterType: TypedTopic<EncounterTypeRow> = topic<EncounterTypeRow>(
  'encounter_type',
  tableSchema<EncounterTypeRow>({
    encounter_type_id: 'INT NOT NULL',
    name: 'VARCHAR(50) NOT NULL',
    description: 'TEXT',
    creator: 'INT NOT NULL',
    date_created: 'DATETIME NOT NULL',
    retired: 'TINYINT(1) NOT NULL',
    retired_by: 'INT',
    date_retired: 'DATETIME',
    retire_reason: 'VARCHAR(255)',
    uuid: 'CHAR(38) NOT NULL',
    view_privilege: 'VARCHAR(255)',
    edit_privilege: 'VARCHAR(255)',
    changed_by: 'INT',
    date_changed: 'DATETIME',
  }),
  {
    key: ['encounter_type_id'],
    deleted: 'retired',
  },
)
