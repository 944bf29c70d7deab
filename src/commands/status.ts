import type { Command } from 'commander'
import { Frame } from '../frame/frame.js'
import { Compose, type ServiceState } from '../stack/compose.js'
import { jsonOption } from './command.js'

/** `obslab status`: how the services of the topology are. */
export function statusCommand(program: Command): void {
  program
    .command('status')
    .description('Tell how each service of obslab up is, and where it answers')
    .addOption(jsonOption())
    .addHelpText('after', '\nExamples:\n  obslab status\n  obslab status --json')
    .action(async ({ json }: { json?: boolean }) => printServices(await new Compose().status(), json))
}

/** Prints services as a table, or as JSON lines. */
export function printServices(services: readonly ServiceState[], json: boolean | undefined): void {
  const frame = Frame.from(services.map(state => ({ ...state })))
  process.stdout.write(json ? frame.jsonLines() : `${frame.text({ limit: frame.length })}\n`)
}
