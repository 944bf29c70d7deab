import type { Change } from '../change/change.js'
import type { Value } from '../change/column-type.js'
import type { Finding } from '../finding.js'
import type { Aggregate } from '../pipeline/aggregate.js'
import type { CellRow } from '../pipeline/cell.js'
import { Engine } from '../pipeline/engine.js'
import type { AggregateNode, FilterNode, JoinNode, PivotNode, Plan, PlanNode } from '../pipeline/plan.js'
import { type RowId, valueId } from '../pipeline/row-identity.js'
import { expressionOf } from '../pipeline/step-failure.js'

/** A branch of a pipeline, and how a finding calls it when no row took it. */
interface Branch {
  taken: boolean
  /** What the recording lacks: `a row that .filter(…) leaves out, \`o => …\``. */
  lacks: string
}

/** What of a pipeline a recording exercises. */
export interface Coverage {
  /** How many branches there are: both ways of each filter, each `where`, each pivoted column, the sides of each join. */
  branches: number
  /** The branches that no row took. */
  findings: readonly Finding[]
}

/** Runs changes that count through a pipeline and tells which of its branches no row of the recording took. */
export function coverage(plan: Plan, applied: readonly Change[]): Coverage {
  const counted = new CountedPlan()
  const engine = new Engine({ ...plan, root: counted.of(plan.root) })
  engine.apply(applied)
  engine.flush()
  const lacking = counted.branches.filter(({ taken }) => !taken)
  return {
    branches: counted.branches.length,
    findings: lacking.map(({ lacks }) => ({
      code: 'not-exercised',
      severity: 'information',
      sentence: `${plan.name}: the recording has no ${lacks}. Nothing was proven of it.`,
    })),
  }
}

/** A plan with its functions counting which ways rows go. */
class CountedPlan {
  readonly branches: Branch[] = []

  of(node: PlanNode): PlanNode {
    switch (node.verb) {
      case 'from':
        return node
      case 'union':
        return { ...node, inputs: node.inputs.map(input => this.of(input)) }
      case 'join':
        return this.#join(node)
      case 'filter':
        return this.#filter(node)
      case 'aggregate':
        return this.#aggregate(node)
      case 'pivot':
        return this.#pivot(node)
      default:
        return { ...node, input: this.of(node.input) }
    }
  }

  #branch(lacks: string): Branch {
    const branch = { taken: false, lacks }
    this.branches.push(branch)
    return branch
  }

  #filter(node: FilterNode): FilterNode {
    const input = this.of(node.input)
    const { test } = node
    const expression = expressionOf(test)
    const kept = this.#branch(`row that .filter(…) keeps, \`${expression}\``)
    const left = this.#branch(`row that .filter(…) leaves out, \`${expression}\``)
    return { ...node, input, test: row => noted(test(row), result => ((result ? kept : left).taken = true)) }
  }

  #aggregate(node: AggregateNode): AggregateNode {
    const input = this.of(node.input)
    const aggregates = Object.entries(node.aggregates).map(([name, aggregate]): [string, Aggregate] => {
      const { where } = aggregate
      if (where === null) return [name, aggregate]
      const matched = this.#branch(`row for ${name} of .aggregate(…), \`${expressionOf(where)}\``)
      const counting = (row: CellRow): boolean => noted(where(row), result => (matched.taken ||= result))
      return [name, { ...aggregate, where: counting }]
    })
    return { ...node, input, aggregates: Object.fromEntries(aggregates) }
  }

  #pivot(node: PivotNode): PivotNode {
    const input = this.of(node.input)
    const { on } = node
    const columns = new Map<RowId, Branch>()
    for (const [name, value] of Object.entries(node.columns)) {
      const sought = typeof value === 'string' ? JSON.stringify(value) : String(value)
      columns.set(valueId(value), this.#branch(`row for ${name} of .pivot(…), which stands for ${sought}`))
    }
    const counting = (row: CellRow): Value =>
      noted(on(row), value => {
        const branch = columns.get(valueId(value))
        if (branch !== undefined) branch.taken = true
      })
    return { ...node, input, on: counting }
  }

  #join(node: JoinNode): JoinNode {
    const [input, other] = [this.of(node.input), this.of(node.other)]
    const { row, kind } = node
    const keys = `\`${expressionOf(node.on)}\` and \`${expressionOf(node.to)}\``
    const both = this.#branch(`two rows that .join(…) puts together by ${keys}`)
    const alone = kind === 'left' ? this.#branch(`row without another in the left .join(…) by ${keys}`) : null
    const counting: JoinNode['row'] = (one, matched) => {
      if (matched !== null) both.taken = true
      else if (alone !== null) alone.taken = true
      return row(one, matched)
    }
    return { ...node, input, other, row: counting }
  }
}

function noted<T>(result: T, note: (result: T) => void): T {
  note(result)
  return result
}
