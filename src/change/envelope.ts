import { ObslabError } from '../errors.js'
import type { KafkaRecord } from '../source/record.js'
import type { Op, SourcePosition, TransactionPosition } from './change.js'
import { isJsonObject, type JsonObject, type JsonValue } from './json.js'
import { type Message, numberOrNull, readMessage, textOrNull } from './message.js'
import type { KnownSchema, SchemaPrefixes } from './schema-prefix.js'

/** A change as its record writes it, rows not decoded yet. */
export interface RawChange {
  /** `envelope` as Debezium writes it; `unwrapped` when its ExtractNewRecordState transform took the row out. */
  form: 'envelope' | 'unwrapped'
  op: Op
  /** Whether the record says its op: an unwrapped one without `__op` is taken for an update, or for a delete. */
  opIsKnown: boolean
  before: JsonObject | null
  after: JsonObject | null
  source: SourcePosition | null
  /** The table, where the record names it. */
  table: { database: string; table: string } | null
  transaction: TransactionPosition | null
  processedAt: number | null
  /** The Connect schema the record carried, or null. */
  schema: KnownSchema | null
}

/** What a record's value is, told by itself. */
export type Envelope =
  | RawChange
  | { form: 'tombstone' }
  | { form: 'message'; message: Message }
  | {
      form: 'unknown'
      reason: string
      /** Where the record stands in the database's log, when it could be read that far. */
      source: SourcePosition | null
    }

/** What tells a bare row from any other JSON object: the key and the headers beside it. */
export type BesideValue = Pick<KafkaRecord, 'key' | 'headers'>

/**
 * Tells what a record's value is: Debezium's envelope with or without schema, an unwrapped row (`__op`, `__deleted`), a
 * tombstone, a schema change, a transaction's begin or end, a heartbeat; or unknown, with the reason. It does not throw.
 * An unwrapped row without added fields is told by what is beside it: Debezium's own headers, or a key whose columns
 * are the row's. Without `beside` it is unknown.
 */
export function readEnvelope(
  value: Uint8Array | null,
  schemas: SchemaPrefixes,
  beside: BesideValue | null = null,
): Envelope {
  if (value === null) return { form: 'tombstone' }
  try {
    const { schema, payload } = schemas.parse(value)
    if (payload === null) return { form: 'tombstone' }
    if (!isJsonObject(payload)) return unknown(`Expected a JSON object, found ${describe(payload)}.`)
    const envelope = readPayload(payload, schema)
    const isBareRow = envelope.form === 'unknown' && beside !== null && isRow(payload, beside, schemas)
    return isBareRow ? unwrapped(payload, schema) : envelope
  } catch (error) {
    if (!(error instanceof ObslabError)) throw error
    return unknown(error.message)
  }
}

function readPayload(payload: JsonObject, schema: KnownSchema | null): Envelope {
  if ('__op' in payload || '__deleted' in payload) return unwrapped(payload, schema)
  if ('op' in payload && ('after' in payload || 'before' in payload || 'source' in payload)) {
    return wrapped(payload, schema)
  }
  const message = readMessage(payload, positionOf)
  if (message !== null) return { form: 'message', message }
  return unknown(
    'Expected a Debezium change, found a JSON object without op, __op or __deleted. If the connector unwraps its ' +
      'records, add.fields=op,source.file,source.pos,source.row keeps what tells changes apart.',
  )
}

function isRow(payload: JsonObject, { key, headers }: BesideValue, schemas: SchemaPrefixes): boolean {
  if ('op' in payload && 'source' in payload) return false
  if (headers.some(header => header.key.startsWith('__debezium.context.'))) return true
  if (key === null) return false
  const { payload: columns } = schemas.parse(key)
  const names = isJsonObject(columns) ? Object.keys(columns) : []
  return names.length > 0 && names.every(name => payload[name] === (columns as JsonObject)[name])
}

const ops: ReadonlySet<unknown> = new Set(['c', 'u', 'd', 'r', 't', 'm'])

function isOp(value: JsonValue | undefined): value is Op {
  return ops.has(value)
}

