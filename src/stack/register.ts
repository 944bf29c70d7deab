import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { type Clock, systemClock } from '../clock.js'
import { ObslabError } from '../errors.js'
import type { ConnectClient, ConnectorStatus } from './connect-client.js'
import { type ConnectorConfig, explain } from './connector-failure.js'
import { jsonOf } from './json.js'

/** The registration that obslab comes with, for the topology of docker-compose-mysql.yaml. */
export const registrationFile: string = fileURLToPath(new URL('../../register-mysql.json', import.meta.url))

/** A connector's name and configuration, as Connect's `POST /connectors` takes them. */
export interface Registration {
  name: string
  config: ConnectorConfig
}

/** What {@link register} takes besides the registration. */
export interface RegisterOptions {
  /** Whether to wait until the connector and its task run. Default false: Connect's word that it took it is enough. */
  wait?: boolean
  /** How long to wait at most, in milliseconds. Default 60,000. */
  timeout?: number
  /** Stops waiting; the promise rejects with `cancelled`. */
  signal?: AbortSignal
  clock?: Clock
}

const registrationSchema = z.object({
  name: z.string().min(1),
  config: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]).transform(String)),
})

/** A task that starts is RUNNING before it has reached its database: it counts once it ran for this long. */
const settled = 2000

/** Reads a registration file; one that is missing or of another form is an `option-invalid` error. */
export async function readRegistration(file: string): Promise<Registration> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new ObslabError(
      'option-invalid',
      `The registration ${file} cannot be read: name another with --file.`,
      {
        cause,
      },
    )
  })
  const parsed = registrationSchema.safeParse(jsonOf(text))
  if (parsed.success) return parsed.data
  throw new ObslabError(
    'option-invalid',
    `The registration ${file} must be JSON of the form {"name": "…", "config": {"connector.class": "…", …}}.`,
  )
}

/**
 * Registers a connector with Kafka Connect, or gives an existing one this configuration, and waits if asked to until it
 * runs. A refused configuration and a failed task are a `connector-failed` error that says why in one sentence.
 */
export async function register(
  connect: ConnectClient,
  { name, config }: Registration,
  options: RegisterOptions = {},
): Promise<'created' | 'updated'> {
  const done = await connect.putConfig(name, config).catch((error: unknown) => {
    if (!(error instanceof ObslabError) || error.code !== 'connect-refused') throw error
    const said = error.message.replace(/^Kafka Connect refused \(\d+\): /, '')
    throw new ObslabError(
      'connector-failed',
      `Connect refused the connector '${name}': ${explain(said, config)}`,
    )
  })
  if (options.wait) await waitUntilRunning(connect, { name, config }, options)
  return done
}

async function waitUntilRunning(
  connect: ConnectClient,
  { name, config }: Registration,
  { timeout = 60_000, signal, clock = systemClock }: RegisterOptions,
): Promise<void> {
  const deadline = clock.now() + timeout
  let since: number | null = null
  for (;;) {
    const status = await connect.status(name)
    const failure = failureOf(status, config)
    if (failure !== null)
      throw new ObslabError('connector-failed', `The connector '${name}' failed: ${failure}`)
    since = isRunning(status) ? (since ?? clock.now()) : null
    if (since !== null && clock.now() - since >= settled) return
    if (clock.now() > deadline) {
      const states = status === null ? 'unknown' : statesOf(status)
      throw new ObslabError(
        'connector-failed',
        `The connector '${name}' does not run after ${timeout / 1000} s (${states}): look into the worker's log.`,
      )
    }
    await clock.sleep(200, signal).catch((cause: unknown) => {
      throw new ObslabError('cancelled', `Waiting for the connector '${name}' was cancelled.`, { cause })
    })
  }
}

/** Whether the connector and at least one task, and no task less, run. */
export function isRunning(status: ConnectorStatus | null): boolean {
  if (status === null || status.tasks.length === 0) return false
  return [status.connector, ...status.tasks].every(({ state }) => state === 'RUNNING')
}

/** Why a connector or its task failed, in one sentence; null when neither did. */
export function failureOf(status: ConnectorStatus | null, config: ConnectorConfig): string | null {
  const failed = [status?.connector, ...(status?.tasks ?? [])].find(part => part?.state === 'FAILED')
  return failed === undefined ? null : explain(failed.trace ?? 'no reason given', config)
}

/** `connector RUNNING, tasks UNASSIGNED`, for a sentence. */
export function statesOf({ connector, tasks }: ConnectorStatus): string {
  const states = tasks.map(({ state }) => state).join(', ')
  return `connector ${connector.state}, ${states === '' ? 'no task' : `tasks ${states}`}`
}
