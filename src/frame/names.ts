import { ObslabError } from '../errors.js'
import { nearest } from '../source/nearest.js'
import type { Column } from './column.js'

/** One of the column names of rows `R`. */
export type Name<R extends object> = keyof R & string

/** The column of that name, or a `column-unknown` error that names the nearest ones. */
export function columnNamed(columns: readonly Column[], name: string): Column {
  const column = columns.find(candidate => candidate.name === name)
  if (column === undefined) {
    throw columnUnknown(
      name,
      columns.map(candidate => candidate.name),
    )
  }
  return column
}

/** The error for a name that is none of `names`. */
export function columnUnknown(name: string, names: readonly string[]): ObslabError {
  const near = nearest(name, names)
  const hint = near.length > 0 ? `Did you mean ${near.map(n => `'${n}'`).join(' or ')}?` : listed(names)
  return new ObslabError('column-unknown', `There is no column '${name}'. ${hint}`)
}

function listed(names: readonly string[]): string {
  if (names.length === 0) return 'There are no columns at all.'
  const shown = names.slice(0, 12).join(', ')
  return `The columns are ${shown}${names.length > 12 ? ` and ${names.length - 12} more` : ''}.`
}
