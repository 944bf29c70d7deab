import { type Command, Option } from 'commander'
import { ConnectClient } from '../stack/connect-client.js'
import { readRegistration, register, registrationFile } from '../stack/register.js'
import { jsonOption, wholeNumber } from './command.js'
import { connectOption } from './connect-option.js'
import { interrupted } from './interrupt.js'

interface RegisterOptions {
  connect: string
  file: string
  wait?: boolean
  timeout: number
  json?: boolean
}

const examples = `
Write a password as \${env:DEBEZIUM_PASSWORD}: Connect then reads it from its own environment and never tells it.

Examples:
  obslab register --wait
  obslab register --connect http://connect:8083 --file my-connector.json --wait --timeout 120`

/** `obslab register`: a connector for Kafka Connect. */
export function registerCommand(program: Command): void {
  program
    .command('register')
    .description('Register a Debezium connector, or change the one that is there')
    .addOption(connectOption())
    .addOption(
      new Option('--file <file>', 'its name and configuration as JSON').default(
        registrationFile,
        'the connector for obslab up',
      ),
    )
    .option('--wait', 'wait until the connector and its task run')
    .option('--timeout <seconds>', 'how long to wait at most', wholeNumber('--timeout'), 60)
    .addOption(jsonOption())
    .addHelpText('after', examples)
    .action(async ({ connect, file, wait = false, timeout, json }: RegisterOptions) => {
      const signal = interrupted()
      const registration = await readRegistration(file)
      const client = new ConnectClient(connect, { signal })
      const done = await register(client, registration, { wait, timeout: timeout * 1000, signal })
      const { name } = registration
      const text = `The connector '${name}' was ${done} at ${client.url}${wait ? ', and its task runs' : ''}.`
      process.stdout.write(`${json ? JSON.stringify({ name, done, running: wait || null }) : text}\n`)
    })
}
