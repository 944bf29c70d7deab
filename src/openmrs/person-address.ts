import { tableSchema } from '../change/table-schema.js'
import { type TypedTopic, topic } from '../change/topic.js'

/** A row of OpenMRS’s `person_address`. One address of a person. */
export interface PersonAddressRow {
  /** INT. Identifies the address. */
  person_address_id: number
  /** INT. Whose address, `person.person_id`. */
  person_id: number | null
  /** TINYINT(1). 1 for the one to show where there are several. */
  preferred: number
  /** VARCHAR(255). First address line. */
  address1: string | null
  /** VARCHAR(255). Second address line. */
  address2: string | null
  /** VARCHAR(255). City or village. */
  city_village: string | null
  /** VARCHAR(255). State or province. */
  state_province: string | null
  /** VARCHAR(50). Postal code. */
  postal_code: string | null
  /** VARCHAR(50). Country. */
  country: string | null
  /** VARCHAR(50). Latitude, as text. */
  latitude: string | null
  /** VARCHAR(50). Longitude, as text. */
  longitude: string | null
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
  /** VARCHAR(255). County or district. */
  county_district: string | null
  /** VARCHAR(255). Further address line. */
  address3: string | null
  /** VARCHAR(255). Further address line. */
  address4: string | null
  /** VARCHAR(255). Further address line. */
  address5: string | null
  /** VARCHAR(255). Further address line. */
  address6: string | null
  /** DATETIME, ms as if UTC. When the row was last changed. */
  date_changed: number | null
  /** INT. User who last changed the row. */
  changed_by: number | null
  /** DATETIME, ms as if UTC. From when it holds. */
  start_date: number | null
  /** DATETIME, ms as if UTC. Until when it holds. */
  end_date: number | null
  /** CHAR(38). Identifies the row in OpenMRS’s API. */
  uuid: string
}

/** The topic of `person_address`, keyed by `person_address_id`; a row counts as deleted when it is voided. */
export const personAddress: TypedTopic<PersonAddressRow> = topic<PersonAddressRow>(
  'person_address',
  tableSchema<PersonAddressRow>({
    person_address_id: 'INT NOT NULL',
    person_id: 'INT',
    preferred: 'TINYINT(1) NOT NULL',
    address1: 'VARCHAR(255)',
    address2: 'VARCHAR(255)',
    city_village: 'VARCHAR(255)',
    state_province: 'VARCHAR(255)',
    postal_code: 'VARCHAR(50)',
    country: 'VARCHAR(50)',
    latitude: 'VARCHAR(50)',
    longitude: 'VARCHAR(50)',
    creator: 'INT NOT NULL',
    date_created: 'DATETIME NOT NULL',
    voided: 'TINYINT(1) NOT NULL',
    voided_by: 'INT',
    date_voided: 'DATETIME',
    void_reason: 'VARCHAR(255)',
    county_district: 'VARCHAR(255)',
    address3: 'VARCHAR(255)',
    address4: 'VARCHAR(255)',
    address5: 'VARCHAR(255)',
    address6: 'VARCHAR(255)',
    date_changed: 'DATETIME',
    changed_by: 'INT',
    start_date: 'DATETIME',
    end_date: 'DATETIME',
    uuid: 'CHAR(38) NOT NULL',
  }),
  {
    key: ['person_address_id'],
    deleted: 'voided',
    sensitive: [
      'address1',
      'address2',
      'city_village',
      'state_province',
      'postal_code',
      'latitude',
      'longitude',
      'void_reason',
      'county_district',
      'address3',
      'address4',
      'address5',
      'address6',
    ],
  },
)
