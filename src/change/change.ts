import type { Header } from '../log/record-batch.js'
import type { Row } from './column-type.js'

/** Debezium's operation codes: create, update, delete, read (snapshot), truncate, message. */
export type Op = 'c' | 'u' | 'd' | 'r' | 't' | 'm'

/** Where in the database's log a change stands (Debezium's `source` block). */
export interface SourcePosition {
  /** The binlog file, `mysql-bin.000003`. */
  file: string
  /** Byte position in the file. */
  pos: number
  /** Row within the binlog event, from 0. */
  row: number
  serverId: number
  /** `<uuid>:<n>` on MySQL, `<domain>-<server>-<n>` on MariaDB, null in snapshots and without GTIDs. */
  gtid: string | null
  /** Debezium's `source.snapshot`: `true`, `first`, `last`, `incremental`, …, or `false` while streaming. */
  snapshot: string
  /** Commit time in the database, milliseconds; whole seconds from MariaDB. */
  time: number
}

/** The transaction block of a change, where `provide.transaction.metadata` is on. */
export interface TransactionPosition {
  id: string
  totalOrder: number
  collectionOrder: number
}

/** Where a change was read. */
export interface AtRecord {
  topic: string
  partition: number
  offset: number
  /** The record's Kafka timestamp, milliseconds. */
  timestamp: number
}

/** A change of one row. `key` is the decoded record key; null for a table without one. */
export interface RowChange extends AtRecord {
  kind: 'row'
  op: 'c' | 'u' | 'd' | 'r'
  key: Row | null
  before: Row | null
  after: Row | null
  /** Null when the record was unwrapped and does not carry it. */
  source: SourcePosition | null
  transaction: TransactionPosition | null
  /** When Debezium handled the change, milliseconds. */
  processedAt: number | null
  /** On the delete of a change of key: the key its row has from then on. Null on every other change. */
  newKey: Row | null
  /** On the create of a change of key: the key that its row had before. Null on every other change. */
  oldKey: Row | null
  headers: readonly Header[]
}

/** A record with a null value: the row of `key` is gone. It carries no source position. */
export interface Tombstone extends AtRecord {
  kind: 'tombstone'
  key: Row | null
}

/** TRUNCATE of the whole table. */
export interface Truncate extends AtRecord {
  kind: 'truncate'
  source: SourcePosition | null
}

/**
 * A record that could not be decoded, set aside with the reason. Its bytes stay in the source. Where its key is known,
 * the row of that key is out of its table until a later version of it can be read: what it holds now is not known, and
 * its version before is the past. Without a key it changes nothing.
 */
export interface Quarantined extends AtRecord {
  kind: 'quarantined'
  /** What was expected and what was found, without row values. */
  reason: string
  /** The decoded record key; null for a table without one and where it could not be decoded either. */
  key: Row | null
  /** Null when the record does not carry it or could not be read that far. */
  source: SourcePosition | null
}

/** What one record of a table's topic meant. */
export type Change = RowChange | Tombstone | Truncate | Quarantined
