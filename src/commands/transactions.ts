import type { Command } from 'commander'
import { connect } from '../lab.js'
import { jsonOption, type SourceOptions, sourceOption, wholeNumber } from './command.js'
import { interrupted } from './interrupt.js'

interface TransactionsOptions extends SourceOptions {
  from?: string
  to?: string
  rows: number
  unmask?: boolean
}

const examples = `
Examples:
  obslab transactions
  obslab transactions --from 2026-03-01T10:00:00Z --rows 100
  obslab transactions b79e38f4-e69f-11f1-8bca-02fc00000001:3470
  obslab transactions 3470 --json`

/** `obslab transactions`: the database's transactions, or all changes of one. */
export function transactionsCommand(program: Command): void {
  program
    .command('transactions [id]')
    .description('List transactions and whether they are complete, or print all changes of one')
    .addOption(sourceOption())
    .option('--from <time>', 'only those that began at or after this time (2026-03-01T10:00:00Z)')
    .option('--to <time>', 'only those that began before this time')
    .option('--rows <n>', 'print at most n rows; --json prints all', wholeNumber('--rows'), 20)
    .option('--unmask', 'print sensitive values as they are')
    .addOption(jsonOption())
    .addHelpText('after', examples)
    .action(async (id: string | undefined, options: TransactionsOptions) => {
      const { source, json, rows, unmask = false, ...times } = options
      const lab = await connect(source)
      const signal = interrupted()
      try {
        const frame =
          id === undefined
            ? await lab.transactions({ ...times, signal })
            : await lab.transaction(id, { unmask, signal })
        process.stdout.write(json ? frame.jsonLines() : `${frame.text({ limit: rows })}\n`)
      } finally {
        await lab.close()
      }
    })
}
