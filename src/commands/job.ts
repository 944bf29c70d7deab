import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline/promises'
import type { Command } from 'commander'
import { systemClock } from '../clock.js'
import { ObslabError } from '../errors.js'
import { holderText } from '../job/holder.js'
import { stateHolder } from '../job/lease.js'
import { backupState } from '../job/lmdb-state.js'
import { removeState } from '../job/remove-state.js'
import { isKafka } from '../source/open-source.js'
import { jsonOption } from './command.js'
import { type JobStatus, jobStatus } from './job-status.js'
import { statusText } from './job-status-text.js'

const statusExamples = `
Without --source it tells what the state folder alone knows. With it, the ends of the inputs, and where rows go to Kafka how
far the output is: --to names its cluster where that is another one. It changes nothing, and the job may be running.

Examples:
  obslab job status state/vitals
  obslab job status state/vitals --source kafka://localhost:9092
  obslab job status state/vitals --source kafka://localhost:9092 --json`

const backupExamples = `
The job may be running. The copy is private to its owner, as the state is: it holds values of rows. Put it back in place of
the state folder while the job is stopped: what was written since is read again and not written twice.

Examples:
  obslab job backup state/vitals backups/vitals-monday`

const resetExamples = `
The next start reads the inputs from their beginning, compares with what the output holds and writes the difference; the
output stays. With --offsets, the offsets that the job has committed in Kafka are forgotten as well.

Examples:
  obslab job reset state/vitals
  obslab job reset state/vitals --yes
  obslab job reset state/vitals --offsets --job vitals --source kafka://localhost:9092`

interface StatusOptions {
  source?: string
  to?: string
  job?: string
  json?: boolean
}

interface ResetOptions {
  offsets?: boolean
  job?: string
  source?: string
  yes?: boolean
}

/** `obslab job`: the state of a job, looked at, copied, removed. */
export function jobCommand(program: Command): void {
  const command = program
    .command('job')
    .description('Look at the state of a job, copy it, or remove it so that the job begins anew')
    .addHelpText('after', statusExamples.slice(statusExamples.indexOf('\nExamples')))
  statusCommand(command)
  backupCommand(command)
  resetCommand(command)
}

function statusCommand(parent: Command): void {
  parent
    .command('status <folder>')
    .description('Tell how far a job is: its state, its output, the ends of its inputs')
    .option(
      '-s, --source <where>',
      'where the inputs are: kafka://host:port, a client.properties file, a recording',
    )
    .option('--to <where>', 'where the output is, if in another cluster')
    .option('--job <name>', "the job's name, if the folder does not tell")
    .addOption(jsonOption())
    .addHelpText('after', statusExamples)
    .action(async (folder: string, { json, ...options }: StatusOptions) => {
      const status: JobStatus = await jobStatus(folder, options)
      process.stdout.write(json ? `${JSON.stringify(status)}\n` : statusText(status))
    })
}

function backupCommand(parent: Command): void {
  parent
    .command('backup <folder> <to>')
    .description('Copy the state of a job, running or not, into a folder that is not there yet')
    .addHelpText('after', backupExamples)
    .action(async (folder: string, to: string) => {
      await backupState(folder, to)
      process.stdout.write(`${to}: a copy of ${folder}, readable by its owner alone.\n`)
    })
}

function resetCommand(parent: Command): void {
  parent
    .command('reset <folder>')
    .description('Remove the state of a job, so that its next start computes everything anew')
    .option('--offsets', 'forget how far the output in Kafka is, too')
    .option('--job <name>', 'the name of the job whose offsets are forgotten')
    .option(
      '-s, --source <where>',
      'the cluster of the output: kafka://host:port or a client.properties file',
    )
    .option('--yes', 'do not ask')
    .addHelpText('after', resetExamples)
    .action(async (folder: string, options: ResetOptions) => reset(folder, options))
}

async function reset(folder: string, { offsets, job, source, yes }: ResetOptions): Promise<void> {
  const holder = await stateHolder(folder, systemClock)
  if (holder !== null) {
    throw new ObslabError(
      'job-held',
      `The job of ${folder} is running: ${holderText(holder)}. Stop it first.`,
    )
  }
  const bytes = await stateBytes(folder)
  const progress = offsets ? progressOf(job, source) : null
  const told = [
    ...(bytes === null ? [] : [`the state in ${folder} (${bytes.toLocaleString('en')} bytes)`]),
    ...(progress === null ? [] : [`the offsets of obslab.${progress.job} in ${progress.where}`]),
  ]
  if (told.length === 0) {
    process.stdout.write(`${folder} holds no state: there is nothing to remove.\n`)
    return
  }
  process.stdout.write(`To be removed: ${told.join(' and ')}. The output stays.\n`)
  if (!yes && !(await isConfirmed())) {
    process.stdout.write('Nothing was removed.\n')
    process.exitCode = 1
    return
  }
  if (progress !== null) {
    const { forgetKafkaProgress } = await import('../job/kafka-progress.js')
    await forgetKafkaProgress(progress)
  }
  if (bytes !== null) await removeState(folder)
  process.stdout.write('Removed. The next start of the job computes everything anew.\n')
}

/** Bytes of the state; null where there is none. It is not opened, for it may be one that cannot be read. */
async function stateBytes(folder: string): Promise<number | null> {
  const found = await stat(join(folder, 'state.mdb')).catch(() => null)
  return found?.size ?? null
}

function progressOf(job: string | undefined, where: string | undefined): { job: string; where: string } {
  if (job !== undefined && where !== undefined && isKafka(where)) return { job, where }
  throw new ObslabError(
    'option-invalid',
    '--offsets needs --job <name> and --source <kafka://host:port>: whose offsets to forget, and in which cluster.',
  )
}

/** Asks on a terminal; without one, --yes is needed. */
async function isConfirmed(): Promise<boolean> {
  if (!process.stdin.isTTY) {
    throw new ObslabError(
      'option-invalid',
      'Expected a terminal to ask on, found none: add --yes to remove it unasked.',
    )
  }
  const asked = createInterface({ input: process.stdin, output: process.stderr })
  try {
    return /^y(es)?$/i.test((await asked.question('Remove? (y/N) ')).trim())
  } finally {
    asked.close()
  }
}
