import type { Command } from 'commander'
import { progressBar } from '../display/progress.js'
import { type SimulateOptions, simulate } from '../stack/simulate.js'
import { wholeNumber } from './command.js'
import { interrupted } from './interrupt.js'

const examples = `
The password is read from OBSLAB_MYSQL_PASSWORD. Everybody in the simulated life is invented.

Examples:
  obslab simulate mysql://root@localhost:3306/openmrs --patients 200 --changes 5000
  obslab simulate mysql://root@localhost:3306/openmrs --phases life --rate 20 --seed 7`

/** `obslab simulate`: an OpenMRS-shaped database with a seeded life in it. */
export function simulateCommand(program: Command): void {
  program
    .command('simulate <url>')
    .description('Create an OpenMRS-shaped database and play seeded, realistic life into it')
    .option('--seed <n>', 'the same seed gives the same statements', wholeNumber('--seed'))
    .option('--patients <n>', 'patients of the population', wholeNumber('--patients'))
    .option('--changes <n>', 'rows to change in the life that follows', wholeNumber('--changes'))
    .option(
      '--rate <n>',
      'changes per second; 0 is as fast as the database takes them',
      wholeNumber('--rate'),
    )
    .option('--phases <phase...>', 'only these of: schema population life')
    .option('--json', 'print the summary as JSON')
    .addHelpText('after', examples)
    .action(async (url: string, { json, ...options }: Partial<SimulateOptions> & { json?: boolean }) => {
      const bar = progressBar('simulating', { unit: 'rows' })
      const simulation = await simulate({
        ...options,
        url,
        signal: interrupted(),
        onProgress: ({ rows, total }) => bar.update(rows, total ?? rows),
      })
      bar.end()
      const { population, life } = simulation.rows
      const text = `${population.toLocaleString('en')} rows of population, ${life.toLocaleString('en')} rows of life`
      process.stdout.write(`${json ? JSON.stringify(simulation) : text}\n`)
    })
}
