import type { Command } from 'commander'
import type { Frame } from '../frame/frame.js'
import { connect } from '../lab.js'
import type { Place } from '../source/bounds.js'
import { jsonOption, place, type SourceOptions, sourceOption, wholeNumber } from './command.js'
import { interrupted } from './interrupt.js'

interface ReplayOptions extends SourceOptions {
  from?: Place
  to?: Place
  last?: number
  limit?: number
  columns?: string[]
  partitions?: number[]
  changes?: boolean
  rows: number
  unmask?: boolean
}

const examples = `
Examples:
  obslab replay obs
  obslab replay obs --columns obs_id concept_id value_numeric --rows 20
  obslab replay encounter --source kafka://localhost:9092 --from 2026-03-01 --json
  obslab replay obs --changes --last 100`

/** `obslab replay`: a topic from its first record to the end fixed at the start. */
export function replayCommand(program: Command): void {
  program
    .command('replay <topic>')
    .description('Read a topic of changes from its first record and print its current table')
    .addOption(sourceOption())
    .option('--from <place>', 'begin at this offset or time (2026-03-01T10:00:00Z)', place)
    .option('--to <place>', 'end before this offset or time', place)
    .option('--last <n>', 'only the newest n records', wholeNumber('--last', 1))
    .option('--limit <n>', 'stop after n records', wholeNumber('--limit', 1))
    .option('--columns <name...>', 'only these columns, besides the key')
    .option('--partitions <n...>', 'only these partitions', collectNumbers)
    .option('--changes', 'print every change instead of the current table')
    .option('--rows <n>', 'print at most n rows; --json prints all', wholeNumber('--rows'), 10)
    .option('--unmask', 'print sensitive values as they are')
    .addOption(jsonOption())
    .addHelpText('after', examples)
    .action(async (topic: string, options: ReplayOptions) => {
      const { source, json, changes, rows, unmask = false, ...bounds } = options
      const lab = await connect(source)
      try {
        const table = await lab.replay(topic, { ...bounds, signal: interrupted() })
        const frame: Frame = changes ? table.changes() : table.current()
        if (json) process.stdout.write(frame.jsonLines({ unmask }))
        else process.stdout.write(`${table.ops().text()}\n\n${frame.text({ limit: rows, unmask })}\n`)
      } finally {
        await lab.close()
      }
    })
}

function collectNumbers(text: string, before: number[] = []): number[] {
  return [...before, wholeNumber('--partitions')(text)]
}
