import { tableSchema } from '../change/table-schema.js'
import { type TypedTopic, topic } from '../change/topic.js'

/** A row of OpenMRS’s `orders`. One order for a patient: a drug, a test, a referral. */
export interface OrdersRow {
  /** INT. Identifies the order. */
  order_id: number
  /** INT. What kind of order. */
  order_type_id: number
  /** INT. What is ordered, `concept.concept_id`. */
  concept_id: number
  /** INT. Provider who ordered. */
  orderer: number
  /** INT. Where it was ordered, `encounter.encounter_id`. */
  encounter_id: number
  /** TEXT. Instructions, typed by people. */
  instructions: string | null
  /** DATETIME, ms as if UTC. When it took effect. */
  date_activated: number | null
  /** DATETIME, ms as if UTC. When it ends by itself. */
  auto_expire_date: number | null
  /** DATETIME, ms as if UTC. When it was stopped. */
  date_stopped: number | null
  /** INT. Why, as a concept, `concept.concept_id`. */
  order_reason: number | null
  /** VARCHAR(255). Why, typed by people. */
  order_reason_non_coded: string | null
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
  /** INT. Patient, `patient.patient_id`. */
  patient_id: number
  /** VARCHAR(255). The laboratory’s sample number. */
  accession_number: string | null
  /** CHAR(38). Identifies the row in OpenMRS’s API. */
  uuid: string
  /** VARCHAR(50). `'ROUTINE'`, `'STAT'` or `'ON_SCHEDULED_DATE'`. */
  urgency: string
  /** VARCHAR(50). Number shown to people. */
  order_number: string
  /** INT. The order this one revises, `orders.order_id`. */
  previous_order_id: number | null
  /** VARCHAR(50). `'NEW'`, `'REVISE'`, `'DISCONTINUE'` or `'RENEW'`. */
  order_action: string
  /** VARCHAR(1024). Remark to who carries it out, typed by people. */
  comment_to_fulfiller: string | null
  /** INT. Outpatient or inpatient. */
  care_setting: number
  /** DATETIME, ms as if UTC. When it is scheduled for. */
  scheduled_date: number | null
  /** INT. The group it was ordered with. */
  order_group_id: number | null
  /** DOUBLE. Its place in the group. */
  sort_weight: number | null
  /** VARCHAR(1024). Remark of who carried it out, typed by people. */
  fulfiller_comment: string | null
  /** VARCHAR(50). How far it has been carried out. */
  fulfiller_status: string | null
}

/** The topic of `orders`, keyed by `order_id`; a row counts as deleted when it is voided. */
export const orders: TypedTopic<OrdersRow> = topic<OrdersRow>(
  'orders',
  tableSchema<OrdersRow>({
    order_id: 'INT NOT NULL',
    order_type_id: 'INT NOT NULL',
    concept_id: 'INT NOT NULL',
    orderer: 'INT NOT NULL',
    encounter_id: 'INT NOT NULL',
    instructions: 'TEXT',
    date_activated: 'DATETIME',
    auto_expire_date: 'DATETIME',
    date_stopped: 'DATETIME',
    order_reason: 'INT',
    order_reason_non_coded: 'VARCHAR(255)',
    creator: 'INT NOT NULL',
    date_created: 'DATETIME NOT NULL',
    voided: 'TINYINT(1) NOT NULL',
    voided_by: 'INT',
    date_voided: 'DATETIME',
    void_reason: 'VARCHAR(255)',
    patient_id: 'INT NOT NULL',
    accession_number: 'VARCHAR(255)',
    uuid: 'CHAR(38) NOT NULL',
    urgency: 'VARCHAR(50) NOT NULL',
    order_number: 'VARCHAR(50) NOT NULL',
    previous_order_id: 'INT',
    order_action: 'VARCHAR(50) NOT NULL',
    comment_to_fulfiller: 'VARCHAR(1024)',
    care_setting: 'INT NOT NULL',
    scheduled_date: 'DATETIME',
    order_group_id: 'INT',
    sort_weight: 'DOUBLE',
    fulfiller_comment: 'VARCHAR(1024)',
    fulfiller_status: 'VARCHAR(50)',
  }),
  {
    key: ['order_id'],
    deleted: 'voided',
    sensitive: [
      'instructions',
      'order_reason_non_coded',
      'void_reason',
      'accession_number',
      'comment_to_fulfiller',
      'fulfiller_comment',
    ],
  },
)
