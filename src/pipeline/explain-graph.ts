import { stateText } from './explain-tree.js'
import type { ExplainedPlan, ExplainedStep } from './explained-plan.js'

const box = { width: 250, height: 62 }
const gap = { x: 44, y: 22 }
const margin = 8
/** Characters of a line of a box. */
const fits = 40

interface Placed {
  x: number
  y: number
  title: string
  lines: readonly string[]
  /** The box that its rows flow into. */
  into: Placed | null
  isMarked: boolean
}

/** A plan as SVG: a box for each step, rows flowing to the right. Steps with sensitive columns have a broken edge. */
export function graphOf({ pipeline, output, steps }: ExplainedPlan): string {
  const byName = new Map(steps.map(step => [step.name, step]))
  const root = steps.at(-1)!
  const deepest = measure(root, 0, byName)
  const placed: Placed[] = []
  const out: Placed = {
    x: left(deepest + 1),
    y: margin,
    title: `to ${output}`,
    lines: [pipeline],
    into: null,
    isMarked: false,
  }
  let leaves = 0
  const place = (step: ExplainedStep, level: number, into: Placed): Placed => {
    const one: Placed = {
      x: left(deepest - level),
      y: 0,
      title: step.name,
      lines: linesOf(step),
      into,
      isMarked: step.sensitive.length > 0,
    }
    const inputs = step.inputs.map(name => place(byName.get(name)!, level + 1, one))
    one.y = inputs.length === 0 ? margin + leaves++ * (box.height + gap.y) : mean(inputs.map(({ y }) => y))
    placed.push(one)
    return one
  }
  out.y = place(root, 0, out).y
  placed.push(out)
  const size = {
    width: out.x + box.width + margin,
    height: margin + Math.max(...placed.map(({ y }) => y)) + box.height,
  }
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size.width} ${size.height}" width="${size.width}" ` +
    `height="${size.height}" font-family="ui-sans-serif, system-ui, sans-serif" font-size="11" role="img" ` +
    `aria-label="${escaped(`The steps of ${pipeline}`)}">${placed.map(edge).join('')}${placed.map(drawn).join('')}</svg>`
  )
}

function measure(step: ExplainedStep, level: number, byName: ReadonlyMap<string, ExplainedStep>): number {
  return Math.max(level, ...step.inputs.map(name => measure(byName.get(name)!, level + 1, byName)))
}

function left(column: number): number {
  return margin + column * (box.width + gap.x)
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

function linesOf({ does, state, profile, notSql }: ExplainedStep): string[] {
  const took =
    profile === null ? null : `${profile.rows.toLocaleString('en')} rows, ${profile.ms.toFixed(0)} ms`
  const about = [took, state === null ? null : stateText(state), notSql === null ? null : 'no SQL']
  return [does, about.filter(one => one !== null).join(' · ')]
}

function drawn({ x, y, title, lines, isMarked }: Placed): string {
  const dash = isMarked ? ' stroke-dasharray="4 3"' : ''
  const texts = lines.map(
    (line, i) => `<text x="${x + 10}" y="${y + 36 + i * 16}" fill="#444">${escaped(cut(line))}</text>`,
  )
  return (
    `<rect x="${x}" y="${y}" width="${box.width}" height="${box.height}" rx="6" fill="#fff" stroke="#888"${dash}/>` +
    `<text x="${x + 10}" y="${y + 19}" font-weight="600" fill="#111">${escaped(cut(title))}</text>${texts.join('')}`
  )
}

function edge({ x, y, into }: Placed): string {
  if (into === null) return ''
  const [fromX, fromY, toX, toY] = [x + box.width, y + box.height / 2, into.x, into.y + box.height / 2]
  const middle = (fromX + toX) / 2
  const head = `M${toX - 7} ${toY - 4} L${toX - 1} ${toY} L${toX - 7} ${toY + 4}`
  return (
    `<path d="M${fromX} ${fromY} C${middle} ${fromY} ${middle} ${toY} ${toX - 1} ${toY} ${head}" ` +
    'fill="none" stroke="#888"/>'
  )
}

function cut(text: string): string {
  return text.length > fits ? `${text.slice(0, fits - 1)}…` : text
}

function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
}
