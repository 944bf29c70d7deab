import type { ChangeChunk } from './change/change-stream.js'
import type { Row } from './change/column-type.js'
import type { Clock } from './clock.js'
import { LiveView } from './display/live-view.js'
import { cellDisplay } from './display/notebook.js'
import type { Finding } from './finding.js'
import { groupDigits } from './frame/format.js'
import type { Frame } from './frame/frame.js'
import { escapeHtml } from './frame/html.js'
import { plural } from './frame/text.js'
import { printAs } from './inspect.js'
import type { Source } from './source/source.js'
import type { PreviewRows } from './validate/preview-rows.js'

/** What a {@link LivePreview} is made of. */
export interface LivePreviewParts<R extends object> {
  rows: PreviewRows<R>
  changes: AsyncIterable<ChangeChunk>
  stopped: AbortController
  source: Pick<Source, 'growing'>
  clock: Clock
}

/**
 * A pipeline's output that follows its topics. In a notebook it shows itself in the cell that made it and updates in
 * place when the cell has ended, until `stop()`. What it shows is masked.
 */
export class LivePreview<R extends object = Row> {
  /** The pipeline's name. */
  readonly pipeline: string
  /** Resolves when it has ended, and rejects with what made it fail. */
  readonly ended: Promise<void>
  readonly #rows: PreviewRows<R>
  readonly #stopped: AbortController
  readonly #view: LiveView | null
  readonly #live: boolean
  #state = 'following'
  #frame: Frame<R> | null = null

  constructor({ rows, changes, stopped, source, clock }: LivePreviewParts<R>) {
    this.pipeline = rows.plan.name
    this.#rows = rows
    this.#stopped = stopped
    this.#live = source.growing
    const display = cellDisplay()
    this.#view = display && new LiveView(display, () => this.mimeBundle(), clock)
    this.ended = this.#run(changes)
    this.ended.catch(() => {})
  }

  /** How many changes came, those delivered before among them. */
  get changes(): number {
    return this.#rows.changes
  }

  /** `following`, or why it ended. */
  get state(): string {
    return this.#state
  }

  /** What is to be said of the rows: those left out because a function failed on them. */
  get findings(): readonly Finding[] {
    return this.#rows.findings
  }

  /** The rows as they are now, ordered by key. */
  frame(): Frame<R> {
    this.#frame ??= this.#rows.frame()
    return this.#frame
  }

  /** Shows it in the cell that runs now: where a page was loaded anew, what was shown before stands still. */
  show(): void {
    if (this.#view === null) console.log(this.text())
    else this.#view.showHere()
  }

  /** Ends it. The rows stay. */
  stop(): void {
    this.#stopped.abort()
    this.#end('stopped')
  }

  /** What it does, how many changes came, the first rows, and what is to be said of them. Masked. */
  text(): string {
    return [this.#status(), this.frame().text({ limit: shownRows }), ...this.#told()].join('\n')
  }

  /** What a notebook shows for it: HTML, and text for viewers without. Masked. */
  mimeBundle(): { 'text/html': string; 'text/plain': string } {
    const html = [
      `<div style="${font}">${escapeHtml(this.#status())}</div>`,
      this.frame().html({ limit: shownRows }),
      ...this.#told().map(text => `<div style="${font};white-space:pre-wrap">${escapeHtml(text)}</div>`),
    ]
    return { 'text/html': html.join('\n'), 'text/plain': this.text() }
  }

  async #run(changes: AsyncIterable<ChangeChunk>): Promise<void> {
    try {
      for await (const chunk of changes) {
        if (this.#stopped.signal.aborted) return
        this.#rows.apply(chunk)
        if (this.#rows.flush()) this.#frame = null
      }
      this.#end(this.#live ? 'its source was closed' : 'the recording ended')
    } catch (error) {
      if (this.#stopped.signal.aborted) return
      this.#end(`failed: ${error instanceof Error ? error.message : String(error)}`)
      throw error
    }
  }

  #end(state: string): void {
    if (this.#state !== 'following') return
    this.#state = state
    this.#view?.stop()
  }

  #status(): string {
    const { changes, length } = this.#rows
    return `${this.pipeline} · ${this.#state} · ${groupDigits(changes)} ${plural(changes, 'change')} · ${groupDigits(length)} ${plural(length, 'row')}`
  }

  #told(): string[] {
    return this.findings.map(({ severity, sentence, code }) => `${severity}: ${sentence} [${code}]`)
  }
}
printAs(LivePreview, preview => preview.text())

/** Rows that a live preview shows. */
const shownRows = 20
const font = 'font:12px/1.5 var(--jp-code-font-family,ui-monospace,Menlo,Consolas,monospace)'
