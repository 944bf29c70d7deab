import type { Command } from 'commander'
import { Compose } from '../stack/compose.js'
import { jsonOption } from './command.js'
import { printServices } from './status.js'

/** `obslab down`: stops what `obslab up` started. */
export function downCommand(program: Command): void {
  program
    .command('down')
    .description('Stop what obslab up started; the data stays')
    .option('--volumes', 'remove the data as well')
    .addOption(jsonOption())
    .addHelpText('after', '\nExamples:\n  obslab down\n  obslab down --volumes')
    .action(async ({ volumes, json }: { volumes?: boolean; json?: boolean }) => {
      const compose = new Compose()
      await compose.down({ volumes: volumes ?? false })
      printServices(await compose.status(), json)
    })
}
