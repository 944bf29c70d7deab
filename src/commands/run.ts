import { type Command, InvalidArgumentError } from 'commander'
import { jsonLinesSink } from '../job/json-lines-sink.js'
import { kafkaSink } from '../job/kafka-sink.js'
import { type JobSummary, runJob } from '../job/run-job.js'
import { shutdownSignal } from '../job/shutdown.js'
import type { Sink } from '../job/sink.js'
import { connect } from '../lab.js'
import { readParams } from '../pipeline/param.js'
import { paramsOf } from '../pipeline/plan-params.js'
import { isKafka } from '../source/open-source.js'
import { type SourceOptions, sourceOption } from './command.js'
import { loadPipeline } from './job-file.js'
import { paramOption } from './param-option.js'

interface RunOptions extends SourceOptions {
  to?: string
  untilEnd?: boolean
  prefix?: string
  topic?: Record<string, string>
  acceptIncomplete?: boolean
  param?: Record<string, string>
}

const examples = `
From a cluster, rows go to the pipeline's output topic there, created compacted when it is missing, and the job follows
its inputs until SIGTERM or Ctrl-C; a second one ends it at once. Started again, it writes what the output lacks. From a
recording, rows go to standard output and the job ends with it. Rows are real: nothing in them is masked. Log lines, on
standard error, hold none.

Examples:
  obslab run vitals.ts --source kafka://localhost:9092
  obslab run vitals.ts --source kafka://localhost:9092 --prefix clinic --until-end
  obslab run vitals.ts vitals --topic obs=clinic.openmrs.obs --to rows.jsonl
  obslab run fevers.ts --param least=38.5
  obslab run vitals.ts > vitals.jsonl`

/** `obslab run`: a pipeline from a file, unattended. */
export function runCommand(program: Command): void {
  program
    .command('run <file> [pipeline]')
    .description('Run a pipeline that a TypeScript or JavaScript file exports, into a topic or as JSON lines')
    .addOption(sourceOption())
    .option(
      '--to <where>',
      'kafka://host:port, a client.properties file, a file of JSON lines, or - for standard output',
    )
    .option('--until-end', 'stop at the end that the topics have at the start')
    .option('--prefix <prefix>', "find the pipeline's topics among those of this topic.prefix")
    .option('--topic <name=topic>', 'read this topic where the pipeline says name; repeatable', topicNames)
    .addOption(paramOption())
    .option('--accept-incomplete', 'run even though a topic has lost its first records')
    .option('--json', 'print the summary as JSON; not with rows on standard output')
    .addHelpText('after', examples)
    .action(async (file: string, name: string | undefined, options: RunOptions) => {
      const pipeline = await loadPipeline(file, name)
      const to = options.to ?? defaultOutput(options.source)
      const lab = await connect(options.source)
      try {
        const summary = await runJob(pipeline, {
          source: lab.source,
          sink: sinkOf(to),
          signal: shutdownSignal(),
          ...(options.untilEnd && { until: 'end' }),
          ...(options.prefix !== undefined && { prefix: options.prefix }),
          ...(options.topic && { topics: options.topic }),
          ...(options.acceptIncomplete && { acceptIncomplete: true }),
          ...(options.param && { params: readParams(paramsOf(pipeline.plan), options.param) }),
        })
        if (to !== '-') process.stdout.write(`${options.json ? JSON.stringify(summary) : textOf(summary)}\n`)
      } finally {
        await lab.close()
      }
    })
}

/** The cluster the records come from, or else standard output. */
function defaultOutput(source: string | undefined): string {
  return source !== undefined && isKafka(source) ? source : '-'
}

function sinkOf(to: string): Sink {
  if (to === '-') return jsonLinesSink()
  return isKafka(to) ? kafkaSink(to) : jsonLinesSink(to)
}

function topicNames(text: string, before: Record<string, string> = {}): Record<string, string> {
  const [name, topic, ...more] = text.split('=')
  if (!name || !topic || more.length > 0) {
    throw new InvalidArgumentError(`--topic takes name=topic, as in obs=clinic.openmrs.obs; found '${text}'.`)
  }
  return { ...before, [name]: topic }
}

function textOf({ job, changes, upserts, tombstones, unchanged, rows, quarantined }: JobSummary): string {
  const [read, written, gone, same, held] = [changes, upserts, tombstones, unchanged, rows].map(count =>
    count.toLocaleString('en'),
  )
  const left = quarantined === 0 ? '' : ` ${quarantined.toLocaleString('en')} records could not be decoded.`
  return `${job}: ${read} changes, ${held} rows. Written ${written}, removed ${gone}, unchanged ${same}.${left}`
}
