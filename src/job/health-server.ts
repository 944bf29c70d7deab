import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { ObslabError } from '../errors.js'
import type { JobHealth } from './health.js'
import type { JobMetrics } from './metrics.js'

/** What {@link openHealthServer} takes. */
export interface HealthServerOptions {
  /** Where it listens, on all interfaces; 0 takes a free one. */
  port: number
  health: JobHealth
  metrics: Pick<JobMetrics, 'text' | 'contentType'>
}

/** A server of a job's metrics and health. */
export interface HealthServer {
  readonly port: number
  /** Stops listening, without waiting for connections that are kept alive. Safe to call twice. */
  close(): Promise<void>
}

/**
 * Serves `/metrics` for Prometheus; `/healthz`, 200 while the job lives and 503 when it is stuck; `/readyz`, 200 only while
 * it follows its inputs; 404 else. Counts, names and positions only. A port that is taken is a `port-in-use` error.
 */
export async function openHealthServer(options: HealthServerOptions): Promise<HealthServer> {
  const server = createServer((request, response) => {
    answer(request, options).then(
      answered => send(response, request, answered),
      () =>
        send(response, request, { status: 500, type: 'text/plain', body: 'The metrics cannot be told.\n' }),
    )
  })
  await listen(server, options.port)
  // A scrape is no reason for the process to live on.
  server.unref()
  let closed: Promise<void> | null = null
  return {
    port: (server.address() as AddressInfo).port,
    close: () => {
      closed ??= new Promise(resolve => {
        server.close(() => resolve())
        server.closeAllConnections()
      })
      return closed
    },
  }
}

interface Answer {
  status: number
  type: string
  body: string
}

async function answer(
  { url = '/', method }: IncomingMessage,
  { health, metrics }: HealthServerOptions,
): Promise<Answer> {
  if (method !== 'GET' && method !== 'HEAD') return json(405, { status: 'only GET and HEAD' })
  switch (url.split('?')[0]) {
    case '/metrics':
      return { status: 200, type: metrics.contentType, body: await metrics.text() }
    case '/healthz': {
      const { live, stage, stuckMs } = health.report()
      return json(live ? 200 : 503, { status: live ? 'ok' : 'stuck', stage, stuckMs })
    }
    case '/readyz': {
      const { ready, stage } = health.report()
      return json(ready ? 200 : 503, { status: ready ? 'ready' : 'not ready', stage })
    }
    default:
      return json(404, { status: 'there are /metrics, /healthz and /readyz' })
  }
}

function json(status: number, body: object): Answer {
  return { status, type: 'application/json; charset=utf-8', body: `${JSON.stringify(body)}\n` }
}

function send(response: ServerResponse, { method }: IncomingMessage, { status, type, body }: Answer): void {
  response.writeHead(status, {
    'content-type': type,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
  })
  response.end(method === 'HEAD' ? undefined : body)
}

async function listen(server: Server, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => reject(listenFailure(cause, port)))
    server.listen(port, resolve)
  })
}

function listenFailure(cause: NodeJS.ErrnoException, port: number): unknown {
  if (cause.code === 'EADDRINUSE') {
    return new ObslabError(
      'port-in-use',
      `Port ${port} is taken by another process. Give metrics and health another one by --port or OBSLAB_PORT, 0 for any free one, or leave it out.`,
      { cause },
    )
  }
  if (cause.code === 'EACCES') {
    return new ObslabError(
      'option-invalid',
      `This user may not listen on port ${port}: give metrics and health one from 1024 up by --port or OBSLAB_PORT.`,
      { cause },
    )
  }
  return cause
}
