import { z } from 'zod'
import { type Clock, systemClock } from '../clock.js'
import { ObslabError } from '../errors.js'
import { printAs } from '../inspect.js'
import type { LogRecord } from '../log/record-batch.js'
import type { Credentials, RegistrySettings } from './kafka-options.js'

/** A schema as a registry keeps it. */
export interface RegisteredSchema {
  /** `AVRO`, `PROTOBUF` or `JSON`. */
  readonly type: string
  /** Its text. */
  readonly schema: string
  /** The texts of the schemas it refers to by name, each after those that it refers to itself. */
  readonly references: readonly string[]
}

/** Where the schemas are that records name by their number. */
export interface SchemaRegistry {
  /** How messages name it, without credentials. */
  readonly name: string

  /** The schema of a number, null when there is none. It is fetched once, however often and at once it is asked for. */
  schema(id: number): Promise<RegisteredSchema | null>
}

/**
 * The number of the schema that a key or value was written with in Confluent's wire format: a zero byte, four bytes of
 * number, then the data. Null for bytes of another form.
 */
export function schemaIdOf(bytes: Uint8Array | null): number | null {
  if (bytes === null || bytes.length < 5 || bytes[0] !== 0) return null
  const id = (bytes[1]! << 24) | (bytes[2]! << 16) | (bytes[3]! << 8) | bytes[4]!
  return id > 0 ? id : null
}

/**
 * The numbers of the schemas that a record was written with: those of its key, of its value, and of the keys that Debezium
 * writes into headers when a row's key changes.
 */
export function schemaIdsOf({ key, value, headers }: Pick<LogRecord, 'key' | 'value' | 'headers'>): number[] {
  const linked = headers.filter(header => header.key.startsWith('__debezium.')).map(header => header.value)
  return [key, value, ...linked].map(schemaIdOf).filter(id => id !== null)
}

/** How long a registry may take for one answer. */
const answerTimeout = 10_000
const attempts = 3
const pause = 200

const reference = z.object({ subject: z.string(), version: z.int() })
const registered = z.object({
  schema: z.string(),
  schemaType: z.string().default('AVRO'),
  references: z
    .array(reference)
    .nullish()
    .transform(found => found ?? []),
})
const errorSchema = z.object({ error_code: z.int() })

type Registered = z.output<typeof registered>

/**
 * A schema registry that speaks Confluent's HTTP API: Confluent's own, Karapace, Redpanda's, or Apicurio's under
 * `/apis/ccompat/v7`. What was asked for once is kept. One that does not answer is `registry-unreachable`, one that asks
 * for a login or refuses it `registry-refused`.
 */
export class HttpRegistry implements SchemaRegistry {
  readonly name: string
  readonly #urls: readonly string[]
  readonly #credentials: Credentials | undefined
  readonly #clock: Clock
  readonly #schemas = new Map<number, Promise<RegisteredSchema | null>>()

  constructor({ urls, credentials }: RegistrySettings, clock: Clock = systemClock) {
    this.name = urls.join(',')
    this.#urls = urls
    this.#credentials = credentials
    this.#clock = clock
  }

  schema(id: number): Promise<RegisteredSchema | null> {
    const known = this.#schemas.get(id)
    if (known !== undefined) return known
    const asked = this.#fetch(id)
    this.#schemas.set(id, asked)
    asked.catch(() => this.#schemas.delete(id))
    return asked
  }

  async #fetch(id: number): Promise<RegisteredSchema | null> {
    const found = await this.#get(`/schemas/ids/${id}`)
    if (found === null) return null
    const references = new Map<string, string>()
    await this.#follow(found, references, new Set())
    return { type: found.schemaType, schema: found.schema, references: [...references.values()] }
  }

  async #follow({ references }: Registered, texts: Map<string, string>, seen: Set<string>): Promise<void> {
    for (const { subject, version } of references) {
      const path = `/subjects/${encodeURIComponent(subject)}/versions/${version}`
      if (seen.has(path)) continue
      seen.add(path)
      // A subject may be deleted while schemas still refer to it.
      const found = await this.#get(`${path}?deleted=true`)
      if (found === null) continue
      await this.#follow(found, texts, seen)
      texts.set(path, found.schema)
    }
  }

  /** What the registry says, asked again when it is busy or another of its addresses may answer. */
  async #get(path: string): Promise<Registered | null> {
    let failure: unknown
    for (let attempt = 0; attempt < attempts; attempt++) {
      if (attempt > 0) await this.#clock.sleep(pause * attempt)
      for (const url of this.#urls) {
        try {
          const response = await this.#request(url + path)
          if (response.status < 500 && response.status !== 429) return readAnswer(url, response)
          failure = new Error(`it answered ${response.status}`)
        } catch (error) {
          if (error instanceof ObslabError) throw error
          failure = error
        }
      }
    }
    throw new ObslabError(
      'registry-unreachable',
      `The schema registry at ${this.name} did not answer (${reasonOf(failure)}): check that it runs and listens there.`,
      { cause: failure },
    )
  }

  async #request(url: string): Promise<Answer> {
    const headers: Record<string, string> = {
      accept: 'application/vnd.schemaregistry.v1+json, application/json',
    }
    if (this.#credentials !== undefined) {
      const { username, password } = this.#credentials
      headers.authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
    }
    const response = await fetch(url, { headers, signal: AbortSignal.timeout(answerTimeout) })
    return { status: response.status, text: await response.text() }
  }
}
printAs(HttpRegistry, registry => `HttpRegistry(${registry.name})`)

interface Answer {
  status: number
  text: string
}

function readAnswer(url: string, { status, text }: Answer): Registered | null {
  if (status === 401 || status === 403) {
    throw new ObslabError(
      'registry-refused',
      `The schema registry at ${url} refused (${status}): set OBSLAB_REGISTRY_USERNAME and OBSLAB_REGISTRY_PASSWORD to ` +
        'a user that may read its schemas, or basic.auth.user.info in client.properties.',
    )
  }
  const body = jsonOf(text)
  const found = registered.safeParse(body)
  if (status === 200 && found.success) return found.data
  if (status === 404 && errorSchema.safeParse(body).success) return null
  throw new ObslabError(
    'registry-unreachable',
    `What answers at ${url} is not a schema registry (${status}): expected Confluent's API there, most often on port ` +
      '8081; Apicurio has it under /apis/ccompat/v7.',
  )
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** `fetch failed` says nothing; its cause has the system's code. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown error'
  if (error.name === 'TimeoutError') return `no answer within ${answerTimeout / 1000} s`
  const { cause } = error
  if (cause instanceof Error && 'code' in cause) return String(cause.code)
  return error.message
}
