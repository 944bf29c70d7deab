import { z } from 'zod'
import { type Clock, systemClock } from '../clock.js'
import { ObslabError } from '../errors.js'
import { jsonOf } from './json.js'

/** The state that Kafka Connect tells of a connector or a task. */
export interface PartStatus {
  /** `RUNNING`, `FAILED`, `PAUSED`, `STOPPED`, `UNASSIGNED` or `RESTARTING`. */
  state: string
  /** The Java stack trace of a failure. It may quote what the connector was configured with. */
  trace?: string | undefined
}

/** What Kafka Connect tells of a connector and its tasks. */
export interface ConnectorStatus {
  name: string
  connector: PartStatus
  tasks: readonly PartStatus[]
}

const partSchema = z.object({ state: z.string(), trace: z.string().optional() })
const statusSchema = z.object({ name: z.string(), connector: partSchema, tasks: z.array(partSchema) })
const infoSchema = z.object({ version: z.string(), kafka_cluster_id: z.string().optional() })
const namesSchema = z.array(z.string())
const configSchema = z.record(z.string(), z.string().nullable())
const errorSchema = z.object({ message: z.string() })

/** How long a worker may take for one answer: validating a connector logs in to its database. */
const answerTimeout = 60_000
/** How long a worker that rebalances is asked again. */
const rebalanceTimeout = 60_000

/**
 * Kafka Connect's REST interface, as far as obslab uses it. A worker that does not answer is `connect-unreachable`; one
 * that says no is `connect-refused`, in its own words.
 */
export class ConnectClient {
  /** `http://host:port`, without credentials. */
  readonly url: string
  readonly #clock: Clock
  readonly #signal: AbortSignal | undefined

  /** `url` is `http://host:port` or `https://…` of any worker of the cluster. */
  constructor(url: string, { clock = systemClock, signal }: { clock?: Clock; signal?: AbortSignal } = {}) {
    this.url = parseConnectUrl(url)
    this.#clock = clock
    this.#signal = signal
  }

  /** The worker's version of Kafka, and the id of its cluster. */
  async info(): Promise<{ version: string; cluster: string | null }> {
    const { version, kafka_cluster_id } = await this.#get('/', infoSchema)
    return { version, cluster: kafka_cluster_id ?? null }
  }

  /** The names of all connectors, in order. */
  async connectors(): Promise<string[]> {
    return (await this.#get('/connectors', namesSchema)).sort()
  }

  /** The configuration that a connector was registered with, or null when there is no such connector. */
  async config(name: string): Promise<Record<string, string> | null> {
    const config = await this.#find(`/connectors/${encodeURIComponent(name)}/config`, configSchema)
    if (config === null) return null
    return Object.fromEntries(
      Object.entries(config).flatMap(([key, value]) => (value === null ? [] : [[key, value]])),
    )
  }

  /** The state of a connector and of its tasks; null when there is none, or none known yet. */
  status(name: string): Promise<ConnectorStatus | null> {
    return this.#find(`/connectors/${encodeURIComponent(name)}/status`, statusSchema)
  }

  /** Creates a connector, or gives an existing one this configuration; says which it was. */
  async putConfig(name: string, config: Readonly<Record<string, string>>): Promise<'created' | 'updated'> {
    const path = `/connectors/${encodeURIComponent(name)}/config`
    const deadline = this.#clock.now() + rebalanceTimeout
    for (;;) {
      const response = await this.#request(path, { method: 'PUT', body: JSON.stringify(config) })
      if (response.status === 201) return 'created'
      if (response.ok) return 'updated'
      if (response.status !== 409 || this.#clock.now() > deadline) throw this.#refusal(response)
      await this.#clock.sleep(250, this.#signal)
    }
  }

  async #get<T>(path: string, schema: z.ZodType<T>): Promise<T> {
    const found = await this.#find(path, schema)
    if (found === null) throw this.#notConnect()
    return found
  }

  async #find<T>(path: string, schema: z.ZodType<T>): Promise<T | null> {
    const response = await this.#request(path)
    if (response.status === 404 && errorSchema.safeParse(response.body).success) return null
    if (!response.ok) throw this.#refusal(response)
    const parsed = schema.safeParse(response.body)
    if (!parsed.success) throw this.#notConnect()
    return parsed.data
  }

  async #request(path: string, init: RequestInit = {}): Promise<Answer> {
    const timeout = AbortSignal.timeout(answerTimeout)
    const signal = this.#signal === undefined ? timeout : AbortSignal.any([timeout, this.#signal])
    try {
      const headers = { accept: 'application/json', 'content-type': 'application/json' }
      const response = await fetch(this.url + path, { ...init, headers, signal })
      const text = await response.text()
      return { ok: response.ok, status: response.status, body: jsonOf(text) }
    } catch (cause) {
      if (this.#signal?.aborted)
        throw new ObslabError('cancelled', 'Asking Kafka Connect was cancelled.', { cause })
      throw new ObslabError(
        'connect-unreachable',
        `Kafka Connect at ${this.url} did not answer (${reasonOf(cause)}): check that it runs and listens there.`,
        { cause },
      )
    }
  }

  #refusal({ status, body }: Answer): ObslabError {
    const parsed = errorSchema.safeParse(body)
    if (!parsed.success) return this.#notConnect()
    return new ObslabError('connect-refused', `Kafka Connect refused (${status}): ${parsed.data.message}`)
  }

  #notConnect(): ObslabError {
    return new ObslabError(
      'connect-unreachable',
      `What answers at ${this.url} is not Kafka Connect: name the address of a Connect worker, most often port 8083.`,
    )
  }
}

interface Answer {
  ok: boolean
  status: number
  body: unknown
}

function parseConnectUrl(url: string): string {
  const parsed = URL.canParse(url) ? new URL(url) : null
  if (parsed === null || !/^https?:$/.test(parsed.protocol))
    throw new ObslabError('option-invalid', 'Not the address of Kafka Connect: expected http://host:port.')
  if (parsed.username !== '' || parsed.password !== '')
    throw new ObslabError(
      'option-invalid',
      'The address of Kafka Connect holds credentials, which obslab does not send: expected http://host:port.',
    )
  return (parsed.origin + parsed.pathname).replace(/\/+$/, '')
}

/** `fetch failed` says nothing; its cause has the system's code. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown error'
  if (error.name === 'TimeoutError') return `no answer within ${answerTimeout / 1000} s`
  const { cause } = error
  if (cause instanceof Error) return 'code' in cause ? String(cause.code) : cause.message
  return error.message
}
