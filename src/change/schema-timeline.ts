import type { SourcePosition } from './change.js'
import type { ColumnOrigin, ColumnType } from './column-type.js'
import { comparePositions } from './position.js'
import type { SchemaVersion } from './schema-history.js'

/** What happened to one column between two versions of a table. */
export interface ColumnChange {
  /** Its name from then on; of a removed one, its last. */
  column: string
  change: 'added' | 'removed' | 'renamed' | 'type changed'
  /** The type before, of a renamed one the name; null of an added one. */
  before: string | null
  /** The type after, of a renamed one the name; null of a removed one. */
  after: string | null
}

/** How a table looked from one moment on. */
export interface TableVersion {
  /** From 1, in the order in which the versions came. */
  number: number
  /** Where in the database's log it began; null where nothing says. */
  position: SourcePosition | null
  /** When, milliseconds; null where nothing says. */
  time: number | null
  /** The statement that made it; null where it is known from the records alone. */
  ddl: string | null
  /** Empty when the table was dropped. */
  columns: readonly ColumnType[]
  /** The primary key's columns, in order. */
  key: readonly string[]
  /** What became of each column that changed since the version before; empty for the first. */
  changes: readonly ColumnChange[]
}

/** The versions of a table, and which of them each statement's version is. */
export interface TableVersions {
  versions: readonly TableVersion[]
  /** The number of the version that a version of the DDL is; a statement of a snapshot that changed nothing is none anew. */
  numberOf: ReadonlyMap<SchemaVersion, number>
}

/**
 * Numbers the versions that the DDL tells of a table. What a snapshot writes of it anew is a version only when it
 * differs from the one before: a snapshot says DROP and CREATE of every table.
 */
export function tableVersions(told: readonly SchemaVersion[]): TableVersions {
  const versions: TableVersion[] = []
  const numberOf = new Map<SchemaVersion, number>()
  for (const version of told) {
    const { position, ddl, columns, key } = version
    const last = versions.at(-1)
    const bySnapshot = position !== null && position.snapshot !== 'false'
    const isDrop = columns.length === 0
    if (isDrop && (bySnapshot || last === undefined)) continue
    const before = last?.columns ?? []
    const changes =
      last === undefined || isDrop || before.length === 0 ? [] : columnChanges(before, columns, ddl)
    const isSame = last !== undefined && !isDrop && before.length > 0 && changes.length === 0
    if (!(isSame && bySnapshot)) {
      const number = versions.length + 1
      versions.push({ number, position, time: position?.time ?? null, ddl, columns, key, changes })
    }
    numberOf.set(version, versions.length)
  }
  return { versions, numberOf }
}

/** A column's type in words: as MySQL writes it where that is known, else what it holds. */
export function typeText({ mysqlType, kind, scale, nullable }: ColumnType): string {
  const type = mysqlType ?? (kind === 'decimal' && scale !== undefined ? `decimal, scale ${scale}` : kind)
  return nullable ? type : `${type} NOT NULL`
}

/** What became of the columns between two versions. Only a statement tells a renamed column from another one. */
export function columnChanges(
  before: readonly ColumnType[],
  after: readonly ColumnType[],
  ddl: string | null,
): ColumnChange[] {
  const [old, now] = [before, after].map(columns => new Map(columns.map(column => [column.name, column])))
  const renamed = new Map<string, string>()
  for (const [from, to] of ddl === null ? [] : renames(ddl))
    if (old!.has(from) && !now!.has(from) && now!.has(to) && !old!.has(to)) renamed.set(to, from)
  const gone = new Set(renamed.values())
  const changes = after.flatMap((column): ColumnChange[] => {
    const { name } = column
    const from = renamed.get(name)
    const was = old!.get(from ?? name)
    if (was === undefined) return [{ column: name, change: 'added', before: null, after: typeText(column) }]
    const type = typeChange(was, column)
    return [
      ...(from === undefined
        ? []
        : [{ column: name, change: 'renamed', before: from, after: name } as const]),
      ...(type === null ? [] : [{ column: name, change: 'type changed', ...type } as const]),
    ]
  })
  const removed = before
    .filter(({ name }) => !now!.has(name) && !gone.has(name))
    .map(
      (column): ColumnChange => ({
        column: column.name,
        change: 'removed',
        before: typeText(column),
        after: null,
      }),
    )
  return [...changes, ...removed]
}

