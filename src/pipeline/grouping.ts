import type { Row } from '../change/column-type.js'
import type { RecordPosition } from '../errors.js'
import type { Cell, CellRow } from './cell.js'
import { GroupKeys, keyCall } from './group-key.js'
import type { OperatorState } from './operator-state.js'
import type { KeyFunction } from './plan.js'
import { hasPrefix, type RowId, type RowSink } from './row-identity.js'
import type { Running, SetAside } from './set-aside.js'
import type { Operator, StepContext } from './verb.js'

/** The rows of one key, and what a step has made of them. */
export interface Group<S> {
  readonly id: RowId
  readonly key: Row
  /** Rows in it. */
  size: number
  state: S
  /** The record that last changed it since it was last passed on; null when none has. */
  changedAt: RecordPosition | null
}

/** What a row contributed to its group: enough to take it back. */
export interface Member<S> {
  /** Null until the row is in it. */
  group: Group<S> | null
}

/** What is different from one step that groups to another. */
export interface Grouped<M extends Member<S>, S> {
  /** What a row contributes, its functions called. */
  member(id: RowId, row: CellRow): M
  create(): S
  add(group: Group<S>, member: M): void
  remove(group: Group<S>, member: M): void
  /** Passes on which rows have left a group: of all groups before any passes on what it is. */
  emitGone?(group: Group<S>, next: RowSink): void
  /** Passes on what a group is now; its size may be 0. */
  emit(group: Group<S>, next: RowSink): void
  /** All members of a group have been added from a memory that was filled before. */
  restored?(group: Group<S>): void
  encode(member: M): Cell
  decode(cell: Cell, id: RowId): M
}

/** A step that groups rows by `key`, each group with its own memory: a row costs its own group only. */
export function groupOperator<M extends Member<S>, S>(
  key: KeyFunction,
  grouped: Grouped<M, S>,
  context: StepContext,
  next: RowSink,
): Operator {
  const grouping = new Grouping(key, grouped, context, next)
  return { inputs: [grouping], flush: () => grouping.flush(), keys: grouping.keys }
}

class Grouping<M extends Member<S>, S> implements RowSink {
  readonly keys: GroupKeys = new GroupKeys()
  readonly #key: (row: CellRow) => Row
  readonly #grouped: Grouped<M, S>
  readonly #running: Running
  readonly #setAside: SetAside
  readonly #next: RowSink
  /** What each row contributed. All else follows from it. */
  readonly #members: OperatorState<M>
  readonly #groups = new Map<RowId, Group<S>>()
  #changed: Group<S>[] = []

  constructor(key: KeyFunction, grouped: Grouped<M, S>, context: StepContext, next: RowSink) {
    this.#key = keyCall(key)
    this.#grouped = grouped
    this.#running = context.running
    this.#setAside = context.setAside
    this.#next = next
    this.keys.restore(context.keep('keys', this.keys) ?? [])
    this.#members = context.state('rows', {
      encode: member => [member.group!.key, grouped.encode(member)],
      decode: (cell, id) => {
        const [groupKey, member] = cell as [Row, Cell]
        return this.#placed(grouped.decode(member, id), groupKey)
      },
    })
    this.#restore()
  }

  put(id: RowId, row: CellRow): void {
    let member: M
    try {
      const key = this.#key(row)
      member = this.#placed(this.#grouped.member(id, row), key)
      this.#setAside.passed(id)
    } catch (cause) {
      this.#setAside.failed(id, cause)
      this.#leave(id)
      return
    }
    const before = this.#members.get(id)
    if (before !== undefined) this.#part(before.group!, before)
    this.#members.set(id, member)
    this.#join(member.group!, member)
  }

  remove(id: RowId): void {
    this.#setAside.passed(id)
    this.#leave(id)
  }

  clear(prefix: string): void {
    this.#setAside.clear(prefix)
    for (const [id] of [...this.#members.entries()]) if (hasPrefix(id, prefix)) this.#leave(id)
  }

  /** Passes on the groups that changed since the last call. */
  flush(): void {
    const changed = this.#changed
    this.#changed = []
    if (this.#grouped.emitGone) for (const group of changed) this.#grouped.emitGone(group, this.#next)
    for (const group of changed) {
      this.#running.at = group.changedAt
      group.changedAt = null
      this.#grouped.emit(group, this.#next)
      if (group.size === 0) this.#groups.delete(group.id)
    }
  }

  #restore(): void {
    for (const [, member] of this.#members.entries()) this.#join(member.group!, member)
    for (const group of this.#changed) {
      group.changedAt = null
      this.#grouped.restored?.(group)
    }
    this.#changed = []
  }

  #placed(member: M, key: Row): M {
    const id = this.keys.idOf(key)
    let group = this.#groups.get(id)
    if (group === undefined) {
      group = { id, key, size: 0, state: this.#grouped.create(), changedAt: null }
      this.#groups.set(id, group)
    }
    member.group = group
    return member
  }

  #leave(id: RowId): void {
    const before = this.#members.get(id)
    if (before === undefined) return
    this.#members.delete(id)
    this.#part(before.group!, before)
  }

  #join(group: Group<S>, member: M): void {
    group.size++
    this.#grouped.add(group, member)
    this.#touch(group)
  }

  #part(group: Group<S>, member: M): void {
    group.size--
    this.#grouped.remove(group, member)
    this.#touch(group)
  }

  #touch(group: Group<S>): void {
    if (group.changedAt === null) this.#changed.push(group)
    group.changedAt = this.#running.at ?? unknownPosition
  }
}

const unknownPosition: RecordPosition = { topic: '' }
