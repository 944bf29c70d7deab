import type { Command } from 'commander'
import type { JobSummary } from '../job/run-job.js'
import { loadPipeline } from './job-file.js'
import { addJobOptions, type JobOptions, outputOf, runWithOptions } from './job-options.js'

const examples = `
From a cluster, rows go to the pipeline's output topic there, created compacted when it is missing, and the job follows
its inputs until SIGTERM or Ctrl-C; a second one ends it at once. Started again, it writes what the output lacks. From a
recording, rows go to standard output and the job ends with it. Rows are real: nothing in them is masked. Log lines, on
standard error, hold none. The password of a mysql:// output is read from OBSLAB_MYSQL_PASSWORD. It ends with exit code 3
when another instance of the job is running.

Examples:
  obslab run vitals.ts --source kafka://localhost:9092 --state state/vitals
  obslab run jobs/vitals --source kafka://localhost:9092 --to mysql://etl@localhost/reports --state state/vitals
  obslab run jobs/vitals --source kafka://localhost:9092 --state state/vitals --port 9464
  obslab run vitals.ts --source kafka://localhost:9092 --prefix clinic --until-end
  obslab run vitals.ts vitals --topic obs=clinic.openmrs.obs --to rows.jsonl
  obslab run fevers.ts --param least=38.5
  obslab run vitals.ts > vitals.jsonl`

/** `obslab run`: a pipeline from a file, a notebook or the folder of an exported job, unattended. */
export function runCommand(program: Command): void {
  const command = program
    .command('run <file> [pipeline]')
    .description('Run a pipeline of a file, a notebook or an exported job: into topics, tables or JSON lines')
  addJobOptions(command)
    .option('--until-end', 'stop at the end that the topics have at the start')
    .option('--json', 'print the summary as JSON; not with rows on standard output')
    .addHelpText('after', examples)
    .action(async (file: string, name: string | undefined, options: JobOptions) => {
      const summary = await runWithOptions(await loadPipeline(file, name), options)
      if (outputOf(options) === '-') return
      process.stdout.write(`${options.json ? JSON.stringify(summary) : textOf(summary)}\n`)
    })
}

function textOf({ job, changes, upserts, tombstones, unchanged, rows, quarantined }: JobSummary): string {
  const [read, written, gone, same, held] = [changes, upserts, tombstones, unchanged, rows].map(count =>
    count.toLocaleString('en'),
  )
  const left = quarantined === 0 ? '' : ` ${quarantined.toLocaleString('en')} records could not be decoded.`
  return `${job}: ${read} changes, ${held} rows. Written ${written}, removed ${gone}, unchanged ${same}.${left}`
}
