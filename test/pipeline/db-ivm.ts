import {
  concat,
  D2,
  groupBy,
  type IStreamBuilder,
  join,
  map,
  output,
  type PipedOperator,
  reduce,
  serializeValue,
} from '@tanstack/db-ivm'
import type { Change } from '../../src/change/change.js'
import type { Row, Value } from '../../src/change/column-type.js'
import type { Cell, CellRow } from '../../src/pipeline/cell.js'
import { keyText, rowText } from '../../src/pipeline/output.js'
import { plainAggregate } from '../../src/pipeline/plain-aggregate.js'
import type {
  AggregateNode,
  FromNode,
  JoinNode,
  KeyFunction,
  Plan,
  PlanNode,
} from '../../src/pipeline/plan.js'
import { childId, compareIds, idText, pairId, type RowId, rowId } from '../../src/pipeline/row-identity.js'
import { aggregateOf, isTheirs, partsOf, type TheirKind } from './db-ivm-aggregates.js'
import {
  attempt,
  complete,
  derived,
  folded,
  type Held,
  Input,
  keyId,
  mapped,
  memberOf,
  type Named,
  rowByRow,
  type Stream,
} from './db-ivm-rows.js'

/**
 * A plan run by `@tanstack/db-ivm`, differential dataflow that knows nothing of ours: it sees rows added and taken away,
 * where our engine sees newest versions. All verbs are translated; what is not left to it is what it gets wrong:
 *
 * - It tells rows of one key apart by a hash of 32 bits, unless they are `[primary key, row]`; then it does so for two
 *   versions of one row. So what stands for the primary key here is a name of the version.
 * - To its aggregates null is 0, text is ordered by UTF-16, NaN is below nothing, and a sum is rounded at each step. So
 *   they only see groups of integers, and others are computed from the same contributions in the plainest way.
 * - Null joins null there: rows without a value to join by have one of their own here.
 * - It has no rows that a function fails on: they are filtered out here before it sees them.
 */
export class IvmPipeline {
  readonly #plan: Plan
  readonly #graph = new D2()
  readonly #inputs = new Map<string, Input>()
  /** What is in the output, and how many times: never more than once if all is well. */
  readonly #held = new Map<string, { held: Held; times: number }>()
  #versions = 0

