import { expressionOf, Untranslatable } from './expression.js'
import {
  type AggregateNode,
  type DeriveNode,
  type FromNode,
  type JoinNode,
  type LatestNode,
  type PivotNode,
  type Plan,
  type PlanNode,
  type SelectNode,
  stepsOf,
  type UnionNode,
  type WindowNode,
} from './plan.js'
import { valueId } from './row-identity.js'
import { constantSql } from './sql-call.js'
import { SqlTranslator } from './sql-expression.js'
import {
  aggregateSql,
  ordered,
  orderedBack,
  type Relation,
  type SqlTable,
  sameKey,
  tableColumns,
} from './sql-relation.js'
import { type SqlField, type SqlValue, sqlNumber, truth } from './sql-value.js'

/** A part of a plan that has no faithful form in SQL. */
export interface PlanUntranslatable {
  /** The step by its name among `stepsOf`; that of the output for its key. */
  operator: string
  /** The step, as messages name it. */
  step: string
  /** The part of its function, as written; the verb where it is the verb itself. */
  expression: string
  /** Why, and what would have one. */
  reason: string
}

/** The steps of a plan as queries, each of those before it. */
export class SqlSteps {
  /** What has no faithful form. */
  readonly refused: PlanUntranslatable[] = []
  readonly #tables: ReadonlyMap<string, SqlTable>
  readonly #operators: ReadonlyMap<PlanNode, string>
  readonly #queries: string[] = []

  constructor({ root }: Plan, tables: ReadonlyMap<string, SqlTable>) {
    this.#tables = tables
    this.#operators = new Map(stepsOf(root).map(({ name, node }) => [node, name]))
  }

  /** The queries, as the beginning of a SELECT. */
  get with(): string {
    return `WITH ${this.#queries.map((query, i) => `q${i} AS (${query})`).join(',\n')}\n`
  }

  /** The rows of a step; null when it or one before it is refused. */
  relation(node: PlanNode): Relation | null {
    switch (node.verb) {
      case 'from':
        return this.#attempt(node, `from ${node.topic}`, () => this.#from(node))
      case 'join':
        return this.#both(node)
      case 'union':
        return this.#union(node)
    }
    const input = this.relation(node.input)
    // A step that cannot be translated itself is named even where its input could not be.
    if (node.verb === 'fold' || node.verb === 'flatMap') {
      this.#refuse(node, `.${node.verb}(…)`, node.verb, `SQL has no ${node.verb}`)
      return null
    }
    return input === null ? null : this.#attempt(node, `.${node.verb}(…)`, () => this.#step(node, input))
  }

