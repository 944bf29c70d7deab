import { z } from 'zod'
import { systemClock } from './clock.js'
import { progressBar } from './display/progress.js'
import { parseOptions, wholeNumber } from './options.js'
import type { ParamValue, ParamValues } from './pipeline/param.js'
import { type Pipeline, planOf } from './pipeline/pipeline.js'
import type { Source } from './source/source.js'
import { validatePlan } from './validate/validate.js'
import type { Validation } from './validate/validation.js'

/** How a validation is run. */
export interface ValidateOptions {
  /** Cancels: the validation rejects with a `cancelled` error. */
  signal?: AbortSignal
  /** What the random cuts and orders are drawn from: a whole number. Default 1, so that every run says the same. */
  seed?: number
  /**
   * Changes kept at most to be run in other orders, as crashes and redeliveries make them. Of more, the first and last of
   * each partition are taken, and a finding says so. Default 50,000.
   */
  sample?: number
  /** The folder that accepted outputs are in. Default `obslab.golden` in the current one. */
  golden?: string
  /**
   * What becomes of a row that a function fails on: it is left out, and a finding says so, or the validation stops with a
   * `pipeline-failed` error. Default `set-aside`.
   */
  onError?: 'set-aside' | 'stop'
  /**
   * Values of the pipeline's params in place of their defaults, by name: `{ min: 5 }`. An unknown name or a value of
   * another type than the default is an `option-invalid` error.
   */
  params?: ParamValues
  /** Whether a bar shows how far it is, in a notebook or on a terminal. Default true. */
  progress?: boolean
}

const optionsSchema = z.strictObject({
  signal: z.instanceof(AbortSignal).optional(),
  seed: wholeNumber.default(1),
  sample: wholeNumber.default(50_000),
  golden: z.string().min(1).default('obslab.golden'),
  onError: z.enum(['set-aside', 'stop']).default('set-aside'),
  params: z.record(z.string(), z.custom<ParamValue>()).optional(),
  progress: z.boolean().default(true),
})

/** Milliseconds that making a failing input smaller may take. */
const shrinkFor = 10_000

/**
 * Proves a pipeline on recorded data. It is run change by change over everything the source has, computed from the final
 * tables in the plainest way and by DuckDB where it has a form in SQL, and compared byte for byte; so it is when its
 * output is taken at random cuts, blocks come twice, partitions are read in other orders, the process crashes, a snapshot
 * is taken again, tombstones are lost and topics compacted. Functions that depend on more than their rows, columns that
 * went, branches that no row took and differences to the output accepted last are findings too. A failing input is made
 * as small as it can be.
 */
export async function validate<R extends object>(
  pipeline: Pipeline<R>,
  lab: { readonly source: Source },
  options: ValidateOptions = {},
): Promise<Validation<R>> {
  const { progress, ...run } = parseOptions<z.output<typeof optionsSchema>>(optionsSchema, options)
  const plan = planOf(pipeline)
  const bar = progress ? progressBar(plan.name, { unit: 'changes run' }) : null
  let total = 0
  try {
    const validation = await validatePlan<R>(lab.source, plan, {
      ...run,
      clock: systemClock,
      shrinkFor,
      onProgress: (done, of) => {
        total = of
        bar?.update(done, of)
      },
    })
    bar?.update(total, total)
    return validation
  } finally {
    bar?.end()
  }
}
