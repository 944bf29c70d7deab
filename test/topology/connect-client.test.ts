import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { ConnectClient } from '../../src/stack/connect-client.js'

let server: Server | undefined
afterEach(() => server?.close())

/** A server that answers every request the same: for what is no Connect worker. */
async function answering(status: number, body: string): Promise<string> {
  server = createServer((_, response) => response.writeHead(status).end(body))
  await new Promise<void>(resolve => server!.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

test.each([
  [200, '<html>OpenMRS</html>'],
  [200, '{"status":"ok"}'],
  [404, 'Not Found'],
  [502, '<html>Bad Gateway</html>'],
])('an answer %i %s is told to be of something else than Connect', async (status, body) => {
  const url = await answering(status, body)
  await expect(new ConnectClient(url).info()).rejects.toMatchObject({
    code: 'connect-unreachable',
    message: `What answers at ${url} is not Kafka Connect: name the address of a Connect worker, most often port 8083.`,
  })
})

test('a worker that does not answer is told with its address and the reason', async () => {
  const url = await answering(200, '')
  await new Promise(resolve => server!.close(resolve))
  await expect(new ConnectClient(url).connectors()).rejects.toMatchObject({
    code: 'connect-unreachable',
    message: `Kafka Connect at ${url} did not answer (ECONNREFUSED): check that it runs and listens there.`,
  })
})

test('a connector that is not there is null', async () => {
  const url = await answering(404, '{"error_code":404,"message":"Connector nope not found"}')
  expect(await new ConnectClient(url).config('nope')).toBeNull()
  expect(await new ConnectClient(url).status('nope')).toBeNull()
})

test('what Connect refuses is told in its words', async () => {
  const url = await answering(500, '{"error_code":500,"message":"Request timed out"}')
  await expect(new ConnectClient(url).connectors()).rejects.toMatchObject({
    code: 'connect-refused',
    message: 'Kafka Connect refused (500): Request timed out',
  })
})

test('a worker that rebalances is asked again until the deadline', async () => {
  const url = await answering(409, '{"error_code":409,"message":"Rebalance expected"}')
  let now = 0
  const clock = {
    now: () => now,
    sleep: async (ms: number) => {
      now += ms * 40
    },
  }
  await expect(new ConnectClient(url, { clock }).putConfig('openmrs', {})).rejects.toMatchObject({
    code: 'connect-refused',
  })
  expect(now).toBeGreaterThan(60_000)
})

test('a request under way is cancelled by its signal', async () => {
  server = createServer(() => {})
  await new Promise<void>(resolve => server!.listen(0, '127.0.0.1', resolve))
  const controller = new AbortController()
  const client = new ConnectClient(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, {
    signal: controller.signal,
  })
  server.once('request', () => controller.abort())
  await expect(client.info()).rejects.toMatchObject({ code: 'cancelled' })
  server.closeAllConnections()
})

test.each([
  ['localhost:8083', 'expected http://host:port'],
  ['ftp://localhost', 'expected http://host:port'],
  ['http://me:hunter2@localhost:8083', 'holds credentials'],
])('%s is no address of Connect', (url, told) => {
  const refused = (): unknown => new ConnectClient(url)
  expect(refused).toThrow(told)
  expect(refused).not.toThrow('hunter2')
})
