import { randomInt } from 'node:crypto'
import { createServer, type Server } from 'node:net'
import { ObslabError } from '../../src/errors.js'

/** The ports of one stack, all on 127.0.0.1. */
export interface StackPorts {
  kafka: number
  /** The broker's KRaft controller. */
  controller: number
  connect: number
  mysql: number
}

/** The variable that overrides each port of `npm run stack up`, and the port without it. */
export const portVariables: Record<keyof StackPorts, { variable: string; port: number }> = {
  kafka: { variable: 'OBSLAB_KAFKA_PORT', port: 9092 },
  controller: { variable: 'OBSLAB_CONTROLLER_PORT', port: 9093 },
  connect: { variable: 'OBSLAB_CONNECT_PORT', port: 8083 },
  mysql: { variable: 'OBSLAB_MYSQL_PORT', port: 3306 },
}

/** The well-known ports, each overridden by its variable of {@link portVariables}. */
export function portsFromEnvironment(environment: NodeJS.ProcessEnv = process.env): StackPorts {
  const port = (name: keyof StackPorts): number => {
    const { variable, port } = portVariables[name]
    const text = environment[variable]
    if (text === undefined) return port
    const value = Number(text)
    if (Number.isInteger(value) && value > 0 && value < 65_536) return value
    throw new ObslabError('option-invalid', `${variable} must be a port from 1 to 65535, found '${text}'.`)
  }
  return {
    kafka: port('kafka'),
    controller: port('controller'),
    connect: port('connect'),
    mysql: port('mysql'),
  }
}

/**
 * Four ports that nothing listens on now, for a stack of its own. They lie below the range that systems take client
 * ports from: in it, a client that keeps dialling a dead service's port may in the end connect to itself and hold it.
 */
export async function freePorts(): Promise<StackPorts> {
  const servers: Server[] = []
  while (servers.length < 4) {
    const server = await listen(randomInt(20_000, 32_000)).catch(() => undefined)
    if (server !== undefined) servers.push(server)
  }
  const [kafka, controller, connect, mysql] = servers.map(portOf)
  await Promise.all(servers.map(close))
  return { kafka: kafka!, controller: controller!, connect: connect!, mysql: mysql! }
}

/** Rejects with `port-in-use`, naming the port and the variable that chooses another, when `port` is taken. */
export async function ensurePortFree(name: keyof StackPorts, port: number): Promise<void> {
  const server = await listen(port).catch((cause: unknown) => {
    throw new ObslabError(
      'port-in-use',
      `Port ${port} for ${name} is taken by another process: stop that, or choose another port with ` +
        `${portVariables[name].variable}=${port + 10_000 > 65_535 ? port - 10_000 : port + 10_000}.`,
      { cause },
    )
  })
  await close(server)
}

function listen(port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => resolve(server))
  })
}

function close(server: Server): Promise<void> {
  return new Promise(resolve => server.close(() => resolve()))
}

function portOf(server: Server): number {
  const address = server.address()
  if (address === null || typeof address === 'string')
    throw new Error('A TCP server has an address with a port.')
  return address.port
}