  #step(
    node: Exclude<PlanNode, { verb: 'from' | 'join' | 'union' | 'fold' | 'flatMap' }>,
    input: Relation,
  ): Relation {
    switch (node.verb) {
      case 'filter':
        return this.#kept(input, fieldsOf(input), translatorOf(input).test(expressionOf(node.test)))
      case 'map':
        return this.#kept(input, translatorOf(input).fields(expressionOf(node.row)))
      case 'derive':
        return this.#kept(input, derived(node, input))
      case 'select':
        return this.#kept(input, selected(node, input))
      case 'declassify':
        return input
      case 'window':
        return this.#window(node, input)
      case 'aggregate':
        return this.#aggregate(node, input)
      case 'pivot':
        return this.#pivot(node, input)
      case 'latest':
        return this.#latest(node, input)
    }
  }

  #refuse(node: PlanNode, step: string, expression: string, reason: string): void {
    this.refused.push({ operator: this.#operators.get(node)!, step, expression, reason })
  }

  #attempt(node: PlanNode, step: string, make: () => Relation): Relation | null {
    try {
      return make()
    } catch (error) {
      if (!(error instanceof Untranslatable)) throw error
      this.#refuse(node, step, error.expression, error.reason)
      return null
    }
  }

  #from(node: FromNode): Relation {
    const table = this.#tables.get(node.topic)
    if (table === undefined) throw new Untranslatable(node.topic, 'there is no table of the topic')
    const fields = tableColumns(table)
    const find = (name: string): SqlValue => {
      const field = fields.find(one => one.name === name)
      if (field === undefined) throw new Untranslatable(name, `the table of ${node.topic} has no such column`)
      return field.value
    }
    const key = node.key.map(name => ({ name, value: find(name) }))
    const isThere = node.deleted.map(name => `NOT ${truth(find(name))}`)
    return this.#made({
      fields,
      key,
      identity: key.map(({ value }) => value.sql),
      from: table.name,
      where: isThere,
    })
  }

  /** Rows that keep key and identity. */
  #kept(input: Relation, fields: readonly SqlField[], where: string | null = null): Relation {
    const { from, key, identity } = input
    return this.#made({ fields, key, identity, from, where: where === null ? [] : [where] })
  }

  #window({ on, size, offset }: WindowNode, input: Relation): Relation {
    const expression = expressionOf(on)
    const time = translatorOf(input).value(expression)
    if (time.type !== 'number')
      throw new Untranslatable(expression.text, `a time is a number, not a ${time.type}`)
    const from = sqlNumber(offset)
    const start = `(floor((${time.sql} - ${from}) / ${sqlNumber(size)}) * ${sqlNumber(size)} + ${from})`
    const about = { type: 'number', nullable: false } as const
    const fields = new Map(input.columns)
    fields.set('window_start', { sql: start, ...about })
    fields.set('window_end', { sql: `(${start} + ${sqlNumber(size)})`, ...about })
    return this.#kept(
      input,
      fieldsOf({ ...input, columns: fields }),
      `coalesce(isfinite(${time.sql}), false)`,
    )
  }

  #aggregate(node: AggregateNode, input: Relation): Relation {
    const key = keyOf(node.key, input)
    const aggregates = Object.entries(node.aggregates).map(([name, aggregate]) => ({
      name,
      value: aggregateSql(aggregate, input),
    }))
    return this.#grouped(input, key, aggregates)
  }

  #pivot(node: PivotNode, input: Relation): Relation {
    const key = keyOf(node.key, input)
    const translator = translatorOf(input)
    const on = translator.value(expressionOf(node.on))
    const value = translator.value(expressionOf(node.value))
    const order = ordered(translator.value(expressionOf(node.by)).sql, input)
    const seen = new Set<unknown>()
    const pivoted = Object.entries(node.columns).map(([name, sought]): SqlField => {
      const id = valueId(sought)
      const isFirst = !seen.has(id)
      seen.add(id)
      if (sought instanceof Uint8Array) throw new Untranslatable(name, 'bytes are not looked for in SQL')
      const constant = constantSql(sought)
      const isSought = sought === null ? (on.nullable ? `${on.sql} IS NULL` : 'false') : sameKey(on, constant)
      const test = isFirst ? `coalesce(${isSought}, false)` : 'false'
      return {
        name,
        value: {
          ...value,
          sql: `last(${value.sql} ORDER BY ${order}) FILTER (WHERE ${test})`,
          nullable: true,
        },
      }
    })
    return this.#grouped(input, key, pivoted)
  }

  #grouped(input: Relation, key: readonly SqlField[], rest: readonly SqlField[]): Relation {
    const fields = new Map([...key, ...rest].map(({ name, value }) => [name, value]))
    const list = fieldsOf({ ...input, columns: fields })
    const group =
      key.length === 0 ? 'HAVING count(*) > 0' : `GROUP BY ${key.map(({ value }) => value.sql).join(', ')}`
    return this.#made({
      fields: list,
      key,
      identity: key.map(({ value }) => value.sql),
      from: input.from,
      tail: group,
    })
  }

  #latest(node: LatestNode, input: Relation): Relation {
    const key = keyOf(node.key, input)
    const by = translatorOf(input).value(expressionOf(node.by)).sql
    const partition = key.length === 0 ? '' : `PARTITION BY ${key.map(({ value }) => value.sql).join(', ')} `
    const tail = `QUALIFY row_number() OVER (${partition}ORDER BY ${orderedBack(by, input)}) = 1`
    const identity = key.map(({ value }) => value.sql)
    return this.#made({ fields: fieldsOf(input), key, identity, from: input.from, tail })
  }

  #both(node: JoinNode): Relation | null {
    const [input, other] = [this.relation(node.input), this.relation(node.other)]
    return input === null || other === null
      ? null
      : this.#attempt(node, '.join(…)', () => this.#join(node, input, other))
  }

  #join(node: JoinNode, input: Relation, other: Relation): Relation {
    const [left, right] = [qualified(input, 'l'), qualified(other, 'r')]
    const isLeft = node.kind === 'left'
    const present = isLeft ? '(r.p IS NOT NULL)' : null
    const onExpression = expressionOf(node.on)
    const on = translatorOf(left).values(onExpression)
    const to = translatorOf(right).values(expressionOf(node.to))
    const same = on.map((one, i) => (to[i] === undefined ? 'false' : sameKey(one, to[i])))
    if (on.length !== to.length) throw new Untranslatable(onExpression.text, 'both sides need as many values')
    const rows = [
      { columns: left.columns, present: null },
      { columns: right.columns, present },
    ]
    const fields = new SqlTranslator(rows).fields(expressionOf(node.row))
    const identity = [...left.identity, ...(present === null ? [] : [present]), ...right.identity]
    const joined = isLeft
      ? `LEFT JOIN (SELECT *, true AS p FROM ${other.from}) AS r`
      : `JOIN ${other.from} AS r`
    const key = isLeft || left.key === null || right.key === null ? null : mergedKey(left.key, right.key)
    return this.#made({
      fields,
      key,
      identity,
      from: `${input.from} AS l ${joined} ON ${same.join(' AND ')}`,
    })
  }

  #union(node: UnionNode): Relation | null {
    const relations = node.inputs.map(input => this.relation(input))
    const there = relations.filter(relation => relation !== null)
    return there.length < relations.length
      ? null
      : this.#attempt(node, '.union(…)', () => this.#unionOf(there))
  }

  #unionOf(relations: readonly Relation[]): Relation {
    const [first, ...others] = relations
    const names = [...first!.columns.keys()]
    for (const { columns } of others) {
      if ([...columns.keys()].join('\n') === names.join('\n')) continue
      throw new Untranslatable('union', 'its inputs need the same columns in the same order')
    }
    const fields = names.map((name): SqlField => {
      const values = relations.map(({ columns }) => columns.get(name)!)
      return { name, value: commonOf(name, values) }
    })
    const width = Math.max(...relations.map(({ identity }) => identity.length))
    const selects = relations.map(({ from, columns, identity }, place) => {
      const values = [...columns.values()].map(({ sql }, i) => `${sql} AS c${i}`)
      const ids = relations.flatMap((_, i) =>
        Array.from({ length: width }, (__, part) => (i === place ? (identity[part] ?? 'NULL') : 'NULL')),
      )
      return `SELECT ${[...values, `${place} AS i0`, ...ids.map((id, i) => `${id} AS i${i + 1}`)].join(', ')} FROM ${from}`
    })
    this.#queries.push(selects.join(' UNION ALL '))
    const columns = new Map(fields.map(({ name, value }, i) => [name, { ...value, sql: `c${i}` }]))
    const identity = Array.from({ length: 1 + width * relations.length }, (_, i) => `i${i}`)
    return { from: `q${this.#queries.length - 1}`, columns, key: null, identity }
  }

  /** Names the columns of a query `c0`, …, its key `k0`, … and its identity `i0`, …. */
  #made(query: {
    fields: readonly SqlField[]
    key: readonly SqlField[] | null
    identity: readonly string[]
    from: string
    where?: readonly string[]
    tail?: string
  }): Relation {
    const { fields, key, identity, from, where = [], tail = '' } = query
    const list = [
      ...fields.map(({ value }, i) => `${value.sql} AS c${i}`),
      ...(key ?? []).map(({ value }, i) => `${value.sql} AS k${i}`),
      ...identity.map((sql, i) => `${sql} AS i${i}`),
    ]
    const condition = where.length === 0 ? '' : ` WHERE ${where.join(' AND ')}`
    this.#queries.push(`SELECT ${list.join(', ')} FROM ${from}${condition} ${tail}`)
    const renamed = (value: SqlValue, sql: string): SqlValue => ({ ...value, sql, undefinable: false })
    return {
      from: `q${this.#queries.length - 1}`,
      columns: new Map(fields.map(({ name, value }, i) => [name, renamed(value, `c${i}`)])),
      key: key === null ? null : key.map(({ name, value }, i) => ({ name, value: renamed(value, `k${i}`) })),
      identity: identity.map((_, i) => `i${i}`),
    }
  }
}

