import { rm } from 'node:fs/promises'
import { mysqlUsers } from './mysql.js'
import { type Stack, sharedStack } from './stack.js'

const usage = `npm run stack up       start Kafka, Connect and MySQL, or say that they run
npm run stack fresh    the same on empty data
npm run stack down     stop them; their data stays
npm run stack status   what runs, where, and the file of its log
`

const commands: Record<string, (stack: Stack) => Promise<void>> = {
  up: async stack => {
    const started = performance.now()
    await stack.up()
    status(stack)
    console.log(`ready in ${((performance.now() - started) / 1000).toFixed(1)} s`)
  },
  fresh: async stack => {
    await stack.down()
    for (const service of stack.services) await rm(service.folder, { recursive: true, force: true })
    await commands.up?.(stack)
  },
  down: async stack => {
    await stack.down()
    status(stack)
  },
  status: async stack => status(stack),
}

function status(stack: Stack): void {
  const addresses = {
    kafka: `kafka://${stack.kafka.bootstrap}`,
    connect: stack.connect.url,
    mysql: `${stack.mysql.url()} (password ${mysqlUsers.openmrs.password})`,
  } as Record<string, string>
  for (const service of stack.services) {
    const state = service.pid === null ? 'stopped' : `process ${service.pid}`
    console.log(
      `${service.name.padEnd(8)} ${state.padEnd(16)} ${addresses[service.name]}  ${service.logFile}`,
    )
  }
}

const command = commands[process.argv[2] ?? '']
if (command === undefined) {
  process.stderr.write(usage)
  process.exitCode = 2
} else {
  try {
    await command(await sharedStack())
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
    process.exitCode = 1
  }
}
