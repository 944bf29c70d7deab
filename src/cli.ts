#!/usr/bin/env node
import { readFileSync } from 'node:fs'
import { Command, CommanderError } from 'commander'
import { downCommand } from './commands/down.js'
import { produceCommand } from './commands/produce.js'
import { recordCommand } from './commands/record.js'
import { registerCommand } from './commands/register.js'
import { replCommand } from './commands/repl.js'
import { replayCommand } from './commands/replay.js'
import { runCommand } from './commands/run.js'
import { simulateCommand } from './commands/simulate.js'
import { startCommand } from './commands/start.js'
import { statusCommand } from './commands/status.js'
import { tailCommand } from './commands/tail.js'
import { topicsCommand } from './commands/topics.js'
import { upCommand } from './commands/up.js'
import { verifyCommand } from './commands/verify.js'
import { ObslabError } from './errors.js'

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string
}

/** Exit codes: 0 done, 1 an error of obslab's, 2 a command line that cannot be understood, 130 interrupted. */
function exitCode(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
  if (error instanceof ObslabError && error.code === 'cancelled') return 130
  return error instanceof ObslabError && error.code === 'option-invalid' ? 2 : 1
}

const program = new Command('obslab')
  .description('Replay, explore and prove transformations of OpenMRS change topics')
  .version(version)
  .exitOverride()
  .showHelpAfterError('(obslab --help shows what there is)')
for (const command of [
  startCommand,
  topicsCommand,
  replayCommand,
  tailCommand,
  replCommand,
  recordCommand,
  produceCommand,
  runCommand,
  simulateCommand,
  upCommand,
  downCommand,
  statusCommand,
  registerCommand,
  verifyCommand,
])
  command(program)

process.stdout.on('error', error => {
  if ((error as NodeJS.ErrnoException).code === 'EPIPE') process.exit(0)
  throw error
})

try {
  await program.parseAsync()
} catch (error) {
  if (!(error instanceof CommanderError))
    process.stderr.write(`${error instanceof ObslabError ? error : report(error)}\n`)
  process.exitCode = exitCode(error)
}

function report(error: unknown): string {
  const stack = error instanceof Error ? error.stack : String(error)
  return `Something in obslab itself went wrong; please report it with what you did.\n${stack}`
}