function wrapped(payload: JsonObject, schema: KnownSchema | null): Envelope {
  const { op } = payload
  const block = isJsonObject(payload.source) ? payload.source : null
  const source = block === null ? null : positionOf(block)
  if (!isOp(op)) return unknown('Expected op to be one of c, u, d, r, t, m, found another.', source)
  const before = rowOf(payload.before)
  const after = rowOf(payload.after)
  if (before === undefined || after === undefined) {
    return unknown('Expected before and after to be objects or null, found another.', source)
  }
  if (after === null && (op === 'c' || op === 'u' || op === 'r')) {
    return unknown(`Expected a record of op ${op} to have an after, found none.`, source)
  }
  return {
    form: 'envelope',
    op,
    opIsKnown: true,
    before: op === 't' || op === 'm' ? null : before,
    after: op === 'd' || op === 't' || op === 'm' ? null : after,
    source,
    table: block === null ? null : tableOf(block.db, block.table),
    transaction: transactionOf(payload.transaction),
    processedAt: numberOrNull(payload.ts_ms),
    schema,
  }
}

/** A row, null when there is none, undefined when there is something else. */
function rowOf(value: JsonValue | undefined): JsonObject | null | undefined {
  if (value === undefined || value === null) return null
  return isJsonObject(value) ? value : undefined
}

/**
 * Reads Debezium's source block, of 0.7 (`ts_sec`, boolean snapshot) to 3.x. Null when it names no binlog file, as
 * those of other databases do not.
 */
export function positionOf(source: JsonObject): SourcePosition | null {
  const pos = numberOrNull(source.pos)
  if (typeof source.file !== 'string' || pos === null) return null
  const { snapshot } = source
  const seconds = numberOrNull(source.ts_sec)
  return {
    file: source.file,
    pos,
    row: numberOrNull(source.row) ?? 0,
    serverId: numberOrNull(source.server_id) ?? 0,
    gtid: textOrNull(source.gtid),
    snapshot: typeof snapshot === 'string' ? snapshot : String(snapshot === true),
    time: numberOrNull(source.ts_ms) ?? (seconds === null ? 0 : seconds * 1000),
  }
}

function transactionOf(value: JsonValue | undefined): TransactionPosition | null {
  if (!isJsonObject(value) || typeof value.id !== 'string') return null
  return {
    id: value.id,
    totalOrder: numberOrNull(value.total_order) ?? 0,
    collectionOrder: numberOrNull(value.data_collection_order) ?? 0,
  }
}

function tableOf(
  database: JsonValue | undefined,
  table: JsonValue | undefined,
): { database: string; table: string } | null {
  return typeof database === 'string' && typeof table === 'string' ? { database, table } : null
}

const addedNames =
  'op|deleted|version|connector|name|snapshot|db|sequence|table|server_id|gtid|file|pos|row|thread|query'
const addedFields = new RegExp(`^__(${addedNames}|ts_(ms|us|ns)|source_.*|transaction_.*)$`)

/**
 * An unwrapped row. Its added fields (`add.fields`, prefix `__`) are taken out of the row and give op and position as
 * far as they are there. Without `__op` a row that is not deleted is an update without before.
 */
function unwrapped(payload: JsonObject, schema: KnownSchema | null): Envelope {
  const deleted = payload.__deleted === 'true' || payload.__deleted === true
  const op = payload.__op ?? (deleted ? 'd' : 'u')
  if (!isOp(op)) return unknown('Expected __op to be one of c, u, d, r, t, m, found another.')
  const row: JsonObject = {}
  const added: JsonObject = {}
  for (const [name, value] of Object.entries(payload)) {
    if (addedFields.test(name)) added[name.replace(/^__(source_)?/, '')] = value
    else row[name] = value
  }
  const gone = deleted || op === 'd'
  return {
    form: 'unwrapped',
    op: gone ? 'd' : op,
    opIsKnown: payload.__op !== undefined,
    before: gone ? row : null,
    after: gone || op === 't' || op === 'm' ? null : row,
    source: positionOf({ ...added, ts_ms: payload.__source_ts_ms ?? null }),
    table: tableOf(added.db ?? null, added.table ?? null),
    transaction: null,
    processedAt: numberOrNull(payload.__ts_ms),
    schema: schema === null ? null : withoutAdded(schema),
  }
}

const rowSchemas = new WeakMap<KnownSchema, KnownSchema>()

/** The schema of an unwrapped row without its added fields; the same object for the same schema. */
function withoutAdded(known: KnownSchema): KnownSchema {
  let row = rowSchemas.get(known)
  if (row === undefined) {
    const fields = known.schema.fields?.filter(({ field }) => !addedFields.test(field ?? '')) ?? []
    row = { schema: { ...known.schema, fields } }
    rowSchemas.set(known, row)
  }
  return row
}

function unknown(reason: string, source: SourcePosition | null = null): Envelope {
  return { form: 'unknown', reason, source }
}

function describe(value: JsonValue): string {
  return Array.isArray(value) ? 'an array' : `a ${typeof value}`
}
