import { mkdir } from 'node:fs/promises'
import { join, relative } from 'node:path'
import type { Command } from 'commander'
import { chart } from '../display/chart.js'
import type { Frame } from '../frame/frame.js'
import { connect, type Lab } from '../lab.js'
import { openmrs } from '../openmrs/openmrs.js'
import { vitals } from '../openmrs/vitals.js'
import { validate } from '../validate.js'
import { type SourceOptions, sourceOption } from './command.js'
import { vitalsChart } from './vitals-chart.js'

interface StartOptions extends SourceOptions {
  out: string
}

/** `obslab start`: the first session, from records to a proven transformation. */
export function startCommand(program: Command): void {
  program
    .command('start')
    .description('Replay obs, show its table and the vitals of each encounter, and prove them')
    .addOption(sourceOption())
    .option('--out <folder>', 'where the chart is written', 'out')
    .addHelpText('after', '\nExamples:\n  obslab start\n  obslab start --source kafka://localhost:9092')
    .action(async ({ source, out }: StartOptions) => {
      const lab = await connect(source)
      try {
        await firstSession(lab, out)
      } finally {
        await lab.close()
      }
    })
}

async function firstSession(lab: Lab, out: string): Promise<void> {
  const obs = await lab.replay(openmrs.obs)
  say(`${obs.topic}, every record from the first offset, read from ${place(lab.name)}`)
  console.log(obs.ops().text())

  const current = obs.current()
  say(`The table as it is now: ${count(current.length)} rows, sensitive columns masked`)
  const shown = current.select(
    'obs_id',
    'person_id',
    'encounter_id',
    'concept_id',
    'obs_datetime',
    'value_numeric',
    'value_text',
  )
  console.log(shown.text({ limit: 5 }))

  const validation = await validate(vitals, lab)
  const frame = validation.output
  say(`The vitals of each encounter, kept up change by change: ${count(frame.length)} rows`)
  console.log(frame.text({ limit: 5 }))

  const file = join(out, 'vitals.svg')
  await mkdir(out, { recursive: true })
  await chart(frame, vitalsChart()).save(file)
  console.log(`\nTheir distribution is drawn in ${file}`)

  say('Proof')
  console.log(validation.text())
  if (!validation.ok) process.exitCode = 1

  say('What to try next')
  console.log(`  npx obslab topics                          what else was recorded
  npx obslab replay encounter --rows 20      another table
  npx obslab replay obs --changes --last 10  the newest changes, with their positions
  npx obslab topics -s kafka://host:9092     the same on your cluster; nothing is committed there
  notebooks/01-replay.ipynb                  the same in a notebook`)
}

function say(heading: string): void {
  console.log(`\n${heading}`)
}

function count(n: Frame['length']): string {
  return n.toLocaleString('en')
}

function place(name: string): string {
  return name.includes('://') ? name : relative('', name) || name
}