  constructor(plan: Plan) {
    this.#plan = plan
    this.#streamOf(plan.root).pipe(
      output<Named>(rows => {
        for (const [[version, held], times] of rows.getInner()) this.#count(version, held, times)
      }),
    )
    this.#graph.finalize()
  }

  apply(changes: readonly Change[]): void {
    for (const input of this.#inputs.values()) input.send(changes)
    this.#graph.run()
  }

  /** What the output topic holds: encoded key to encoded row. */
  written(): Map<string, string> {
    const byKey = new Map<string, Held>()
    for (const { held, times } of this.#held.values()) {
      if (times !== 1) throw new Error(`A row is ${times} times in the output`)
      const text = attempt(() => keyText(this.#keyOf(held)))
      if (text === null) continue
      const other = byKey.get(text)
      if (other === undefined || compareIds(held.id, other.id) < 0) byKey.set(text, held)
    }
    return new Map(Array.from(byKey, ([text, { row }]) => [text, rowText(row)]))
  }

  #keyOf({ key, row }: Held): Row {
    const columns = this.#plan.key
    return columns === null
      ? key!
      : (Object.fromEntries(columns.map(name => [name, row[name] ?? null])) as Row)
  }

  #count(version: string, held: Held, times: number): void {
    const now = (this.#held.get(version)?.times ?? 0) + times
    if (now === 0) this.#held.delete(version)
    else this.#held.set(version, { held, times: now })
  }

  #version(): string {
    return String(++this.#versions)
  }

  #streamOf(node: PlanNode): Stream {
    switch (node.verb) {
      case 'from':
        return this.#from(node)
      case 'filter':
        return this.#streamOf(node.input).pipe(rowByRow(row => (node.test(row) ? row : null)))
      case 'map':
        return this.#streamOf(node.input).pipe(rowByRow(row => complete(node.row(row))))
      case 'select':
        return this.#streamOf(node.input).pipe(
          rowByRow(row => Object.fromEntries(node.columns.map(name => [name, row[name] ?? null]))),
        )
      case 'derive':
        return this.#streamOf(node.input).pipe(rowByRow(row => ({ ...row, ...derived(node.columns, row) })))
      case 'window':
        return this.#streamOf(node.input).pipe(
          rowByRow(row => {
            const time = node.on(row)
            // What is no time is set aside by an engine, and so in no window.
            if (time === null || !Number.isFinite(time)) return null
            const start = Math.floor((time - node.offset) / node.size) * node.size + node.offset
            return { ...row, window_start: start, window_end: start + node.size }
          }),
        )
      case 'declassify':
        return this.#streamOf(node.input)
      case 'flatMap':
        return this.#grouped(
          this.#streamOf(node.input),
          ({ id, row }) => ({ group: idText(id), key: null, member: node.rows(row).map(complete) }),
          ([{ id, member }]) => member.map((row, i) => ({ id: childId(id, i), key: null, row })),
        )
      case 'union':
        return node.inputs
          .map((input, i) => this.#streamOf(input).pipe(memberOf(i)))
          .reduce((all, one) => all.pipe(concat(one)))
      case 'join':
        return this.#join(node)
      case 'aggregate':
        return Object.values(node.aggregates).every(isTheirs) ? this.#theirs(node) : this.#aggregate(node)
      case 'pivot':
        return this.#groupBy(
          node.input,
          node.key,
          ({ id, row }) => {
            const column = Object.values(node.columns).indexOf(node.on(row))
            return column < 0 ? null : { column, part: { by: node.by(row), id, value: node.value(row) } }
          },
          (id, key, members) => {
            const cells = Object.keys(node.columns).map((name, i) => {
              const parts = members.flatMap(one => (one?.column === i ? [one.part] : []))
              return [name, plainAggregate('last', parts)] as const
            })
            return [{ id, key, row: { ...key, ...Object.fromEntries(cells) } }]
          },
        )
      case 'latest':
        return this.#groupBy(
          node.input,
          node.key,
          ({ id, row }) => ({ by: node.by(row), id, value: row }),
          (id, key, members) => [{ id, key, row: plainAggregate('last', members) as CellRow }],
        )
      case 'fold':
        return this.#groupBy(
          node.input,
          node.key,
          held => ({ by: node.by(held.row), held }),
          (_, __, members) => folded(node, members),
        )
    }
  }

  #from(node: FromNode): Stream {
    const name = JSON.stringify([node.topic, node.deleted])
    const input = this.#inputs.get(name) ?? new Input(node, this.#graph, () => this.#version())
    this.#inputs.set(name, input)
    return input.stream
  }

  #join({ input, other, kind, on, to, row }: JoinNode): Stream {
    const keyed = (call: JoinNode['on'], side: string): PipedOperator<Named, [string, Named]> =>
      mapped(([version, held]) => {
        const values = [call(held.row)].flat() as Value[]
        const alone = values.some(value => value === null || value === undefined)
        return [alone ? `${side} ${idText(held.id)}` : keyId(values), [version, held]]
      })
    const others = this.#streamOf(other).pipe(keyed(to, 'to'))
    const joined = this.#streamOf(input).pipe(keyed(on, 'on'), join(others, kind)) as IStreamBuilder<
      [string, [Named, Named | null]]
    >
    return joined.pipe(
      mapped(([, [[version, one], pair]]) => {
        const [otherVersion, partner] = pair ?? ['', null]
        const id = pairId(one.id, partner?.id ?? null)
        return [
          `${version} ${otherVersion}`,
          { id, key: null, row: complete(row(one.row, partner?.row ?? null)) },
        ]
      }),
    )
  }

  /** Aggregates in its own operators. */
  #theirs({ input, key, aggregates }: AggregateNode): Stream {
    const contributions = this.#streamOf(input).pipe(
      mapped(([, { id, row }]) => ({ key: complete(key(row)) as Row, parts: partsOf(aggregates, id, row) })),
    )
    const reduced = contributions.pipe(
      groupBy(
        ({ key: group }) => ({ group }),
        Object.fromEntries(
          Object.entries(aggregates).map(([name, { kind }]) => [
            `_${name}`,
            aggregateOf(kind as TheirKind, name),
          ]),
        ),
      ),
    ) as IStreamBuilder<[string, { group: Row } & Record<string, Cell>]>
    return reduced.pipe(
      mapped(([groupId, { group, ...values }]) => {
        const cells = Object.keys(aggregates).map(name => [name, values[`_${name}`] ?? null] as const)
        const row: CellRow = { ...group, ...Object.fromEntries(cells) }
        const id = rowId(group, Object.keys(group))
        return [serializeValue([groupId, row]), { id, key: group, row }]
      }),
    )
  }

  #aggregate({ input, key, aggregates }: AggregateNode): Stream {
    return this.#groupBy(
      input,
      key,
      ({ id, row }) => partsOf(aggregates, id, row),
      (id, group, members) => {
        const cells = Object.entries(aggregates).map(([name, { kind }]) => {
          const parts = members.map(parts => parts[name]).filter(part => part !== undefined)
          return [name, plainAggregate(kind, parts)] as const
        })
        return [{ id, key: group, row: { ...group, ...Object.fromEntries(cells) } }]
      },
    )
  }

  #groupBy<M>(
    input: PlanNode,
    key: KeyFunction,
    member: (held: Held) => M,
    rows: (id: RowId, key: Row, members: M[]) => Held[],
  ): Stream {
    return this.#grouped(
      this.#streamOf(input),
      held => {
        const group = complete(key(held.row)) as Row
        return { group: keyId(Object.values(group)), key: group, member: member(held) }
      },
      members => {
        const group = members[0].key!
        return rows(
          rowId(group, Object.keys(group)),
          group,
          members.map(one => one.member),
        )
      },
    )
  }

  /** The rows of each group to what `rows` makes of them, in its `reduce`. */
  #grouped<M>(
    stream: Stream,
    place: (held: Held) => { group: string; key: Row | null; member: M },
    rows: (members: [Placed<M>, ...Placed<M>[]]) => Held[],
  ): Stream {
    const reduced = stream.pipe(
      mapped<Named, [string, [string, Placed<M>]]>(([version, held]) => {
        const { group, key, member } = place(held)
        return [group, [version, { id: held.id, key, member }]]
      }),
      reduce<string, [string, Placed<M>], Named, [string, [string, Placed<M>]]>(
        members => {
          const placed = members.map(([[, one], times]) => {
            if (times !== 1) throw new Error(`A row is ${times} times in a group`)
            return one
          })
          if (placed.length === 0) return []
          return rows(placed as [Placed<M>, ...Placed<M>[]]).map(held => [[this.#version(), held], 1])
        },
        { prefixIdentity: true },
      ),
    )
    return reduced.pipe(map(([, named]) => named))
  }
}

/** What a row is to its group. */
interface Placed<M> {
  id: RowId
  key: Row | null
  member: M
}
