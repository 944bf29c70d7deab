import type { Lag } from '../change/flow.js'
import { keyText, markedText, type ShownChange } from '../frame/change-line.js'
import { groupDigits, isoTime } from '../frame/format.js'
import { escapeHtml } from '../frame/html.js'
import { plural } from '../frame/text.js'
import { elide, textWidth } from '../frame/text-width.js'

/** What a live view of a topic shows. Sensitive values are masked. */
export interface TailView {
  topic: string
  /** What it does now, such as `following`, or why it ended. */
  state: string
  changes: number
  /** How many of them were delivered before. */
  redelivered: number
  /** Changes per second. */
  rate: number
  lag: Lag
  /** The latest changes, oldest first. */
  latest: readonly ShownChange[]
}

/** Changes shown. */
export const tailRows = 10
const textWidthOfLine = 160

const line = '1px solid rgba(128,128,128,.35)'
const quiet = 'color:var(--jp-ui-font-color2,#808080)'
const font = '12px/1.5 var(--jp-code-font-family,ui-monospace,Menlo,Consolas,monospace)'
const cell =
  'padding:2px 8px;border:none;background:none;height:22px;text-align:left;white-space:pre;overflow:hidden;text-overflow:ellipsis'

/** The columns with their widths; fixed, so that nothing moves when others come. */
const columns = [
  ['time (UTC)', '8em'],
  ['at', '7em'],
  ['op', '6em'],
  ['key', '12em'],
  ['what changed', 'auto'],
] as const

/** A live view as HTML that keeps its height whatever it shows. */
export function tailHtml(view: TailView): string {
  const heads = columns.map(
    ([name, width]) =>
      `<th style="${cell};border-bottom:${line};font-weight:600;width:${width}">${name}</th>`,
  )
  const newest = view.latest.toReversed()
  const rows = Array.from({ length: tailRows }, (_, i) => rowHtml(newest[i]))
  const [first, second] = statusLines(view)
  return [
    `<div style="font:${font}"><div style="height:22px;overflow:hidden;white-space:pre">${escapeHtml(first)}</div>`,
    `<div style="height:22px;overflow:hidden;white-space:pre;${quiet}">${escapeHtml(second)}</div>`,
    `<table style="border-collapse:collapse;table-layout:fixed;width:100%;margin:0;border:none;font:inherit">`,
    `<thead><tr>${heads.join('')}</tr></thead>`,
    `<tbody>${rows.join('\n')}</tbody></table></div>`,
  ].join('\n')
}

/** The same as text. */
export function tailText(view: TailView): string {
  const newest = view.latest.slice(-tailRows).toReversed().map(cellsOf)
  const widths = columns.map((_, i) => Math.max(0, ...newest.map(cells => textWidth(cells[i]!))))
  const rows = newest.map(cells =>
    elide(
      cells.map((text, i) => text + ' '.repeat(widths[i]! - textWidth(text))).join('  '),
      textWidthOfLine,
    ).trimEnd(),
  )
  return [...statusLines(view), ...rows].join('\n')
}

/** What a tail does, how many changes came and how fast; then how late they come. */
export function statusLines({
  topic,
  state,
  changes,
  redelivered,
  rate,
  lag,
}: TailView): readonly [string, string] {
  const repeated = redelivered === 0 ? '' : ` · ${groupDigits(redelivered)} delivered before`
  const counted = `${groupDigits(changes)} ${plural(changes, 'change')}${repeated} · ${formatRate(rate)}/s`
  const hops = [
    `database → Debezium ${formatLag(lag.databaseToDebezium)}${lag.wholeSeconds ? ' (whole seconds)' : ''}`,
    `→ Kafka ${formatLag(lag.debeziumToKafka)}`,
    ...(lag.kafkaToHere === null ? [] : [`→ here ${formatLag(lag.kafkaToHere)}`]),
  ]
  return [`${topic} · ${state} · ${counted}`, `lag: ${hops.join(' ')}`]
}

function formatRate(rate: number): string {
  return rate < 10 ? rate.toFixed(1) : groupDigits(Math.round(rate))
}

/** Milliseconds in the unit that suits them. */
export function formatLag(ms: number | null): string {
  if (ms === null) return '–'
  const size = Math.abs(ms)
  if (size < 1_000) return `${Math.round(ms)} ms`
  if (size < 120_000) return `${(ms / 1_000).toFixed(1)} s`
  if (size < 7_200_000) return `${Math.round(ms / 60_000)} min`
  return size < 172_800_000 ? `${Math.round(ms / 3_600_000)} h` : `${Math.round(ms / 86_400_000)} days`
}

function rowHtml(change: ShownChange | undefined): string {
  const cells = change === undefined ? columns.map(() => '\u00a0') : cellsOf(change)
  const full =
    change === undefined
      ? ''
      : ` title="${escapeHtml(`${isoTime(change.timestamp, 'Z')} ${change.position}`)}"`
  const style = change?.redelivered ? `${cell};${quiet}` : cell
  return `<tr${full}>${cells.map(text => `<td style="${style}">${escapeHtml(elide(text, 200))}</td>`).join('')}</tr>`
}

function cellsOf(change: ShownChange): readonly string[] {
  const { timestamp, op, partition, offset } = change
  const time = new Date(timestamp).toISOString().slice(11, -1)
  return [time, `${partition}:${offset}`, op, keyText(change, {}), markedText(change, {})]
}
