import { createServer, type Server, type Socket } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { type Clock, systemClock } from '../../src/clock.js'
import { openKafka } from '../../src/source/kafka.js'
import { parseKafkaConfig } from '../../src/source/kafka-config.js'

const servers: { server: Server; sockets: Set<Socket> }[] = []

afterEach(async () => {
  for (const { server, sockets } of servers.splice(0)) {
    for (const socket of sockets) socket.destroy()
    await new Promise(resolve => server.close(resolve))
  }
})

/** A server that greets every connection with `answer`; returns its port. */
async function listen(answer: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>()
  const server = createServer(socket => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.once('data', () => answer(socket))
  })
  servers.push({ server, sockets })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('A TCP server has a port.')
  return address.port
}

async function closedPort(): Promise<number> {
  const port = await listen(() => {})
  const { server } = servers.pop()!
  await new Promise(resolve => server.close(resolve))
  return port
}

const tlsAlert = Buffer.from('15030300020228', 'hex')
const silence: Clock = { now: () => Date.now(), sleep: (ms, signal) => systemClock.sleep(ms / 100, signal) }

describe('opening a cluster that does not answer as one', () => {
  test('nothing listens: the address and what to check, at once', async () => {
    const port = await closedPort()
    await expect(openKafka(parseKafkaConfig(`kafka://127.0.0.1:${port}`, {}))).rejects.toMatchObject({
      code: 'broker-unreachable',
      message: `No broker answered at 127.0.0.1:${port}: nothing listens there. Check that the broker runs and that the port is right.`,
    })
  })

  test('several addresses are all tried and all named', async () => {
    const [one, two] = [await closedPort(), await closedPort()]
    const opened = openKafka(parseKafkaConfig(`kafka://127.0.0.1:${one},127.0.0.1:${two}`, {}))
    await expect(opened).rejects.toThrow(/None of the 2 addresses/)
    await expect(opened).rejects.toThrow(`No broker answered at 127.0.0.1:${two}`)
  })

  test('a host name that does not exist is said to be unknown', async () => {
    const opened = openKafka(parseKafkaConfig('kafka://no-such-host.invalid:9092', {}))
    await expect(opened).rejects.toThrow('the host name is not known')
  })

  test('a port that stays silent is given up', async () => {
    const port = await listen(() => {})
    const opened = openKafka(parseKafkaConfig(`kafka://127.0.0.1:${port}`, {}), { clock: silence })
    await expect(opened).rejects.toMatchObject({
      code: 'broker-unreachable',
      message: expect.stringContaining('it did not answer in time'),
    })
  })

  test.each([
    ['an HTTP server', Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'), '', 'found an HTTP server'],
    ['a TLS port', tlsAlert, '', 'add ssl=true'],
    ['a port that speaks no TLS', Buffer.from('no TLS here'), '?ssl=true', 'does not speak TLS'],
    ['a port that hangs up', null, '', 'the connection was closed'],
    ['a port that hangs up on TLS', null, '?ssl=true', 'Check that this is the TLS port'],
  ])('%s is told as what it is', async (_, bytes, parameters, sentence) => {
    const port = await listen(socket => (bytes === null ? socket.destroy() : socket.end(bytes)))
    const opened = openKafka(parseKafkaConfig(`kafka://127.0.0.1:${port}${parameters}`, {}))
    await expect(opened).rejects.toThrow(sentence)
  })
})
