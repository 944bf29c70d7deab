import { z } from 'zod'
import { systemClock } from './clock.js'
import { progressBar } from './display/progress.js'
import { exportPipeline } from './export/export-job.js'
import type { ExportReport } from './export/export-report.js'
import { connect } from './lab.js'
import { parseOptions, wholeNumber } from './options.js'
import { type Pipeline, planOf } from './pipeline/pipeline.js'
import type { Source } from './source/source.js'

/** Where a job comes from and goes to. */
export interface ExportOptions {
  /** The notebook that defines the pipeline, or a TypeScript file: `'05-vitals.ipynb'`. As it is on disk: save it first. */
  notebook: string
  /**
   * The folder of the job: `'jobs/vitals'`. An export that is there already is replaced, files that others put beside it
   * stay; a folder with something else is refused.
   */
  out: string
  /** What the pipeline is proven on. Default: the recording that obslab comes with. */
  lab?: { readonly source: Source }
  /** Exports in spite of errors, which the job's `provenance.json` and README then name. Default false. */
  force?: boolean
  /** False leaves the validation out, which takes `force`. Default true. */
  validation?: boolean
  /** What the validation's random cuts and orders are drawn from. Default 1. */
  seed?: number
  /** The folder that accepted outputs are in. Default `obslab.golden` in the current one. */
  golden?: string
  /** Cancels: the export rejects with a `cancelled` error, and the folder is as it was. */
  signal?: AbortSignal
  /** Whether a bar shows how far the validation is, in a notebook or on a terminal. Default true. */
  progress?: boolean
}

const optionsSchema = z.strictObject({
  notebook: z.string().min(1),
  out: z.string().min(1),
  lab: z
    .custom<{ readonly source: Source }>(
      value => typeof value === 'object' && value !== null && 'source' in value,
    )
    .optional(),
  force: z.boolean().default(false),
  validation: z.boolean().default(true),
  seed: wholeNumber.default(1),
  golden: z.string().min(1).default('obslab.golden'),
  signal: z.instanceof(AbortSignal).optional(),
  progress: z.boolean().default(true),
})

/**
 * Makes a standalone job of a pipeline: a small project with the pipeline's own code, a test on recorded changes, a
 * Dockerfile, what its topics are and where it came from.
 *
 * The code is taken from the notebook on disk: the pipeline and just the declarations and imports that it follows from.
 * That is loaded on its own, validated on the lab's records, and run as a job over them, whose output has to be that of
 * `lab.preview` byte for byte; then the folder is written, all of it or nothing. Exporting the same again changes no byte.
 *
 * What cannot be taken out of the notebook, differs from the session's pipeline, fails the validation or breaks readers of
 * the export before is an `export-refused` error, unless `force`.
 */
export async function exportJob<R extends object>(
  pipeline: Pipeline<R>,
  options: ExportOptions,
): Promise<ExportReport> {
  const live = planOf(pipeline)
  return await exportNamed({ live, name: live.name }, options)
}

/** {@link exportJob} of the pipeline that a notebook names so, with that of the session, where there is one. */
export async function exportNamed(
  { live, name }: { live: ReturnType<typeof planOf> | null; name: string },
  options: ExportOptions,
): Promise<ExportReport> {
  const { lab, progress, ...asked } = parseOptions<z.output<typeof optionsSchema>>(optionsSchema, options)
  const opened = lab === undefined ? await connect() : null
  const bar = progress ? progressBar(name, { unit: 'changes run' }) : null
  let total = 0
  try {
    const report = await exportPipeline({
      ...asked,
      live,
      name,
      source: (lab ?? opened!).source,
      clock: systemClock,
      onProgress(done, of) {
        total = of
        bar?.update(done, of)
      },
    })
    bar?.update(total, total)
    return report
  } finally {
    bar?.end()
    await opened?.close()
  }
}
