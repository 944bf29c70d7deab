import type { Command } from 'commander'
import { ObslabError } from '../errors.js'
import type { DeadLetter } from '../job/dead-letter.js'
import { readDeadLetters } from '../job/read-dead-letters.js'
import type { JobSummary } from '../job/run-job.js'
import { jsonOption } from './command.js'
import { loadPipeline } from './job-file.js'
import { addJobOptions, type JobOptions, outputOf, runWithOptions } from './job-options.js'

const listExamples = `
Letters hold no values of sensitive columns. Of a file of JSON lines, those of the file beside it are listed. The password
of a mysql:// source is read from OBSLAB_MYSQL_PASSWORD.

Examples:
  obslab dead-letters list vitals --source kafka://localhost:9092
  obslab dead-letters list vitals --source mysql://etl@localhost/reports
  obslab dead-letters list vitals --source rows.jsonl --json`

const replayExamples = `
For after the pipeline was corrected: takes the records again that dead letters are about, the newest version of each row,
writes what follows and ends. Letters of what succeeds now are taken back; the others stay. The job must not be running
meanwhile. It ends with exit code 1 when some still fail.

Examples:
  obslab dead-letters replay jobs/vitals --source kafka://localhost:9092 --state state/vitals
  obslab dead-letters replay vitals.ts --source kafka://localhost:9092 --to mysql://etl@localhost/reports --state state/vitals`

/** `obslab dead-letters`: what a job could make nothing of. */
export function deadLettersCommand(program: Command): void {
  const command = program
    .command('dead-letters')
    .description('List the records and rows that a job could make nothing of, or take them again')
    .addHelpText('after', listExamples.slice(listExamples.indexOf('\nExamples')))
  listCommand(command)
  replayCommand(command)
}

function listCommand(parent: Command): void {
  parent
    .command('list <output>')
    .description("List a job's dead letters: where, why, when, and the row with sensitive values masked")
    .requiredOption(
      '-s, --source <where>',
      'where the output is: kafka://host:port, a client.properties file, mysql://user@host/database, a file of JSON lines',
    )
    .addOption(jsonOption())
    .addHelpText('after', listExamples)
    .action(async (output: string, { source, json }: { source: string; json?: boolean }) => {
      const letters = await readDeadLetters(source, output)
      process.stdout.write(
        json ? letters.map(letter => `${JSON.stringify(letter)}\n`).join('') : textOf(letters),
      )
    })
}

function textOf(letters: readonly DeadLetter[]): string {
  if (letters.length === 0) return 'There are no dead letters.\n'
  const blocks = letters.map(({ topic, partition, offset, step, reason, at, view }) => {
    const head = `${topic}:${partition}:${offset}  ${step ?? 'decoding'}  ${new Date(at).toISOString()}`
    return [head, `  ${reason}`, ...(view === null ? [] : [`  ${view}`])].join('\n')
  })
  const count =
    letters.length === 1 ? '1 dead letter.' : `${letters.length.toLocaleString('en')} dead letters.`
  return `${blocks.join('\n')}\n\n${count}\n`
}

function replayCommand(parent: Command): void {
  const command = parent
    .command('replay <file> [pipeline]')
    .description("Take the records again that a job's dead letters are about")
  addJobOptions(command)
    .addOption(jsonOption())
    .addHelpText('after', replayExamples)
    .action(async (file: string, name: string | undefined, options: JobOptions) => {
      if (outputOf(options) === '-') {
        throw new ObslabError(
          'option-invalid',
          'Expected where the dead letters are, found standard output: name the output by --to, or a cluster by --source.',
        )
      }
      const summary = await runWithOptions(await loadPipeline(file, name), options, { replay: true })
      process.stdout.write(options.json ? `${JSON.stringify(summary)}\n` : replayedText(summary))
      if ((summary.replayed?.failed ?? 0) > 0) process.exitCode = 1
    })
}

function replayedText({ job, replayed }: JobSummary): string {
  const { healed = 0, failed = 0, gone = 0 } = replayed ?? {}
  if (healed + failed + gone === 0) return `${job}: there are no dead letters.\n`
  const lost = gone === 0 ? '' : `; of ${gone} the record is no longer in its topic`
  return `${job}: ${healed} healed, ${failed} still failing${lost}.\n`
}