function translatorOf({ columns }: Pick<Relation, 'columns'>): SqlTranslator {
  return new SqlTranslator([{ columns, present: null }])
}

function fieldsOf({ columns }: Pick<Relation, 'columns'>): SqlField[] {
  return [...columns].map(([name, value]) => ({ name, value }))
}

function derived({ columns }: DeriveNode, input: Relation): SqlField[] {
  const made = new Map(input.columns)
  for (const [name, call] of Object.entries(columns))
    made.set(name, translatorOf(input).cell(expressionOf(call)))
  return fieldsOf({ columns: made })
}

function selected({ columns }: SelectNode, input: Relation): SqlField[] {
  return columns.map(name => {
    const value = input.columns.get(name)
    if (value === undefined) throw new Untranslatable(name, 'there is no such column')
    return { name, value }
  })
}

function keyOf(key: AggregateNode['key'], input: Relation): SqlField[] {
  const expression = expressionOf(key)
  const fields = translatorOf(input).fields(expression)
  for (const { name, value } of fields) {
    if (value.type === 'cell' || value.pending !== undefined) {
      throw new Untranslatable(
        expression.text,
        `${name} holds lists, objects or unrounded sums, which are no keys`,
      )
    }
  }
  return fields
}

function mergedKey(left: readonly SqlField[], right: readonly SqlField[]): SqlField[] {
  return [...new Map([...left, ...right].map(({ name, value }) => [name, value]))].map(([name, value]) => ({
    name,
    value,
  }))
}

/** The columns, key and identity of a relation under an alias. */
function qualified(relation: Relation, alias: string): Relation {
  const at = (value: SqlValue): SqlValue => ({ ...value, sql: `${alias}.${value.sql}` })
  return {
    ...relation,
    columns: new Map([...relation.columns].map(([name, value]) => [name, at(value)])),
    key: relation.key?.map(({ name, value }) => ({ name, value: at(value) })) ?? null,
    identity: relation.identity.map(sql => `${alias}.${sql}`),
  }
}

function commonOf(name: string, values: readonly SqlValue[]): SqlValue {
  const typed = values.filter(({ type }) => type !== 'null')
  const [first = values[0]!] = typed
  const isOne = typed.every(({ type, pending }) => type === first.type && pending === first.pending)
  if (!isOne) throw new Untranslatable(name, 'it is of several types, and a column of SQL has one')
  const refused = values.find(value => value.refused !== undefined)?.refused
  return {
    ...first,
    nullable: values.some(({ nullable }) => nullable),
    whole: typed.every(({ whole }) => whole === true),
    plain: typed.every(({ plain }) => plain === true),
    ...(refused === undefined ? {} : { refused }),
  }
}
