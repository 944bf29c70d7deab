import type { AtRecord, Change, SourcePosition } from './change.js'
import { isJsonObject, type JsonObject, type JsonValue } from './json.js'

/** How one table looks after a DDL statement, as Debezium's schema-change topic says it. */
export interface TableChange {
  type: 'CREATE' | 'ALTER' | 'DROP'
  /** Database and table, without quotes. */
  database: string
  table: string
  /** The name before, when the statement renamed the table. */
  previous: { database: string; table: string } | null
  key: readonly string[]
  /** The columns in table order, as Debezium writes them; empty for DROP. */
  columns: readonly JsonObject[]
}

/** A DDL statement, with the tables it left changed. */
export interface SchemaChange extends AtRecord {
  kind: 'schema-change'
  source: SourcePosition | null
  database: string | null
  ddl: string | null
  tables: readonly TableChange[]
}

/** The begin or end of a database transaction. A DDL statement begins one that never ends. */
export interface TransactionMark extends AtRecord {
  kind: 'transaction'
  status: 'BEGIN' | 'END'
  id: string
  /** Events of the transaction, at its END. */
  eventCount: number | null
  /** Events per table (`openmrs.obs`), at its END, in no particular order. */
  tables: readonly { name: string; eventCount: number }[]
  /** Commit time in the database, milliseconds, where Debezium writes it. */
  time: number | null
}

/** Debezium saying that it is alive. */
export interface Heartbeat extends AtRecord {
  kind: 'heartbeat'
  /** Milliseconds. */
  time: number
}

/** A message written into the database's log by an application (op `m`). It changes no row. */
export interface LogicalMessage extends AtRecord {
  kind: 'message'
  source: SourcePosition | null
}

/** What one record of any of Debezium's topics meant. */
export type TopicEvent = Change | SchemaChange | TransactionMark | Heartbeat | LogicalMessage

/** What a record says that changes no row, without where it was read. */
export type Message =
  | Omit<SchemaChange, keyof AtRecord>
  | Omit<TransactionMark, keyof AtRecord>
  | Omit<Heartbeat, keyof AtRecord>

/**
 * The message in a payload: a schema change, the begin or end of a transaction, a heartbeat; null when it is none of
 * these. `position` reads its source block.
 */
export function readMessage(
  payload: JsonObject,
  position: (source: JsonObject) => SourcePosition | null,
): Message | null {
  if ('tableChanges' in payload || 'ddl' in payload) return schemaChange(payload, position)
  if ((payload.status === 'BEGIN' || payload.status === 'END') && typeof payload.id === 'string') {
    return 'event_count' in payload ? transactionMark(payload, payload.status, payload.id) : null
  }
  const names = Object.keys(payload)
  const onlyTimes = names.length > 0 && names.every(name => /^ts_(ms|us|ns)$/.test(name))
  return onlyTimes && typeof payload.ts_ms === 'number' ? { kind: 'heartbeat', time: payload.ts_ms } : null
}

function transactionMark(payload: JsonObject, status: 'BEGIN' | 'END', id: string): Message {
  const collections = Array.isArray(payload.data_collections)
    ? payload.data_collections.filter(isJsonObject)
    : []
  return {
    kind: 'transaction',
    status,
    id,
    eventCount: numberOrNull(payload.event_count),
    tables: collections.map(({ data_collection, event_count }) => ({
      name: String(data_collection),
      eventCount: Number(event_count),
    })),
    time: numberOrNull(payload.ts_ms),
  }
}

function schemaChange(
  payload: JsonObject,
  position: (source: JsonObject) => SourcePosition | null,
): Message | null {
  if (!isJsonObject(payload.source) || 'position' in payload) return null
  const changes = Array.isArray(payload.tableChanges) ? payload.tableChanges.filter(isJsonObject) : []
  return {
    kind: 'schema-change',
    source: position(payload.source),
    database: textOrNull(payload.databaseName),
    ddl: textOrNull(payload.ddl),
    tables: changes.flatMap(change => tableChange(change) ?? []),
  }
}

function tableChange(change: JsonObject): TableChange | null {
  const { type } = change
  const name = tableName(change.id)
  if (name === null || (type !== 'CREATE' && type !== 'ALTER' && type !== 'DROP')) return null
  const table = isJsonObject(change.table) ? change.table : {}
  const key = Array.isArray(table.primaryKeyColumnNames) ? table.primaryKeyColumnNames.map(String) : []
  const columns = Array.isArray(table.columns) ? table.columns.filter(isJsonObject) : []
  return { type, ...name, previous: tableName(change.previousId), key, columns }
}

/** `"openmrs"."obs"`, or without the quotes. */
function tableName(id: JsonValue | undefined): { database: string; table: string } | null {
  if (typeof id !== 'string') return null
  const parts = id
    .match(/"(?:[^"]|"")*"|[^."]+/g)
    ?.map(part => part.replace(/^"(.*)"$/, '$1').replaceAll('""', '"'))
  if (parts === undefined || parts.length < 2) return null
  return { database: parts.at(-2) as string, table: parts.at(-1) as string }
}

/** The number a JSON value is, or null. */
export function numberOrNull(value: JsonValue | undefined): number | null {
  return typeof value === 'number' || typeof value === 'bigint' ? Number(value) : null
}

/** The text a JSON value is, or null. */
export function textOrNull(value: JsonValue | undefined): string | null {
  return typeof value === 'string' ? value : null
}
