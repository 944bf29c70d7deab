import type { Row } from '../change/column-type.js'
import { ObslabError } from '../errors.js'
import type { Finding } from '../finding.js'
import { groupDigits } from '../frame/format.js'
import type { Frame } from '../frame/frame.js'
import { escapeHtml } from '../frame/html.js'
import { printAs } from '../inspect.js'
import type { CheckReport } from './checks.js'
import type { GoldenDifference } from './golden.js'

/** What a {@link Validation} is made of. */
export interface ValidationParts<R extends object> {
  pipeline: string
  changes: number
  rows: number
  seed: number
  findings: readonly Finding[]
  report: readonly CheckReport[]
  output: Frame<R>
  difference: GoldenDifference | null
  failing: readonly string[]
  accept: () => Promise<string>
  saveFixture: ((path: string) => Promise<void>) | null
}

/** What was checked of a pipeline, and what was found. */
export class Validation<R extends object = Row> {
  /** The pipeline's name. */
  readonly pipeline: string
  /** Changes that were run through it. */
  readonly changes: number
  /** Rows of its output. */
  readonly rows: number
  /** What the random cuts and orders were drawn from: the same seed draws the same again. */
  readonly seed: number
  /** What is wrong or worth knowing; empty when nothing is. */
  readonly findings: readonly Finding[]
  /** One line for each check: what it did, and whether it passed, found something or was skipped, and why. */
  readonly report: readonly CheckReport[]
  /** The output that was checked: what `lab.preview` gives. */
  readonly output: Frame<R>
  /**
   * How the output differs from the one accepted last, as counts and as a frame of added, removed and changed rows. Null
   * when none was accepted yet.
   */
  readonly difference: GoldenDifference | null
  /**
   * The fewest changes found that show what is wrong, as `topic:partition:offset`, in the order they come. Empty when no
   * input fails.
   */
  readonly failing: readonly string[]
  readonly #accept: () => Promise<string>
  readonly #saveFixture: ValidationParts<R>['saveFixture']

  constructor(parts: ValidationParts<R>) {
    this.pipeline = parts.pipeline
    this.changes = parts.changes
    this.rows = parts.rows
    this.seed = parts.seed
    this.findings = parts.findings
    this.report = parts.report
    this.output = parts.output
    this.difference = parts.difference
    this.failing = parts.failing
    this.#accept = parts.accept
    this.#saveFixture = parts.saveFixture
  }

  /** Whether no finding is an error. */
  get ok(): boolean {
    return this.findings.every(({ severity }) => severity !== 'error')
  }

  /**
   * Takes the output as the accepted one, with which later validations compare theirs, and gives the file it wrote:
   * `obslab.golden/<pipeline>.jsonl`, or in the folder named by the option `golden`. The file is its owner's alone (mode
   * 0600): it holds the output's real values, but salted digests in place of those of sensitive columns.
   */
  async accept(): Promise<string> {
    return await this.#accept()
  }

  /**
   * Writes the failing input to a file of JSON that `expectPipeline(…).over(path)` runs again. Values of sensitive columns
   * are masked. Without a failing input, or when it does not fail any more once masked, it is an `option-invalid` error.
   */
  async saveFixture(path: string): Promise<void> {
    if (this.#saveFixture === null) {
      throw new ObslabError('option-invalid', 'Expected a failing input to save, but none was found.')
    }
    await this.#saveFixture(path)
  }

  /** The result as sentences. */
  text(): string {
    const counted = `${this.pipeline}: ${groupDigits(this.changes)} changes, ${groupDigits(this.rows)} rows.`
    const lines = [`${counted} ${this.#passed('parity') ? paritySentence : ''}`.trim()]
    const passed = this.report.filter(({ check, result }) => phrases[check] && result === 'passed')
    if (passed.length > 0) {
      lines.push(`So it does ${listed(passed.map(({ check }) => phrases[check]!))} (seed ${this.seed}).`)
    }
    const skipped = this.report.filter(({ result, check }) => result === 'skipped' && check !== 'golden')
    if (skipped.length > 0) {
      lines.push(`Not checked: ${skipped.map(({ check, did }) => `${check} (${did})`).join('; ')}.`)
    }
    const found = this.findings.map(({ severity, sentence, code }) => `${severity}: ${sentence} [${code}]`)
    return [...lines, ...found].join('\n')
  }

  /** What a notebook shows for it: a table of the checks, then the findings, and text for viewers without HTML. */
  mimeBundle(): { 'text/html': string; 'text/plain': string } {
    return { 'text/html': this.#html(), 'text/plain': this.text() }
  }

  #passed(check: string): boolean {
    return this.report.some(one => one.check === check && one.result === 'passed')
  }

  #html(): string {
    const counted = `${groupDigits(this.changes)} changes, ${groupDigits(this.rows)} rows, seed ${this.seed}`
    const rows = this.report.map(({ check, did, result }) => {
      const cells = [`${marks[result]} ${escapeHtml(check)}`, escapeHtml(did), result]
      return `<tr>${cells.map(cell => `<td style="${style.cell}">${cell}</td>`).join('')}</tr>`
    })
    const findings = this.findings.map(
      ({ severity, sentence, code }) =>
        `<li style="margin:2px 0"><b>${severity}</b>: ${escapeHtml(sentence)} <code>${escapeHtml(code)}</code></li>`,
    )
    return [
      `<div style="${style.block}"><p style="margin:0 0 4px"><b>${escapeHtml(this.pipeline)}</b> ${counted}</p>`,
      `<div style="overflow-x:auto;max-width:100%"><table style="${style.table}">`,
      `<thead><tr>${['check', 'what it did', 'result'].map(head => `<th style="${style.head}">${head}</th>`).join('')}</tr></thead>`,
      `<tbody>${rows.join('\n')}</tbody></table></div>`,
      findings.length === 0 ? '' : `<ul style="margin:6px 0 0;padding-left:20px">${findings.join('\n')}</ul>`,
      this.difference === null || this.difference.rows.length === 0 ? '' : this.difference.rows.html(),
      '</div>',
    ].join('\n')
  }
}
printAs(Validation, validation => validation.text())

const paritySentence = 'Kept up change by change, every row equals the one computed from the final tables.'

/** How the text of a validation tells of a check that passed, after "So it does". */
const phrases: Readonly<Record<string, string>> = {
  DuckDB: 'in DuckDB',
  law: 'at random cuts',
  'replayed blocks': 'when blocks come twice',
  interleavings: 'with the partitions in other orders',
  'crash and resume': 'after crashes',
  're-snapshot': 'through another snapshot',
  'lost tombstones': 'without tombstones',
  compaction: 'after compaction',
}

function listed(phrasesOf: readonly string[]): string {
  if (phrasesOf.length < 2) return phrasesOf.join('')
  return `${phrasesOf.slice(0, -1).join(', ')} and ${phrasesOf.at(-1)}`
}

const marks = { passed: '✓', found: '✗', skipped: '–' } as const

const line = '1px solid rgba(128,128,128,.35)'
const style = {
  block: 'font:12px/1.5 var(--jp-code-font-family,ui-monospace,Menlo,Consolas,monospace)',
  table: 'border-collapse:collapse;width:auto;margin:0;border:none;font:inherit',
  head: `padding:3px 10px;border:none;border-bottom:${line};font-weight:600;text-align:left;background:none`,
  cell: 'padding:2px 10px;border:none;text-align:left;background:none;vertical-align:top',
}
