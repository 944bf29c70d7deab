import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A schema as it was registered. */
export interface ServedSchema {
  schema: string
  schemaType?: string
  references?: { name: string; subject: string; version: number }[]
}

/**
 * A schema registry in this process: the part of Confluent's documented HTTP API that reads schemas, with its content type
 * and its error codes.
 */
export class RegistryServer {
  /** The paths that were asked for. */
  readonly asked: string[] = []
  /** The `Authorization` headers that came, undefined where there was none. */
  readonly authorizations: (string | undefined)[] = []
  /** Answers instead of the API when it returns a status: 401, 500, … */
  refusal: () => { status: number; body: string } | null = () => null
  readonly #server: Server
  readonly #schemas = new Map<number, ServedSchema>()
  readonly #ids = new Map<string, number>()
  readonly #versions = new Map<string, number[]>()

  private constructor() {
    this.#server = createServer((request, response) => this.#answer(request, response))
  }

  static async start(): Promise<RegistryServer> {
    const registry = new RegistryServer()
    await new Promise<void>(resolve => registry.#server.listen(0, '127.0.0.1', resolve))
    return registry
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** Registers a schema under a subject and gives its number: the same for the same schema, as a registry does. */
  register(subject: string, schema: ServedSchema): number {
    const text = JSON.stringify(schema)
    const id = this.#ids.get(text) ?? this.#ids.size + 1
    this.#ids.set(text, id)
    this.#schemas.set(id, schema)
    const versions = this.#versions.get(subject) ?? []
    if (!versions.includes(id)) this.#versions.set(subject, [...versions, id])
    return id
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise(resolve => this.#server.close(resolve))
  }

  #answer({ url = '', headers }: IncomingMessage, response: ServerResponse): void {
    this.asked.push(url)
    this.authorizations.push(headers.authorization)
    const { status, body } = this.refusal() ?? this.#find(new URL(url, this.url).pathname)
    response.writeHead(status, { 'content-type': 'application/vnd.schemaregistry.v1+json' })
    response.end(body)
  }

  #find(path: string): { status: number; body: string } {
    const [, id] = /^\/schemas\/ids\/(\d+)$/.exec(path) ?? []
    if (id !== undefined) {
      const found = this.#schemas.get(Number(id))
      if (found !== undefined) return { status: 200, body: JSON.stringify(found) }
      return { status: 404, body: JSON.stringify({ error_code: 40403, message: 'Schema not found' }) }
    }
    const [, subject, version] = /^\/subjects\/([^/]+)\/versions\/(\d+)$/.exec(path) ?? []
    const number = this.#versions.get(decodeURIComponent(subject ?? ''))?.[Number(version) - 1]
    if (number === undefined)
      return { status: 404, body: JSON.stringify({ error_code: 40401, message: 'Subject not found' }) }
    const found = { subject, version: Number(version), id: number, ...this.#schemas.get(number) }
    return { status: 200, body: JSON.stringify(found) }
  }
}
