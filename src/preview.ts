import { z } from 'zod'
import type { ChangeReader } from './change/change-reader.js'
import { progressBar } from './display/progress.js'
import type { Frame } from './frame/frame.js'
import { parseOptions } from './options.js'
import { Engine } from './pipeline/engine.js'
import { type Pipeline, planOf } from './pipeline/pipeline.js'
import { bindPlan } from './pipeline/plan-changes.js'
import type { Source } from './source/source.js'
import { OutputRows } from './validate/output-rows.js'

/** How a preview is run. */
export interface PreviewOptions {
  /** Cancels: the preview rejects with a `cancelled` error. */
  signal?: AbortSignal
}

const optionsSchema: z.ZodType<PreviewOptions> = z.strictObject({
  signal: z.instanceof(AbortSignal).optional(),
})

/** Runs a pipeline over all the changes a source has now and gives its output after compaction, ordered by key. */
export async function previewPipeline<R extends object>(
  source: Source,
  pipeline: Pipeline<R>,
  options: PreviewOptions = {},
): Promise<Frame<R>> {
  const { signal } = parseOptions(optionsSchema, options)
  const { plan, changes, offsets } = await bindPlan(source, planOf(pipeline), { signal })
  const engine = new Engine(plan)
  const output = new OutputRows()
  const bar = progressBar(plan.name)
  const readers = new Map<string, ChangeReader>()
  let done = 0
  try {
    for await (const chunk of changes) {
      const applied = chunk.changes.filter(({ redelivered }) => !redelivered).map(({ change }) => change)
      output.add(engine.apply(applied))
      readers.set(chunk.topic, chunk.reader)
      done += chunk.offsets
      bar.update(done, offsets)
    }
  } finally {
    bar.end()
  }
  return output.frame(plan, readers)
}
