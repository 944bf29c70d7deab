import { relative } from 'node:path'
import { findingsHtml, findingsText } from '../display/findings.js'
import type { Finding } from '../finding.js'
import { groupDigits } from '../frame/format.js'
import { escapeHtml } from '../frame/html.js'
import { printAs } from '../inspect.js'
import type { Validation } from '../validate/validation.js'

/** What an {@link ExportReport} is made of. */
export interface ExportReportParts {
  pipeline: string
  folder: string
  files: readonly string[]
  changed: readonly string[]
  findings: readonly Finding[]
  forced: readonly string[]
  validation: Validation<object> | null
  rows: number
  changes: number
  fixture: { changes: number; rows: number }
}

/** What an export wrote, and what it rests on. */
export class ExportReport {
  /** The pipeline's name. */
  readonly pipeline: string
  /** The folder of the job, an absolute path. */
  readonly folder: string
  /** The files of the job, by their paths in the folder, in order. */
  readonly files: readonly string[]
  /** Those that are new, other than before or gone; empty when an export of the same was there already. */
  readonly changed: readonly string[]
  /** What is wrong or worth knowing; empty when nothing is. */
  readonly findings: readonly Finding[]
  /** The codes of what would have refused the export without `force`. */
  readonly forced: readonly string[]
  /** How the exported pipeline was proven; null where that was left out. */
  readonly validation: Validation<object> | null
  /** Rows that the exported job gave of the recorded changes: byte for byte those of the preview. */
  readonly rows: number
  /** Changes that it read for them. */
  readonly changes: number
  /** What its test runs: changes, and the rows that come of them. */
  readonly fixture: { readonly changes: number; readonly rows: number }

  constructor(parts: ExportReportParts) {
    this.pipeline = parts.pipeline
    this.folder = parts.folder
    this.files = parts.files
    this.changed = parts.changed
    this.findings = parts.findings
    this.forced = parts.forced
    this.validation = parts.validation
    this.rows = parts.rows
    this.changes = parts.changes
    this.fixture = parts.fixture
  }

  /** The report as sentences. */
  text(): string {
    return [...this.#sentences(), findingsText(this.findings), `Build and run it:\n${this.#commands()}`]
      .filter(line => line !== '')
      .join('\n')
  }

  /** What a notebook shows for it: sentences, findings, and the commands to go on with. */
  mimeBundle(): Readonly<Record<string, unknown>> {
    const html = [
      ...this.#sentences().map(sentence => `<p style="margin:0 0 4px">${escapeHtml(sentence)}</p>`),
      this.findings.length === 0 ? '' : findingsHtml(this.findings),
      `<pre style="margin:6px 0 0">${escapeHtml(this.#commands())}</pre>`,
    ]
    return { 'text/html': html.join('\n'), 'text/plain': this.text() }
  }

  /** The report as plain data, for programs. */
  toJSON(): object {
    const { pipeline, folder, files, changed, findings, forced, validation, rows, changes, fixture } = this
    const proven = validation && { ok: validation.ok, seed: validation.seed, report: validation.report }
    return { pipeline, folder, files, changed, findings, forced, validation: proven, changes, rows, fixture }
  }

  #sentences(): string[] {
    const { changed, files } = this
    const written =
      changed.length === 0
        ? `is unchanged: ${files.length} files`
        : `is written: ${files.length} files, ${changed.length} of them new or changed`
    const proven =
      this.validation === null
        ? 'It was not validated.'
        : `It was validated on ${groupDigits(this.validation.changes)} changes (seed ${this.validation.seed}).`
    return [
      `${this.pipeline}: the job in ${this.#folder()} ${written}.`,
      `${proven} Run as a job over ${groupDigits(this.changes)} recorded changes it gives ${groupDigits(this.rows)} rows, byte ` +
        `for byte those of the preview. Its test runs ${this.fixture.changes} of the changes.`,
      ...(this.forced.length === 0 ? [] : [`It was forced, in spite of ${this.forced.join(', ')}.`]),
    ]
  }

  #folder(): string {
    return relative('', this.folder) || '.'
  }

  #commands(): string {
    return [
      `cd ${this.#folder()} && npm ci && npm test && npm run build`,
      'OBSLAB_SOURCE=kafka://localhost:9092 npm start',
    ].join('\n')
  }
}
printAs(ExportReport, report => report.text())
