import { type Command, Option } from 'commander'
import { findingsText } from '../display/findings.js'
import { parseAddress } from '../job/mysql-connection.js'
import { connect as openLab } from '../lab.js'
import { ConnectClient } from '../stack/connect-client.js'
import { verify } from '../stack/verify.js'
import { jsonOption } from './command.js'
import { connectOption } from './connect-option.js'
import { interrupted } from './interrupt.js'

interface VerifyOptions {
  connect: string
  source: string
  mysql?: string
  connector?: string
  json?: boolean
}

const examples = `
It changes nothing. It ends with exit code 1 when a finding is an error. The password of --mysql is read from
OBSLAB_MYSQL_PASSWORD; any user will do.

Examples:
  obslab verify
  obslab verify --mysql mysql://debezium@localhost:3306/openmrs
  obslab verify --connect http://connect:8083 --source kafka://broker:9092 --connector openmrs --json`

/** `obslab verify`: the road from the database to its topics. */
export function verifyCommand(program: Command): void {
  program
    .command('verify')
    .description('Check the road from the database to its topics: binary log, connector, topics')
    .addOption(connectOption())
    .addOption(
      new Option('-s, --source <where>', 'kafka://host:port or a client.properties file').default(
        'kafka://localhost:9092',
      ),
    )
    .option('--mysql <url>', 'the database, mysql://user@host:port/database (default: not checked)')
    .option('--connector <name>', 'only this connector (default: every Debezium connector)')
    .addOption(jsonOption())
    .addHelpText('after', examples)
    .action(async ({ connect, source, mysql, connector, json }: VerifyOptions) => {
      const password = process.env.OBSLAB_MYSQL_PASSWORD ?? ''
      const findings = await verify({
        connect: new ConnectClient(connect, { signal: interrupted() }),
        openSource: async () => (await openLab(source)).source,
        database: mysql === undefined ? null : parseAddress(mysql, password),
        connector,
      })
      const text = json ? findings.map(finding => JSON.stringify(finding)).join('\n') : findingsText(findings)
      process.stdout.write(`${text}\n`)
      if (findings.some(({ severity }) => severity === 'error')) process.exitCode = 1
    })
}
