import { type Command, InvalidArgumentError, Option } from 'commander'
import { ObslabError } from '../errors.js'
import type { Log } from '../job/log.js'
import { jsonLog } from '../job/log.js'
import { openSink } from '../job/open-sink.js'
import { type OperateJobOptions, operateJob } from '../job/operate-job.js'
import { pinoLog } from '../job/pino-log.js'
import type { JobSummary } from '../job/run-job.js'
import { shutdownSignal } from '../job/shutdown.js'
import { connect } from '../lab.js'
import { readParams } from '../pipeline/param.js'
import type { Pipeline } from '../pipeline/pipeline.js'
import { paramsOf } from '../pipeline/plan-params.js'
import { isKafka } from '../source/open-source.js'
import { type SourceOptions, sourceOption, wholeNumber } from './command.js'
import { paramOption } from './param-option.js'
import { textLog } from './text-log.js'

/** What a command that runs a job takes. */
export interface JobOptions extends SourceOptions {
  to?: string
  state?: string
  onGap?: 'rebuild' | 'skip'
  wait?: boolean
  port?: number
  untilEnd?: boolean
  prefix?: string
  topic?: Record<string, string>
  param?: Record<string, string>
  acceptIncomplete?: boolean
  deadLetterLimit?: number
}

/** Adds the options of a job, the same for all commands that run one. */
export function addJobOptions(command: Command): Command {
  return command
    .addOption(sourceOption())
    .option(
      '--to <where>',
      'kafka://host:port, a client.properties file, mysql://user@host/database, a file of JSON lines, or - for standard output',
    )
    .option('--state <folder>', 'keep the state there, for this job alone (default: in memory)')
    .addOption(
      new Option('--on-gap <choice>', 'when records still to be read are gone').choices(['rebuild', 'skip']),
    )
    .option('--wait', 'wait while another instance of the job is running')
    .option('--port <number>', 'serve /metrics, /healthz and /readyz there', port)
    .option('--prefix <prefix>', "find the pipeline's topics among those of this topic.prefix")
    .option('--topic <name=topic>', 'read this topic where the pipeline says name; repeatable', topicNames)
    .addOption(paramOption())
    .option('--accept-incomplete', 'run even though a topic has lost its first records')
    .option(
      '--dead-letter-limit <n>',
      'stop at more new dead letters than that within 10,000 changes (default: 100)',
      wholeNumber('--dead-letter-limit'),
    )
}

/** Runs a pipeline as the options say; `more` goes before them. */
export async function runWithOptions(
  pipeline: Pipeline<object>,
  options: JobOptions,
  more: Partial<OperateJobOptions> = {},
): Promise<JobSummary> {
  const { state, onGap, wait, port, prefix, topic, param, acceptIncomplete, deadLetterLimit } = options
  const log = await runLog()
  const lab = await connect(options.source)
  try {
    return await operateJob(pipeline, {
      source: lab.source,
      sink: await openSink(outputOf(options)),
      signal: shutdownSignal({ log }),
      log,
      port: port ?? null,
      // A run over a recording is waited for by somebody: what is not there is told at once.
      ...(!lab.source.growing && { retry: { giveUpAfter: 0 } }),
      ...(state !== undefined && { state }),
      ...(onGap && { onGap }),
      ...(wait && { wait }),
      ...(options.untilEnd && { until: 'end' }),
      ...(prefix !== undefined && { prefix }),
      ...(topic && { topics: topic }),
      ...(acceptIncomplete && { acceptIncomplete }),
      ...(deadLetterLimit !== undefined && { deadLetterLimit }),
      ...(param && { params: readParams(paramsOf(pipeline.plan), param) }),
      ...more,
    })
  } finally {
    await lab.close()
  }
}

/** Where rows go: as told, else to the cluster the records come from, else to standard output. */
export function outputOf({ to, source }: JobOptions): string {
  return to ?? (source !== undefined && isKafka(source) ? source : '-')
}

/** Lines for people on a terminal, else JSON lines, by pino where it is installed. */
async function runLog(): Promise<Log> {
  if (process.stderr.isTTY) return textLog()
  try {
    return await pinoLog()
  } catch (error) {
    if (error instanceof ObslabError && error.code === 'package-missing') return jsonLog()
    throw error
  }
}

function port(text: string): number {
  const number = wholeNumber('--port')(text)
  if (number <= 65_535) return number
  throw new ObslabError('option-invalid', `--port takes a whole number from 0 to 65535, found ${number}.`)
}

function topicNames(text: string, before: Record<string, string> = {}): Record<string, string> {
  const [name, topic, ...more] = text.split('=')
  if (!name || !topic || more.length > 0) {
    throw new InvalidArgumentError(`--topic takes name=topic, as in obs=clinic.openmrs.obs; found '${text}'.`)
  }
  return { ...before, [name]: topic }
}
