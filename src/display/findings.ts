import type { Finding, Severity } from '../finding.js'
import { escapeHtml } from '../frame/html.js'

/** Whether a value is a list of findings, with at least one. */
export function isFindings(value: unknown): value is readonly Finding[] {
  return Array.isArray(value) && value.length > 0 && value.every(isFinding)
}

function isFinding(value: unknown): value is Finding {
  if (typeof value !== 'object' || value === null) return false
  const { code, severity, sentence } = value as Partial<Finding>
  return (
    typeof code === 'string' && typeof sentence === 'string' && severity !== undefined && severity in colours
  )
}

/** Findings as lines: severity, sentence, code. */
export function findingsText(findings: readonly Finding[]): string {
  return findings.map(({ severity, sentence, code }) => `${severity}: ${sentence} [${code}]`).join('\n')
}

// As JupyterLab colours what goes well and what does not; the fallbacks do on white and on black.
const colours: Readonly<Record<Severity, string>> = {
  error: 'var(--jp-error-color1,#d32f2f)',
  warning: 'var(--jp-warn-color1,#b26a00)',
  information: 'var(--jp-ui-font-color2,#808080)',
}

/** Findings as an HTML table with its style inline. Everything in it is escaped. */
export function findingsHtml(findings: readonly Finding[]): string {
  const cell = 'padding:3px 10px;border:none;background:none;text-align:left;vertical-align:top'
  const rows = findings.map(
    ({ severity, sentence, code }) =>
      `<tr><td style="${cell};color:${colours[severity]};font-weight:600">${severity}</td>` +
      `<td style="${cell};white-space:nowrap"><code>${escapeHtml(code)}</code></td>` +
      `<td style="${cell};white-space:normal;max-width:70em">${escapeHtml(sentence)}</td></tr>`,
  )
  return `<table style="border-collapse:collapse;margin:0;border:none;font-size:13px"><tbody>${rows.join('\n')}</tbody></table>`
}

/** What a notebook shows for findings. */
export function findingsBundle(findings: readonly Finding[]): { 'text/html': string; 'text/plain': string } {
  return { 'text/html': findingsHtml(findings), 'text/plain': findingsText(findings) }
}
