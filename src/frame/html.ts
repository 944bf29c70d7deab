import type { Column } from './column.js'
import { escapeControls, formatKind, formatValue, groupDigits, isNumeric } from './format.js'
import { plural } from './text.js'
import { elide } from './text-width.js'

/** How a frame is written as HTML. */
export interface HtmlOptions {
  /** Rows shown. Default 20. */
  limit?: number | undefined
  /** Show the values of sensitive columns. Default false: they are masked. */
  unmask?: boolean | undefined
}

/** Characters a cell may take; the table scrolls sideways. */
const cellWidth = 80

// Colours are the notebook's own, or shades of grey that do on white and on black.
const line = '1px solid rgba(128,128,128,.35)'
const quiet = 'color:var(--jp-ui-font-color2,#808080)'
const style = {
  scroll: 'overflow-x:auto;max-width:100%',
  table:
    'border-collapse:collapse;width:auto;margin:0;border:none;' +
    'font:12px/1.5 var(--jp-code-font-family,ui-monospace,Menlo,Consolas,monospace)',
  head: `padding:3px 10px;border:none;border-bottom:${line};font-weight:600;vertical-align:bottom;background:none`,
  kind: `${quiet};font-weight:400;font-size:11px`,
  cell: 'padding:2px 10px;border:none;white-space:pre;background:none',
  remark: `${quiet};font-size:12px;margin:4px 0 0`,
}

/**
 * Columns as an HTML table with its style inline: names, kinds, the first rows, and what was left out. Every name
 * and value is escaped.
 */
export function frameHtml(columns: readonly Column[], length: number, options: HtmlOptions = {}): string {
  const shown = Math.min(length, options.limit ?? 20)
  const views = columns.map(column => ({
    column,
    align: `text-align:${isNumeric(column.kind) ? 'right' : 'left'}`,
    masked: column.sensitive && !(options.unmask ?? false),
  }))
  const heads = views.map(({ column, align, masked }) => {
    const kind = formatKind(column.kind) + (masked ? ', masked' : '')
    const name = escapeHtml(escapeControls(column.name))
    return `<th style="${style.head};${align}">${name}<br><span style="${style.kind}">${kind}</span></th>`
  })
  const rows = Array.from({ length: shown }, (_, row) => {
    const cells = views.map(({ column, align, masked }) => {
      const value = column.at(row)
      const text = escapeHtml(elide(formatValue(column.kind, value, { masked }), cellWidth))
      return `<td style="${style.cell};${align}${value === null ? `;${quiet};font-style:italic` : ''}">${text}</td>`
    })
    return `<tr>${cells.join('')}</tr>`
  })
  const counted = `${groupDigits(length)} ${plural(length, 'row')}`
  const remark = shown < length ? `${groupDigits(shown)} of ${counted}` : counted
  return [
    `<div style="${style.scroll}"><table style="${style.table}">`,
    `<thead><tr>${heads.join('')}</tr></thead>`,
    `<tbody>${rows.join('\n')}</tbody></table></div>`,
    `<p style="${style.remark}">${remark} × ${columns.length} ${plural(columns.length, 'column')}</p>`,
  ].join('\n')
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** Text as HTML shows it. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, character => entities[character]!)
}
