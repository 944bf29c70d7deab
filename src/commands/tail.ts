import { once } from 'node:events'
import { styleText } from 'node:util'
import type { Command } from 'commander'
import { ObslabError } from '../errors.js'
import type { ChangeOp, ChangeRecord } from '../frame/change-record.js'
import { elide } from '../frame/text-width.js'
import { connect, type Lab } from '../lab.js'
import type { Place } from '../source/bounds.js'
import { jsonOption, place, type SourceOptions, sourceOption, wholeNumber } from './command.js'
import { interrupted } from './interrupt.js'

interface TailCommandOptions extends SourceOptions {
  fromBeginning?: boolean
  from?: 'beginning' | 'end' | Place
  columns?: string[]
  partitions?: number[]
  keys?: boolean
  unmask?: boolean
  full?: boolean
  speed?: number
  limit?: number
}

const examples = `
One line a change: time, what it did (c created, u updated, d deleted, r read by a snapshot), key, and the columns an
update changed, before → after. On a terminal, lines are cut to its width. Ctrl-C ends it.

Examples:
  obslab tail obs --source kafka://localhost:9092
  obslab tail obs --from-beginning --keys --source kafka://localhost:9092
  obslab tail obs --from 2026-03-01T10:00:00Z --columns value_numeric voided
  obslab tail obs --speed 10
  obslab tail encounter --speed Infinity --json --limit 100`

/** `obslab tail`: a topic's changes as they come, decoded. */
export function tailCommand(program: Command): void {
  program
    .command('tail <topic>')
    .description('Print the changes of a topic as they come, or play a recorded one, decoded and masked')
    .addOption(sourceOption())
    .option('--from-beginning', 'begin at the first record; a recording always does unless told otherwise')
    .option('--from <place>', 'begin at this offset or time (2026-03-01T10:00:00Z), or at the end', place)
    .option('--columns <name...>', 'only these columns, besides the key')
    .option('--partitions <n...>', 'only these partitions', collectNumbers)
    .option('--keys', "print each record's key as its JSON, and its partition and offset")
    .option(
      '--speed <n>',
      'play a recording so many times faster than it was written; Infinity: at once',
      speed,
    )
    .option('--limit <n>', 'end after n changes', wholeNumber('--limit', 1))
    .option('--full', 'do not cut lines to the width of the terminal')
    .option('--unmask', 'print sensitive values as they are')
    .addOption(jsonOption())
    .addHelpText('after', examples)
    .action(async (topic: string, options: TailCommandOptions) => {
      const lab = await connect(options.source)
      try {
        await printTail(lab, topic, options)
      } finally {
        await lab.close()
      }
    })
}

async function printTail(lab: Lab, topic: string, options: TailCommandOptions): Promise<void> {
  const { source: _, json, keys, unmask, full, fromBeginning, ...rest } = options
  if (fromBeginning && rest.from !== undefined)
    throw new ObslabError('option-invalid', 'Give --from or --from-beginning, not both.')
  const tail = await lab.tail(topic, {
    ...rest,
    ...(fromBeginning && { from: 'beginning' }),
    keep: 1,
    signal: interrupted(),
  })
  const style: LineStyle = {
    keys: keys ?? false,
    unmask: unmask ?? false,
    width: process.stdout.isTTY && !full ? process.stdout.columns : Number.POSITIVE_INFINITY,
    color: process.stdout.isTTY && process.env.NO_COLOR === undefined,
  }
  for await (const change of tail) {
    const line = json ? change.json({ unmask: style.unmask }) : tailLine(change, style)
    if (!process.stdout.write(`${line}\n`)) await once(process.stdout, 'drain')
  }
  if (process.stderr.isTTY) process.stderr.write(`${tail.text().split('\n', 2).join('\n')}\n`)
}

interface LineStyle {
  keys: boolean
  unmask: boolean
  /** Columns of the terminal. */
  width: number
  color: boolean
}

const colors: Readonly<Partial<Record<ChangeOp, 'green' | 'yellow' | 'red' | 'magenta'>>> = {
  c: 'green',
  u: 'yellow',
  d: 'red',
  tombstone: 'red',
  t: 'red',
  quarantined: 'magenta',
}

/** One line of a change as the terminal shows it. */
export function tailLine(change: ChangeRecord, { keys, unmask, width, color }: LineStyle): string {
  const prefix = keys ? `${change.partition}:${change.offset}  ${change.keyJson({ unmask })}  ` : ''
  const line = elide(prefix + change.line({ unmask, key: !keys }), width)
  const tint = colors[change.op]
  if (!color) return line
  if (change.redelivered) return styleText('dim', line)
  return tint === undefined ? line : line.replace(`  ${change.op}  `, `  ${styleText(tint, change.op)}  `)
}

function speed(text: string): number {
  const number = Number(text)
  if (number > 0) return number
  throw new ObslabError('option-invalid', `--speed takes a number above 0 or Infinity, found '${text}'.`)
}

function collectNumbers(text: string, before: number[] = []): number[] {
  return [...before, wholeNumber('--partitions')(text)]
}
