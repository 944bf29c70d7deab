import { readFileSync } from 'node:fs'
import { Command } from 'commander'
import { deadLettersCommand } from './commands/dead-letters.js'
import { downCommand } from './commands/down.js'
import { exportCommand } from './commands/export.js'
import { jobCommand } from './commands/job.js'
import { produceCommand } from './commands/produce.js'
import { recordCommand } from './commands/record.js'
import { registerCommand } from './commands/register.js'
import { replCommand } from './commands/repl.js'
import { replayCommand } from './commands/replay.js'
import { runCommand } from './commands/run.js'
import { schemaCommand } from './commands/schema.js'
import { simulateCommand } from './commands/simulate.js'
import { startCommand } from './commands/start.js'
import { statsCommand } from './commands/stats.js'
import { statusCommand } from './commands/status.js'
import { tailCommand } from './commands/tail.js'
import { topicsCommand } from './commands/topics.js'
import { transactionsCommand } from './commands/transactions.js'
import { typesCommand } from './commands/types.js'
import { upCommand } from './commands/up.js'
import { validateCommand } from './commands/validate.js'
import { verifyCommand } from './commands/verify.js'

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string
}

/** The command line: every command with its options. What cannot be understood throws commander's error. */
export function createProgram(): Command {
  const program = new Command('obslab')
    .description('Replay, explore and prove transformations of OpenMRS change topics')
    .version(version)
    .exitOverride()
    .showHelpAfterError('(obslab --help shows what there is)')
  for (const command of [
    startCommand,
    topicsCommand,
    statsCommand,
    schemaCommand,
    transactionsCommand,
    typesCommand,
    replayCommand,
    tailCommand,
    replCommand,
    recordCommand,
    produceCommand,
    runCommand,
    jobCommand,
    deadLettersCommand,
    validateCommand,
    exportCommand,
    simulateCommand,
    upCommand,
    downCommand,
    statusCommand,
    registerCommand,
    verifyCommand,
  ])
    command(program)
  return program
}
