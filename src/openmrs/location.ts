import { tableSchema } from '../change/table-schema.js'
import { type TypedTopic, topic } from '../change/topic.js'

/** A row of OpenMRS’s `location`. One place: a clinic, a ward, a region. */
export interface LocationRow {
  /** INT. Identifies the location. */
  location_id: number
  /** VARCHAR(255). Name. */
  name: string
  /** VARCHAR(255). Description. */
  description: string | null
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
  /** TINYINT(1). Whether it is no longer offered: 1 when retired. */
  retired: number
  /** INT. User who retired it. */
  retired_by: number | null
  /** DATETIME, ms as if UTC. When it was retired. */
  date_retired: number | null
  /** VARCHAR(255). Why it was retired. */
  retire_reason: string | null
  /** INT. The location it is part of, `location.location_id`. */
  parent_location: number | null
  /** CHAR(38). Identifies the row in OpenMRS’s API. */
  uuid: string
  /** INT. User who last changed the row. */
  changed_by: number | null
  /** DATETIME, ms as if UTC. When the row was last changed. */
  date_changed: number | null
}

/** The topic of `location`, keyed by `location_id`; a row counts as deleted when it is retired. */
export const location: TypedTopic<LocationRow> = topic<LocationRow>(
  'location',
  tableSchema<LocationRow>({
    location_id: 'INT NOT NULL',
    name: 'VARCHAR(255) NOT NULL',
    description: 'VARCHAR(255)',
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
    county_district: 'VARCHAR(255)',
    address3: 'VARCHAR(255)',
    address4: 'VARCHAR(255)',
    address5: 'VARCHAR(255)',
    address6: 'VARCHAR(255)',
    retired: 'TINYINT(1) NOT NULL',
    retired_by: 'INT',
    date_retired: 'DATETIME',
    retire_reason: 'VARCHAR(255)',
    parent_location: 'INT',
    uuid: 'CHAR(38) NOT NULL',
    changed_by: 'INT',
    date_changed: 'DATETIME',
  }),
  {
    key: ['location_id'],
    deleted: 'retired',
  },
)
