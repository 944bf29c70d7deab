import type { Column } from './column.js'

/** The names, with as many more underscores before them as it takes to be none of the columns'. */
export function freeNames(names: readonly string[], columns: readonly Column[]): string[] {
  const taken = new Set(columns.map(column => column.name))
  return names.map(wanted => {
    let name = wanted
    while (taken.has(name)) name = `_${name}`
    return name
  })
}
