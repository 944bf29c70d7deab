import type { Command } from 'commander'
import { connect } from '../lab.js'
import type { Place } from '../source/bounds.js'
import { jsonOption, place, type SourceOptions, sourceOption, wholeNumber } from './command.js'
import { interrupted } from './interrupt.js'

interface StatsOptions extends SourceOptions {
  from?: Place
  to?: Place
  limit?: number
}

const examples = `
Examples:
  obslab stats obs
  obslab stats encounter --source kafka://localhost:9092 --from 2026-03-01
  obslab stats obs --json`

/** `obslab stats`: what one pass over a topic counts. */
export function statsCommand(program: Command): void {
  program
    .command('stats <topic>')
    .description('Count a topic: sizes, schema overhead, distinct and hottest keys, nulls, records per hour')
    .addOption(sourceOption())
    .option('--from <place>', 'begin at this offset or time (2026-03-01T10:00:00Z)', place)
    .option('--to <place>', 'end before this offset or time', place)
    .option('--limit <n>', 'stop after n records', wholeNumber('--limit', 1))
    .addOption(jsonOption())
    .addHelpText('after', examples)
    .action(async (topic: string, { source, json, ...bounds }: StatsOptions) => {
      const lab = await connect(source)
      try {
        const stats = await lab.stats(topic, { ...bounds, signal: interrupted() })
        const nulls = `nulls\n${stats.columns().text({ limit: Number.POSITIVE_INFINITY })}`
        process.stdout.write(json ? `${JSON.stringify(stats)}\n` : `${stats.text()}\n\n${nulls}\n`)
      } finally {
        await lab.close()
      }
    })
}
