import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { jobHealth } from '../../src/job/health.js'
import { type HealthServer, openHealthServer } from '../../src/job/health-server.js'
import { jobMetrics } from '../../src/job/metrics.js'
import { FakeClock } from '../fake-clock.js'

async function serve(
  use: (server: HealthServer, at: typeof fetch, parts: Parts) => Promise<void>,
): Promise<void> {
  const clock = new FakeClock()
  const health = jobHealth({ clock, stuckAfter: 1_000 })
  const metrics = await jobMetrics({ clock, process: false })
  const server = await openHealthServer({ port: 0, health, metrics })
  try {
    const at: typeof fetch = (path, init) => fetch(`http://127.0.0.1:${server.port}${path}`, init)
    await use(server, at, { health, clock })
  } finally {
    await server.close()
  }
}

interface Parts {
  health: ReturnType<typeof jobHealth>
  clock: FakeClock
}

const waiting = {
  topic: 'obs',
  partition: 0,
  records: 1,
  changes: 1,
  redelivered: 0,
  quarantined: 0,
  next: 1,
}

test('readiness and health are told by status', async () => {
  await serve(async (_, at, { health, clock }) => {
    const statuses = async (): Promise<number[]> => [
      (await at('/healthz')).status,
      (await at('/readyz')).status,
    ]
    expect(await statuses()).toEqual([200, 503])
    health.stage?.('following')
    expect(await statuses()).toEqual([200, 200])
    health.read?.({ ...waiting, times: null })
    clock.time += 2_000
    expect(await statuses()).toEqual([503, 200])
    const stuck = await at('/healthz')
    expect(await stuck.json()).toEqual({ status: 'stuck', stage: 'following', stuckMs: 2_000 })
    expect(await (await at('/readyz')).json()).toEqual({ status: 'ready', stage: 'following' })
  })
})

test('metrics are served as Prometheus expects them', async () => {
  await serve(async (_, at) => {
    const response = await at('/metrics?name=x')
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
    expect(await response.text()).toContain('\nobslab_stage{stage="starting"} 1\n')
  })
})

test('HEAD is answered without a body, anything else is 404 or 405', async () => {
  await serve(async (_, at) => {
    const head = await at('/metrics', { method: 'HEAD' })
    expect([head.status, await head.text()]).toEqual([200, ''])
    expect((await at('/')).status).toBe(404)
    expect((await at('/metrics/more')).status).toBe(404)
    expect((await at('/healthz', { method: 'POST' })).status).toBe(405)
  })
})

test('closing does not wait for connections that are kept alive, and can be done twice', async () => {
  await serve(async (server, at) => {
    await at('/healthz', { headers: { connection: 'keep-alive' } })
    await server.close()
    await server.close()
    await expect(at('/healthz')).rejects.toThrow()
  })
})

test('a port that is taken is told with what to do', async () => {
  const taken = createServer()
  await new Promise<void>(resolve => taken.listen(0, resolve))
  const { port } = taken.address() as AddressInfo
  const metrics = await jobMetrics({ process: false })
  try {
    await expect(openHealthServer({ port, health: jobHealth(), metrics })).rejects.toMatchObject({
      code: 'port-in-use',
      message: expect.stringContaining(
        `Port ${port} is taken by another process. Give metrics and health another`,
      ),
    })
  } finally {
    taken.close()
  }
})
