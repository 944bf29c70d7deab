import type { Row } from '../change/column-type.js'
import { keyCall } from './group-key.js'
import type { KeyFunction } from './plan.js'
import { type RowId, rowId } from './row-identity.js'
import type { Attempt, PlainRow } from './verb.js'

/** The rows of one key, each as what a step takes of it. */
export interface PlainGroup<M> {
  id: RowId
  key: Row
  members: M[]
}

/** Puts rows together by key in the plainest way. A row on which `key` or `take` fails is in no group. */
export function plainGroups<M>(
  key: KeyFunction,
  rows: readonly PlainRow[],
  attempt: Attempt,
  take: (row: PlainRow) => M,
): PlainGroup<M>[] {
  const keyOf = keyCall(key)
  const groups = new Map<string, PlainGroup<M>>()
  for (const plain of rows) {
    const taken = attempt(() => ({ key: keyOf(plain.row), member: take(plain) }))
    if (taken === null) continue
    const columns = Object.keys(taken.key)
    const id = rowId(taken.key, columns)
    const name = `${JSON.stringify(columns)}${typeof id === 'number' ? '#' : ''}${id}`
    const group = groups.get(name)
    if (group === undefined) groups.set(name, { id, key: taken.key, members: [taken.member] })
    else group.members.push(taken.member)
  }
  return [...groups.values()]
}
