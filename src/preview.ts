import { z } from 'zod'
import { type Clock, systemClock } from './clock.js'
import { cellDisplay } from './display/notebook.js'
import { progressBar } from './display/progress.js'
import type { Finding } from './finding.js'
import type { Frame } from './frame/frame.js'
import { escapeHtml } from './frame/html.js'
import { LivePreview } from './live-preview.js'
import { parseOptions } from './options.js'
import { Engine } from './pipeline/engine.js'
import type { ParamValue, ParamValues } from './pipeline/param.js'
import { type Pipeline, planOf } from './pipeline/pipeline.js'
import { type BoundPlan, bindPlan } from './pipeline/plan-changes.js'
import type { Source } from './source/source.js'
import { PreviewRows } from './validate/preview-rows.js'

/** How a preview is run. */
export interface PreviewOptions {
  /** Cancels: the preview rejects with a `cancelled` error. A live one ends as by `stop()`. */
  signal?: AbortSignal
  /**
   * Goes on with the changes that come: what is given then updates in place until `stop()`. Default false. A recording
   * gets no more changes: it ends at once.
   */
  live?: boolean
  /**
   * What becomes of a row that a function fails on: it is left out, and a finding beside the frame says so, or the preview
   * stops with a `pipeline-failed` error. Default `set-aside`.
   */
  onError?: 'set-aside' | 'stop'
  /**
   * Values of the pipeline's params in place of their defaults, by name: `{ min: 5 }`. An unknown name or a value of
   * another type than the default is an `option-invalid` error.
   */
  params?: ParamValues
  /**
   * Told what is to be said of the rows: those left out because a function failed on them. Default: it is shown in the
   * notebook's cell, or written to standard error.
   */
  onFindings?: (findings: readonly Finding[]) => void
}

const optionsSchema = z.strictObject({
  signal: z.instanceof(AbortSignal).optional(),
  live: z.boolean().default(false),
  onError: z.enum(['set-aside', 'stop']).default('set-aside'),
  params: z.record(z.string(), z.custom<ParamValue>()).optional(),
  onFindings: z
    .custom<NonNullable<PreviewOptions['onFindings']>>(
      value => typeof value === 'function',
      'expected a function',
    )
    .default(() => showFindings),
})

/** Runs a pipeline over all the changes a source has now and gives its output after compaction, ordered by key. */
export async function previewPipeline<R extends object>(
  source: Source,
  pipeline: Pipeline<R>,
  options: Omit<PreviewOptions, 'live'> = {},
): Promise<Frame<R>> {
  const { onFindings, ...asked } = parseOptions(optionsSchema, options)
  const { rows } = await run<R>(source, pipeline, asked)
  const { findings } = rows
  if (findings.length > 0) onFindings(findings)
  return rows.frame()
}

/** Runs a pipeline over all the changes a source has now, and goes on with those that come. */
export async function livePreview<R extends object>(
  source: Source,
  pipeline: Pipeline<R>,
  options: PreviewOptions = {},
  clock: Clock = systemClock,
): Promise<LivePreview<R>> {
  const { signal, ...asked } = parseOptions(optionsSchema, options)
  const { rows, bound } = await run<R>(source, pipeline, { signal, ...asked })
  const stopped = new AbortController()
  const preview = new LivePreview<R>({ rows, changes: bound.follow(stopped.signal), stopped, source, clock })
  signal?.addEventListener('abort', () => preview.stop(), { once: true })
  if (signal?.aborted) preview.stop()
  return preview
}

async function run<R extends object>(
  source: Source,
  pipeline: Pipeline<R>,
  { signal, onError, params }: Pick<z.output<typeof optionsSchema>, 'signal' | 'onError' | 'params'>,
): Promise<{ rows: PreviewRows<R>; bound: BoundPlan }> {
  const bound = await bindPlan(source, planOf(pipeline), { signal, params })
  const rows = new PreviewRows<R>(bound.plan, new Engine(bound.plan, { onError }))
  const bar = progressBar(bound.plan.name)
  let done = 0
  try {
    for await (const chunk of bound.changes) {
      rows.apply(chunk)
      done += chunk.offsets
      bar.update(done, bound.offsets)
    }
  } finally {
    bar.end()
  }
  rows.caughtUp()
  return { rows, bound }
}

/** Shows findings beside what they are about: in the cell of a notebook, else on standard error. */
function showFindings(findings: readonly Finding[]): void {
  const text = findings.map(({ severity, sentence, code }) => `${severity}: ${sentence} [${code}]`).join('\n')
  const cell = cellDisplay()
  if (cell === null) process.stderr.write(`${text}\n`)
  else {
    const html = `<pre style="margin:0;white-space:pre-wrap">${escapeHtml(text)}</pre>`
    cell.show({ 'text/html': html, 'text/plain': text })
  }
}
