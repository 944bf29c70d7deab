import type { KafkaRecord } from '../source/record.js'
import type { SourcePosition } from './change.js'
import type { ColumnType } from './column-type.js'
import { readEnvelope } from './envelope.js'
import type { JsonObject } from './json.js'
import { numberOrNull, type SchemaChange, type TableChange, textOrNull } from './message.js'
import {
  type ColumnFacts,
  type ConnectorSettings,
  columnOfMysqlType,
  enumValuesOf,
  parseMysqlType,
} from './mysql-type.js'
import { comparePositions } from './position.js'
import { type BinaryParser, SchemaPrefixes } from './schema-prefix.js'

/** How a table looked from one source position on. */
export interface SchemaVersion {
  /** Null when the record does not say. */
  position: SourcePosition | null
  ddl: string | null
  /** Empty when the table was dropped. */
  columns: readonly ColumnType[]
  /** The primary key's columns, in order; empty when there is none. */
  key: readonly string[]
}

/**
 * The timeline of tables that a schema-change topic tells. Where records carry no schema, this is what gives their
 * columns a type.
 */
export class SchemaHistory {
  readonly #settings: ConnectorSettings
  readonly #tables = new Map<string, SchemaVersion[]>()
  readonly #statements = new Map<string, string>()
  readonly #schemas: SchemaPrefixes

  /** `avro` reads records that are Avro, once their schemas are loaded. */
  constructor(settings: ConnectorSettings = {}, avro: BinaryParser | null = null) {
    this.#settings = settings
    this.#schemas = new SchemaPrefixes(avro)
  }

  /** The history told by the records of a schema-change topic, in their order. Other records are passed over. */
  static from(records: Iterable<KafkaRecord>, settings: ConnectorSettings = {}): SchemaHistory {
    const history = new SchemaHistory(settings)
    history.addRecords(records)
    return history
  }

  /** Adds what further records of a schema-change topic tell. Other records are passed over. */
  addRecords(records: Iterable<KafkaRecord>): void {
    for (const record of records) {
      const envelope = readEnvelope(record.value, this.#schemas)
      if (envelope.form === 'message' && envelope.message.kind === 'schema-change') this.add(envelope.message)
    }
  }

  /** Adds what one DDL statement changed. A statement delivered again changes nothing. */
  add(change: Pick<SchemaChange, 'source' | 'ddl' | 'tables'>): void {
    const gtid = change.source?.gtid
    if (gtid != null && change.ddl !== null) this.#statements.set(gtid, change.ddl)
    for (const table of change.tables) {
      const versions = this.#versions(table.database, table.table)
      const version = versionOf(change, table, this.#settings)
      if (versions.some(known => isSameVersion(known, version))) continue
      versions.push(version)
      if (table.previous !== null) {
        this.#versions(table.previous.database, table.previous.table).push({
          ...version,
          columns: [],
          key: [],
        })
      }
    }
  }

  /** The DDL statement of a transaction, by its GTID; null where none is known. */
  statementOf(gtid: string): string | null {
    return this.#statements.get(gtid) ?? null
  }

  /** Every version of a table, in the order they were told; empty for a table the topic does not know. */
  timeline(database: string, table: string): readonly SchemaVersion[] {
    return this.#tables.get(nameOf(database, table)) ?? []
  }

  /**
   * The version of a table that rows at a source position were written under: the last one at or before it. A position
   * before the first version, or none, gets the first: snapshot rows do.
   */
  versionAt(database: string, table: string, position: SourcePosition | null): SchemaVersion | null {
    const versions = segmentAt(this.timeline(database, table), position)
    let found: SchemaVersion | null = null
    for (const version of versions) {
      if (version.columns.length === 0) continue
      const isLater =
        found !== null &&
        (position === null || version.position === null || comparePositions(version.position, position) > 0)
      if (isLater) break
      found = version
    }
    return found
  }

  /** The columns of {@link versionAt}, or null for a table the topic does not know. */
  columnsAt(database: string, table: string, position: SourcePosition | null): readonly ColumnType[] | null {
    return this.versionAt(database, table, position)?.columns ?? null
  }

  #versions(database: string, table: string): SchemaVersion[] {
    const name = nameOf(database, table)
    const versions = this.#tables.get(name) ?? []
    this.#tables.set(name, versions)
    return versions
  }
}

/**
 * Positions that go back mean another server or a log begun anew: what is before and after does not compare. The
 * stretch meant is the last that began by the position's time.
 */
function segmentAt(
  versions: readonly SchemaVersion[],
  position: SourcePosition | null,
): readonly SchemaVersion[] {
  let start = 0
  for (let i = 1; i < versions.length; i++) {
    const before = versions[i - 1]?.position
    const here = versions[i]?.position
    if (before == null || here == null || comparePositions(here, before) >= 0) continue
    if (position === null || position.time < here.time) return versions.slice(start, i)
    start = i
  }
  return start === 0 ? versions : versions.slice(start)
}

function isSameVersion(one: SchemaVersion, other: SchemaVersion): boolean {
  if (one.position === null || other.position === null) return false
  return (
    comparePositions(one.position, other.position) === 0 &&
    one.position.time === other.position.time &&
    one.ddl === other.ddl &&
    one.columns.length === other.columns.length
  )
}

function nameOf(database: string, table: string): string {
  return `${database}\0${table}`
}

function versionOf(
  change: Pick<SchemaChange, 'source' | 'ddl'>,
  table: TableChange,
  settings: ConnectorSettings,
): SchemaVersion {
  const columns = table.type === 'DROP' ? [] : table.columns.map(column => columnOf(column, settings))
  return { position: change.source, ddl: change.ddl, columns, key: table.key }
}

function columnOf(column: JsonObject, settings: ConnectorSettings): ColumnType {
  const type = parseMysqlType(textOrNull(column.typeName) ?? textOrNull(column.typeExpression) ?? 'VARCHAR')
  const sized = {
    ...type,
    length: numberOrNull(column.length) ?? type.length,
    scale: numberOrNull(column.scale) ?? type.scale,
  }
  const comment = textOrNull(column.comment) ?? undefined
  const enumValues = Array.isArray(column.enumValues)
    ? enumValuesOf(column.enumValues.map(String))
    : undefined
  const defaultValue = textOrNull(column.defaultValueExpression) ?? undefined
  const about: ColumnFacts = {
    nullable: column.optional !== false,
    origin: 'schema-change',
    ...(comment === undefined ? {} : { comment }),
    ...(enumValues === undefined ? {} : { enumValues }),
    ...(defaultValue === undefined ? {} : { defaultValue }),
  }
  return columnOfMysqlType(textOrNull(column.name) ?? '', sized, about, settings)
}