function typeChange(before: ColumnType, after: ColumnType): { before: string; after: string } | null {
  const [was, is] = [typeText(before), typeText(after)]
  if (was !== is) return { before: was, after: is }
  if (before.kind === after.kind && before.encoding === after.encoding) return null
  return { before: `${was}, as ${before.encoding}`, after: `${is}, as ${after.encoding}` }
}

/** Which columns a statement renames, from and to. */
function renames(ddl: string): (readonly [string, string])[] {
  const name = '(`(?:[^`]|``)+`|"[^"]+"|[\\w$]+)'
  const rename = new RegExp(`\\brename\\s+column\\s+${name}\\s+to\\s+${name}`, 'gi')
  const change = new RegExp(`\\bchange\\s+(?:column\\s+)?(?:if\\s+exists\\s+)?${name}\\s+${name}\\s`, 'gi')
  return [rename, change].flatMap(pattern =>
    [...ddl.matchAll(pattern)].map(match => [unquoted(match[1]!), unquoted(match[2]!)] as const),
  )
}

function unquoted(name: string): string {
  return /^[`"]/.test(name) ? name.slice(1, -1).replaceAll('``', '`') : name
}

/** A change of a row, as far as it tells the version of its table. */
export interface WrittenRow {
  readonly columns: readonly ColumnType[]
  /** The names of the columns that the record writes, where their types are taken from values. */
  readonly names: readonly string[]
  readonly source: SourcePosition | null
  readonly partition: number
  readonly timestamp: number
}

/** Rows of one partition, one after the other, with the same columns. */
export interface Stretch {
  readonly signature: string
  readonly columns: readonly ColumnType[]
  readonly position: SourcePosition | null
  readonly time: number
}

/**
 * The versions of a table as its records tell them, where no DDL does: a version begins where the columns of the rows
 * change. Give it the changes of each partition in order, without those delivered before. Where types are taken from
 * values, only columns that come and go begin a version: what a value looks like is no type.
 */
export class WrittenVersions {
  readonly #stretches: Stretch[] = []
  readonly #last = new Map<number, Stretch>()
  readonly #signatures = new WeakMap<readonly ColumnType[], string>()
  /** The types that values suggest, the latest of them: they widen. */
  #inferred: readonly ColumnType[] = []

  /** How the columns came to be known; null before a row. */
  get origin(): ColumnOrigin | null {
    return this.#stretches[0]?.columns[0]?.origin ?? null
  }

  /** Takes the next row, and gives the stretch it belongs to. */
  add({ columns, names, source, partition, timestamp }: WrittenRow): Stretch {
    const isInferred = columns[0]?.origin === 'inferred'
    if (isInferred) this.#inferred = columns
    const signature = isInferred ? names.join('\0') : this.#signatureOf(columns)
    const last = this.#last.get(partition)
    if (last?.signature === signature) return last
    const own = isInferred ? columns.filter(({ name }) => names.includes(name)) : columns
    const stretch = { signature, columns: own, position: source, time: source?.time ?? timestamp }
    this.#last.set(partition, stretch)
    this.#stretches.push(stretch)
    return stretch
  }

  /** The versions, and which of them each stretch is. `key` names the key's columns. */
  finish(key: readonly string[]): {
    versions: readonly TableVersion[]
    numberOf: ReadonlyMap<Stretch, number>
  } {
    const versions: TableVersion[] = []
    const numberOf = new Map<Stretch, number>()
    let signature: string | null = null
    for (const stretch of this.#stretches.sort(inOrder)) {
      if (stretch.signature !== signature) {
        const columns = stretch.columns.map(column => this.#widest(column))
        const before = versions.at(-1)?.columns
        const changes = before === undefined ? [] : columnChanges(before, columns, null)
        const { position, time } = stretch
        versions.push({ number: versions.length + 1, position, time, ddl: null, columns, key, changes })
        signature = stretch.signature
      }
      numberOf.set(stretch, versions.length)
    }
    return { versions, numberOf }
  }

  #widest(column: ColumnType): ColumnType {
    if (column.origin !== 'inferred') return column
    return this.#inferred.find(({ name }) => name === column.name) ?? column
  }

  #signatureOf(columns: readonly ColumnType[]): string {
    let signature = this.#signatures.get(columns)
    if (signature === undefined) {
      signature = columns.map(column => `${column.name} ${column.encoding} ${typeText(column)}`).join('\0')
      this.#signatures.set(columns, signature)
    }
    return signature
  }
}

function inOrder(a: Stretch, b: Stretch): number {
  if (a.position !== null && b.position !== null && a.position.serverId === b.position.serverId)
    return comparePositions(a.position, b.position)
  return a.time - b.time
}
