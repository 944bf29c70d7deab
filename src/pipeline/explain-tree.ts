import type { ColumnsRead } from './columns-read.js'
import type { ExplainedPlan, ExplainedState, ExplainedStep } from './explained-plan.js'

const width = 110

/** A plan as a tree of text, the last step first. */
export function treeOf({ pipeline, output, key, topics, steps }: ExplainedPlan): string {
  const head = `${pipeline}: writes ${output}${key === null ? '' : ` by ${key.join(', ')}`}`
  const byName = new Map(steps.map(step => [step.name, step]))
  const last = steps.at(-1)
  const tree = last === undefined ? [] : branch(last, byName, '', true)
  const read = [...topics].flatMap(([topic, columns]) =>
    wrapped(`reads of ${topic}: ${columnsText(columns)}`, '', '  '),
  )
  const inSql = steps.every(({ notSql }) => notSql === null) ? 'SQL: the whole plan' : 'SQL: no, see above'
  return [head, ...tree, ...read, inSql].join('\n')
}

function branch(
  step: ExplainedStep,
  byName: ReadonlyMap<string, ExplainedStep>,
  before: string,
  isLast: boolean,
): string[] {
  const below = `${before}${isLast ? '   ' : '│  '}`
  const inner = `${below}${step.inputs.length > 0 ? '│' : ' '}    `
  const lines = wrapped(`${step.name}  ${step.does}`, `${before}${isLast ? '└─ ' : '├─ '}`, inner)
  for (const detail of detailsOf(step, byName)) lines.push(...wrapped(detail, inner, `${inner}  `))
  step.inputs.forEach((input, i) => {
    lines.push(...branch(byName.get(input)!, byName, below, i === step.inputs.length - 1))
  })
  return lines
}

function detailsOf(step: ExplainedStep, byName: ReadonlyMap<string, ExplainedStep>): string[] {
  const { reads, sensitive, state, profile, notSql, inputs } = step
  const [input] = inputs.map(name => byName.get(name)!)
  // What a step passes on as it got it is told once, where it begins.
  const isNew = sensitive.join() !== input?.sensitive.join()
  const read = reads.filter(columns => columns === 'all' || columns.size > 0)
  return [
    ...(read.length === 0 ? [] : [`reads ${read.map(columnsText).join('; ')}`]),
    ...(sensitive.length === 0 || !isNew ? [] : [`sensitive: ${sensitive.join(', ')}`]),
    ...(profile === null
      ? []
      : [`took ${profile.rows.toLocaleString('en')} rows in ${duration(profile.ms)}`]),
    ...(state === null ? [] : [stateText(state)]),
    ...(notSql === null ? [] : [`no SQL: ${notSql}`]),
  ]
}

/** What an operator remembers, in words. */
export function stateText({ rows, bytes, estimated }: ExplainedState): string {
  return `remembers ${estimated ? 'at most ' : ''}${rows.toLocaleString('en')} rows, ${estimated ? 'about ' : ''}${bytesText(bytes)}`
}

function columnsText(columns: ColumnsRead): string {
  if (columns === 'all') return 'all columns'
  return columns.size === 0 ? 'no column' : [...columns].join(', ')
}

function bytesText(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`
  if (bytes < 1e6) return `${(bytes / 1e3).toFixed(1)} kB`
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(1)} GB`
}

function duration(ms: number): string {
  return ms < 1000 ? `${ms.toFixed(ms < 10 ? 1 : 0)} ms` : `${(ms / 1000).toFixed(1)} s`
}

/** Breaks a text between words; what has none is cut. */
function wrapped(text: string, first: string, rest: string): string[] {
  const lines: string[] = []
  let line = first
  let isEmpty = true
  for (const word of text.split(' ')) {
    const space = isEmpty || word === '' ? '' : ' '
    if (!isEmpty && line.length + space.length + word.length > width) {
      lines.push(line)
      line = rest + word
    } else line += (isEmpty ? '' : ' ') + word
    isEmpty = false
  }
  return [...lines, line].map(one => (one.length > width ? `${one.slice(0, width - 1)}…` : one))
}
