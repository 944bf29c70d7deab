import type { SourcePosition } from './change.js'
import { type ColumnType, type DeclaredColumn, resolveColumn, type Value } from './column-type.js'
import { columnsOfSchema, rowSchemaOf } from './connect-schema.js'
import { type RowDecoder, rowDecoder } from './decode.js'
import { Inference, type InferredColumn, inferColumn } from './inference.js'
import type { JsonObject } from './json.js'
import { type ConnectorSettings, columnUnder } from './mysql-type.js'
import type { SchemaHistory, SchemaVersion } from './schema-history.js'
import type { KnownSchema } from './schema-prefix.js'
import type { TopicFindings } from './topic-findings.js'
import type { ValueDoubt } from './value-doubt.js'

/** Columns with the decoder of rows that have them. */
export interface ResolvedColumns {
  columns: readonly ColumnType[]
  decode: RowDecoder
}

/** What is known about a topic's columns besides its records. */
export interface ColumnSources {
  declared: readonly DeclaredColumn[]
  history: SchemaHistory | null
  /** The connector's settings. Default: those it has when none are set, as far as values do not show others. */
  settings?: ConnectorSettings | undefined
  /** Gathers what may be wrong with values. Default: nothing does. */
  findings?: TopicFindings | null
}

/** Database and table. */
export interface TableName {
  database: string
  table: string
}

/**
 * Finds the columns that one record's rows and key have: from the schema it carries, the DDL in force at its position,
 * the topic's declaration, and, where none of them speaks, the values met so far. Answers are kept by schema and DDL
 * version.
 */
export class ColumnResolver {
  readonly #declared: ReadonlyMap<string, DeclaredColumn>
  readonly #history: SchemaHistory | null
  readonly #rows = new Map<KnownSchema | null, Map<SchemaVersion | null, ResolvedColumns>>()
  readonly #keys = new WeakMap<readonly ColumnType[], Map<KnownSchema | string, ResolvedColumns>>()
  readonly #inference = new Inference()
  readonly #unknown = new Map<string, ColumnType>()
  readonly #settings: ConnectorSettings | undefined
  readonly #findings: TopicFindings | null

  constructor({ declared, history, settings, findings = null }: ColumnSources) {
    this.#settings = settings
    this.#findings = findings
    this.#declared = new Map(declared.map(column => [column.name, this.#declaredAsWritten(column)]))
    this.#history = history
  }

  /** Columns met in rows that neither the rows' schema nor the DDL in force had, with the type one value suggested. */
  get unknown(): readonly ColumnType[] {
    return [...this.#unknown.values()]
  }

  /** What values have suggested so far, as plain data. */
  inferred(): readonly InferredColumn[] {
    return this.#inference.dump()
  }

  /** Goes on from what {@link inferred} gave. To be called first. */
  restore(columns: readonly InferredColumn[]): void {
    this.#inference.restore(columns)
  }

  /** The columns of the given rows of one record. Where types are inferred, the rows may widen them. */
  rowColumns(
    schema: KnownSchema | null,
    table: TableName | null,
    position: SourcePosition | null,
    rows: readonly JsonObject[],
  ): ResolvedColumns {
    const version = this.#versionAt(table, position)
    let changed = false
    if (schema === null && version === null) {
      for (const row of rows) changed = this.#inference.add(row) || changed
    }
    const versions = this.#rows.get(schema) ?? new Map<SchemaVersion | null, ResolvedColumns>()
    this.#rows.set(schema, versions)
    let resolved = changed ? undefined : versions.get(version)
    if (resolved === undefined) {
      resolved = this.#resolveRow(schema, version)
      versions.set(version, resolved)
    }
    return resolved
  }

  /**
   * The columns of a key: of the kinds that the same columns have in the table's rows. `rowColumns` are those of the
   * record, or of the last one before a tombstone; null when there was none yet.
   */
  keyColumns(
    schema: KnownSchema | null,
    key: JsonObject,
    table: TableName | null,
    rowColumns: readonly ColumnType[] | null,
  ): ResolvedColumns {
    const known = rowColumns ?? this.#versionAt(table, null)?.columns ?? noColumns
    const kept = this.#keys.get(known) ?? new Map<KnownSchema | string, ResolvedColumns>()
    this.#keys.set(known, kept)
    const identity = schema ?? Object.keys(key).join('\0')
    let resolved = kept.get(identity)
    if (resolved === undefined) {
      const columns = this.#resolveKey(schema, key, known)
      resolved = { columns, decode: rowDecoder(columns) }
      // A column that only the key has is inferred from its value, so it has to be looked at each time.
      const inRow = columns.every(column => known.some(({ name }) => name === column.name))
      if (schema !== null || inRow) kept.set(identity, resolved)
    }
    return resolved
  }

  #asWritten(column: ColumnType): ColumnType {
    return this.#settings === undefined ? column : columnUnder(this.#settings, column)
  }

  #declaredAsWritten(column: DeclaredColumn): DeclaredColumn {
    if (column.type === undefined) return column
    return { ...column, type: this.#asWritten(column.type) }
  }

  #versionAt(table: TableName | null, position: SourcePosition | null): SchemaVersion | null {
    if (table === null || this.#history === null) return null
    return this.#history.versionAt(table.database, table.table, position)
  }

  #resolveRow(schema: KnownSchema | null, version: SchemaVersion | null): ResolvedColumns {
    const own = schema === null ? null : columnsOfSchema(rowSchemaOf(schema.schema))
    const told = version?.columns.map(column => this.#asWritten(column))
    const ddl = new Map(told?.map(column => [column.name, column]))
    const base = own ?? told ?? this.#inference.columns
    const columns = base.map(column =>
      resolveColumn({
        declared: this.#declared.get(column.name),
        schemaChange: ddl.get(column.name),
        recordSchema: own === null ? undefined : column,
        inferred: own === null && version === null ? column : undefined,
        binaryAsText: (this.#settings?.binary ?? 'bytes') !== 'bytes',
      }),
    )
    const findings = this.#findings
    const onDoubt =
      findings && ((doubt: ValueDoubt, name: string) => findings.add(doubt, { columns: [name] }))
    const onUnknown = (column: ColumnType): unknown => this.#unknown.set(column.name, column)
    return {
      columns,
      decode: this.#withDeclared(columns, rowDecoder(columns, onUnknown, onDoubt)),
    }
  }

  /** Declared columns that the table did not have yet are null in its rows. */
  #withDeclared(columns: readonly ColumnType[], decode: RowDecoder): RowDecoder {
    const known = new Set(columns.map(({ name }) => name))
    const later = [...this.#declared.values()].filter(({ name, nullable }) => nullable && !known.has(name))
    if (later.length === 0) return decode
    return raw => {
      const row: Record<string, Value> = decode(raw)
      for (const { name } of later) if (!(name in row)) row[name] = null
      return row
    }
  }

  #resolveKey(
    schema: KnownSchema | null,
    key: JsonObject,
    known: readonly ColumnType[],
  ): readonly ColumnType[] {
    const own = schema === null ? Object.keys(key).map(name => inferColumn(name, key[name] ?? null)) : null
    return (own ?? columnsOfSchema(schema!.schema)).map(column => {
      const row = known.find(({ name }) => name === column.name)
      return resolveColumn({
        declared: this.#declared.get(column.name),
        schemaChange: row,
        recordSchema: own === null ? column : undefined,
        inferred: own === null ? undefined : column,
      })
    })
  }
}

const noColumns: readonly ColumnType[] = []
