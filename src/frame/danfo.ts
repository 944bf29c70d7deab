import type { DataFrame } from 'danfojs-node'
import type { ColumnKind, Value } from '../change/column-type.js'
import { msOfIso } from '../change/temporal.js'
import { ObslabError } from '../errors.js'
import { loadPackage } from '../optional-package.js'
import type { Column } from './column.js'
import { columnOf } from './column-builder.js'
import { type ExportOptions, exposeColumns } from './expose.js'
import { groupDigits, isoTime } from './format.js'

/** How a frame becomes a danfo.js DataFrame. */
export interface DanfoOptions extends ExportOptions {
  /** Rows allowed; more are a `too-many-rows` error. Default 20,000: beyond, danfo's sort and groupby take minutes. */
  limit?: number | undefined
}

type Danfo = typeof import('danfojs-node')

/**
 * Columns as a danfo.js DataFrame, column by column with their dtypes. Numbers (`int`: int32, `double`: float32, names
 * only, the values are doubles) and booleans stay; everything else is text (`string`), so that no value is wrong:
 * bigints with all their digits, datetimes as ISO text, timestamps as ISO text with Z, bytes as 0x and hex. Null
 * stays null, which danfo counts as missing; its groupby does not, so drop nulls first.
 */
export async function toDanfo(
  columns: readonly Column[],
  length: number,
  options: DanfoOptions,
): Promise<DataFrame> {
  const limit = options.limit ?? 20_000
  if (length > limit) {
    throw new ObslabError(
      'too-many-rows',
      `A danfo DataFrame takes up to ${groupDigits(limit)} rows here, the frame has ${groupDigits(length)}: danfo ` +
        'is slow beyond. Filter or aggregate first, or raise `limit`.',
    )
  }
  const { DataFrame } = await loadDanfo()
  const exposed = exposeColumns(columns, options)
  const dtypes = exposed.map(column => dtypeOf(column.kind))
  const names = exposed.map(column => column.name)
  if (length === 0) return new DataFrame([], { columns: names, dtypes })
  const data = Object.fromEntries(exposed.map(column => [column.name, danfoValues(column)]))
  return new DataFrame(data, { columns: names, dtypes })
}

/**
 * The columns of a danfo.js DataFrame. Without a kind in `kinds`, numbers are `int` if whole and else `double`, and
 * text is `text`; with one, the text that {@link toDanfo} wrote is read back. Missing values and NaN become null.
 */
export function columnsOfDanfo(
  frame: DataFrame,
  kinds: Readonly<Record<string, ColumnKind | undefined>>,
): Column[] {
  return frame.columns.map((name: string) => {
    const kind = kinds[name]
    const values = frame.column(name).values as readonly unknown[]
    const read = values.map(value => (isMissing(value) ? null : fromDanfo(name, kind, value as Value)))
    return columnOf(name, read, { kind })
  })
}

let loading: Promise<Danfo> | undefined

/** Loads danfo.js once: it takes a second or more. */
async function loadDanfo(): Promise<Danfo> {
  loading ??= loadPackage('danfojs-node', 'danfo()', () => import('danfojs-node')).then(danfo => {
    silenceBanner(danfo)
    return danfo
  })
  return loading
}

/** TensorFlow.js advertises its native backend when the first tensor is made, unless in production mode. */
function silenceBanner({ tensorflow }: Danfo): void {
  const flags = tensorflow.env()
  flags.set('PROD', true)
  tensorflow.tensor([0]).dispose()
  flags.set('PROD', false)
}

function dtypeOf(kind: ColumnKind): string {
  if (kind === 'int') return 'int32'
  if (kind === 'double') return 'float32'
  return kind === 'boolean' ? 'boolean' : 'string'
}

function danfoValues(column: Column): Value[] {
  switch (column.kind) {
    case 'bigint':
      return Array.from(column, value => (value === null ? null : String(value)))
    case 'datetime':
      return Array.from(column, value => (value === null ? null : isoTime(value as number)))
    case 'timestamp':
      return Array.from(column, value => (value === null ? null : isoTime(value as number, 'Z')))
    case 'bytes':
      return Array.from(column, value => (value === null ? null : hex(value as Uint8Array)))
    default:
      return column.toArray()
  }
}

function hex(bytes: Uint8Array): string {
  return `0x${Buffer.from(bytes).toString('hex')}`
}

function isMissing(value: unknown): boolean {
  return value === null || value === undefined || Number.isNaN(value)
}

function fromDanfo(name: string, kind: ColumnKind | undefined, value: Value): Value {
  if (typeof value !== 'string')
    return kind === 'bigint' && Number.isSafeInteger(value) ? BigInt(value as number) : value
  if (kind === 'bigint' && /^-?\d+$/.test(value)) return BigInt(value)
  if ((kind === 'datetime' || kind === 'timestamp') && msOfIso(value) !== null) return msOfIso(value)
  if (kind === 'bytes' && /^0x([\da-f]{2})*$/.test(value))
    return new Uint8Array(Buffer.from(value.slice(2), 'hex'))
  if (kind === undefined || !['bigint', 'datetime', 'timestamp', 'bytes'].includes(kind)) return value
  throw new ObslabError(
    'frame-invalid',
    `Column '${name}' of the DataFrame holds text that is no ${kind}: give another kind, or none for text.`,
  )
}
