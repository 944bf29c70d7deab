import type { Command } from 'commander'
import { Compose } from '../stack/compose.js'
import { jsonOption } from './command.js'
import { printServices } from './status.js'

const examples = `
Passwords are development defaults until variables say otherwise: MYSQL_ROOT_PASSWORD, OPENMRS_DB_PASSWORD,
OPENMRS_ADMIN_PASSWORD, DEBEZIUM_PASSWORD, JUPYTER_TOKEN. The first start of OpenMRS takes 10 to 30 minutes.

Examples:
  obslab up
  obslab up mysql kafka connect`

/** `obslab up`: the topology of docker-compose-mysql.yaml. */
export function upCommand(program: Command): void {
  program
    .command('up [service...]')
    .description('Start MySQL, OpenMRS, Kafka, Debezium, Portainer and JupyterLab in Docker')
    .addOption(jsonOption())
    .addHelpText('after', examples)
    .action(async (services: string[], { json }: { json?: boolean }) => {
      const compose = new Compose()
      await compose.up(services)
      printServices(await compose.status(), json)
    })
}
