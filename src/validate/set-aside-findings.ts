import { formatPosition } from '../errors.js'
import type { Finding } from '../finding.js'
import type { SetAsideRow } from '../pipeline/set-aside.js'

/** One finding for each function that failed on rows: how many, where the first is, and what it did. */
export function setAsideFindings(pipeline: string, rows: readonly SetAsideRow[]): Finding[] {
  const groups = new Map<string, SetAsideRow[]>()
  for (const row of rows) {
    const name = JSON.stringify([row.step, row.expression, row.error])
    const group = groups.get(name)
    if (group === undefined) groups.set(name, [row])
    else group.push(row)
  }
  return [...groups.values()].map(group => {
    const [{ step, expression, reason, ...at }] = group as [SetAsideRow, ...SetAsideRow[]]
    const { topic, partition, offset } = at
    const count = group.length
    const where = `${count === 1 ? 'at' : 'the first at'} ${formatPosition({ topic, partition, offset })}`
    const told = expression === null ? step : `\`${expression}\` in ${step}`
    return {
      code: 'rows-set-aside',
      severity: 'error',
      sentence: `${pipeline}: ${count.toLocaleString('en')} ${count === 1 ? 'row is' : 'rows are'} left out, ${where}, for ${told} fails on ${count === 1 ? 'it' : 'them'}. ${reason}`,
    }
  })
}
