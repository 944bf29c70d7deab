import type { ColumnKind } from '../change/column-type.js'
import { ObslabError } from '../errors.js'
import type { Column } from './column.js'
import { ColumnBuilder } from './column-builder.js'
import { columnNamed } from './names.js'

/**
 * The columns of `parts` one below the other, in the order of the first. All parts have the same names; kinds are
 * the same, or int with double (then double) or int with bigint (then bigint). Sensitive where one of them is.
 */
export function concatColumns(parts: readonly (readonly Column[])[]): Column[] {
  const [head = [], ...rest] = parts
  for (const part of rest) checkNames(head, part)
  return head.map(({ name }) => stack(parts.map(part => columnNamed(part, name))))
}

function checkNames(head: readonly Column[], part: readonly Column[]): void {
  const names = new Set(head.map(column => column.name))
  const added = part.filter(column => !names.has(column.name)).map(column => column.name)
  const missing = [...names].filter(name => !part.some(column => column.name === name))
  if (added.length === 0 && missing.length === 0) return
  throw new ObslabError(
    'frame-invalid',
    `Frames to concatenate need the same columns; ${[
      ...(missing.length > 0 ? [`missing: ${missing.join(', ')}`] : []),
      ...(added.length > 0 ? [`only in the later one: ${added.join(', ')}`] : []),
    ].join('; ')}. Select the columns they share first.`,
  )
}

function stack(columns: readonly Column[]): Column {
  const { name } = columns[0]!
  const kind = columns.map(column => column.kind).reduce((a, b) => commonKind(name, a, b))
  const builder = new ColumnBuilder(name, { kind, sensitive: columns.some(column => column.sensitive) })
  for (const column of columns) {
    const widen = kind === 'bigint' && column.kind === 'int'
    for (const value of column) builder.append(widen && value !== null ? BigInt(value as number) : value)
  }
  return builder.finish()
}

function commonKind(name: string, a: ColumnKind, b: ColumnKind): ColumnKind {
  if (a === b) return a
  const pair = [a, b]
  const wider = pair.find(kind => kind === 'double' || kind === 'bigint')
  if (pair.includes('int') && wider !== undefined) return wider
  throw new ObslabError(
    'frame-invalid',
    `Column '${name}' is ${a} in one frame and ${b} in another: derive it as one kind first.`,
  )
}
