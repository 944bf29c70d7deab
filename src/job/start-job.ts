import { ObslabError } from '../errors.js'
import { readParams } from '../pipeline/param.js'
import type { Pipeline } from '../pipeline/pipeline.js'
import { planTopics } from '../pipeline/plan.js'
import { paramsOf } from '../pipeline/plan-params.js'
import { openSource } from '../source/open-source.js'
import { type JobSettings, readJobSettings } from './job-settings.js'
import { jobSettingsText } from './job-settings-table.js'
import { jsonLog, type Log } from './log.js'
import { openSink } from './open-sink.js'
import { operateJob } from './operate-job.js'
import { pinoLog } from './pino-log.js'
import { shutdownSignal } from './shutdown.js'

/** What {@link startJob} takes besides the pipeline. */
export interface StartJobOptions {
  /** Arguments after the program's name. Default: those of the process. */
  argv?: readonly string[]
  /** Default: the environment of the process. Passwords are always read from that. */
  env?: Readonly<Record<string, string | undefined>>
}

/** Exit codes of a job: it drained or reached the end, it failed, another instance of it is running. */
export const jobExitCodes = { done: 0, failed: 1, held: 3 } as const

/** Milliseconds after which a job that has ended does not wait for connections that do not close. */
const patience = 5_000

/**
 * The whole of a job's program: reads its settings from the environment and the command line (`--help` lists them), runs
 * the pipeline until SIGTERM, logs JSON lines on standard error and serves metrics and health where a port is given.
 *
 * It resolves when the job has ended, and sets the exit code of the process: 0 when it drained or reached the end, 1 when
 * it failed, 3 when another instance of the job is running. It does not throw: what went wrong is the last line of the log.
 */
export async function startJob<R>(pipeline: Pipeline<R>, options: StartJobOptions = {}): Promise<void> {
  const { argv = process.argv.slice(2), env = process.env } = options
  process.exitCode = await run(pipeline, argv, env)
  setTimeout(() => process.exit(), patience).unref()
}

async function run<R>(
  pipeline: Pipeline<R>,
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<number> {
  let log: Log = jsonLog()
  try {
    const { settings, warnings } = readJobSettings(argv, env)
    if (settings === null) {
      process.stdout.write(helpText(pipeline))
      return jobExitCodes.done
    }
    log = await pinoLog({ level: settings.logLevel })
    for (const warning of warnings) log.warn(warning)
    await runSettings(pipeline, settings, log)
    return jobExitCodes.done
  } catch (error) {
    return failed(error, log)
  }
}

async function runSettings<R>(pipeline: Pipeline<R>, settings: JobSettings, log: Log): Promise<void> {
  const { state, onGap, prefix, deadLetterLimit, topics } = settings
  const sink = await openSink(settings.sink)
  const params = readParams(paramsOf(pipeline.plan), settings.params)
  const signal = shutdownSignal({ log })
  const source = await openSource(settings.source)
  try {
    await operateJob(pipeline, {
      source,
      sink,
      signal,
      log,
      params,
      topics,
      port: settings.port,
      wait: settings.wait,
      acceptIncomplete: settings.acceptIncomplete,
      ...(state !== null && { state }),
      ...(onGap !== undefined && { onGap }),
      ...(prefix !== undefined && { prefix }),
      ...(deadLetterLimit !== undefined && { deadLetterLimit }),
      ...(settings.untilEnd && { until: 'end' }),
    })
  } finally {
    await source.close()
  }
}

/** Logs why a job ended, and gives its exit code. */
function failed(error: unknown, log: Log): number {
  if (error instanceof ObslabError) {
    const { topic, partition, offset } = error.position ?? {}
    log.error(error.message, {
      code: error.code,
      ...(topic !== undefined && { topic }),
      ...(partition !== undefined && { partition }),
      ...(offset !== undefined && { offset }),
    })
    return error.code === 'job-held' ? jobExitCodes.held : jobExitCodes.failed
  }
  // The message of an error that nobody expected may hold anything, values of rows too: where it was thrown does not.
  const { name, stack = '' } = error instanceof Error ? error : { name: typeof error }
  const frames = stack.split('\n').filter(line => /^\s+at /.test(line))
  log.error('something in obslab itself went wrong; please report it', {
    error: name,
    at: frames.map(line => line.trim()),
  })
  return jobExitCodes.failed
}

function helpText<R>({ plan }: Pipeline<R>): string {
  const topics = planTopics(plan.root).map(({ topic }) => topic)
  return `The job ${plan.name} reads ${topics.join(', ')} and writes ${plan.output}.

Settings, as a flag or a variable of the environment:
${jobSettingsText()}
Exit codes: 0 drained or at the end, 1 failed, 3 another instance is running.
`
}
