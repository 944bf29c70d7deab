import { createRequire } from 'node:module'
import net from 'node:net'
import tls from 'node:tls'
import type { KafkaConfig as ClientOptions, ISocketFactory, ISocketFactoryArgs, Kafka } from 'kafkajs'
import type { Clock } from '../clock.js'
import { ObslabError } from '../errors.js'
import type { KafkaConfig } from './kafka-config.js'
import { connectFailure, requestFailure, type Sniffed } from './kafka-failure.js'
import type { BrokerAddress } from './kafka-options.js'
import type { RawRequest } from './protocol.js'

const clientVersion = '2.2.4'

interface InternalRequest {
  request: { apiKey: number; apiVersion: number; apiName: string; encode(): Promise<InternalEncoder> }
  response: { decode(payload: Buffer): Promise<unknown>; parse(decoded: unknown): Promise<unknown> }
}

/** What kafkajs takes for one of its encoders. */
interface InternalEncoder {
  buf: Buffer
  buffer: Buffer
}

interface InternalQueue {
  pending: readonly unknown[]
  throttledUntil: number
  scheduleCheckPendingRequests(): void
}

interface InternalPool {
  pool: readonly { requestQueue: InternalQueue }[]
  send(request: InternalRequest): Promise<unknown>
}

interface InternalBroker {
  versions: Record<number, { minVersion: number; maxVersion: number } | undefined> | null
  connect(): Promise<void>
}

interface InternalCluster {
  rootLogger: unknown
  connectionPoolBuilder: { build(address: BrokerAddress): Promise<InternalPool> }
  brokerPool: { createBroker(options: { connectionPool: InternalPool; logger: unknown }): InternalBroker }
}

/** A connection of kafkajs before it is opened. */
export interface ClientInternals {
  pool: InternalPool
  broker: InternalBroker
}

/**
 * Takes the parts of kafkajs that raw fetching needs out of its private cluster object, after checking that they are
 * there. kafkajs is a dependency pinned to the exact version, so a failure is an installation that replaced it: a
 * `package-mismatch` error. Reading through `eachBatch` instead would join a consumer group, which a source never does.
 */
export async function clientInternals(
  kafka: object,
  version: string,
  address: BrokerAddress,
): Promise<ClientInternals> {
  if (version !== clientVersion) throw mismatch(`version ${version}`)
  const symbol = Object.getOwnPropertySymbols(kafka).find(
    s => s.description === 'private:Kafka:createCluster',
  )
  if (symbol === undefined) throw mismatch(`${version} without createCluster`)
  const createCluster: unknown = Reflect.get(kafka, symbol)
  if (typeof createCluster !== 'function') throw mismatch(`${version} without createCluster`)
  const cluster: unknown = createCluster({ allowAutoTopicCreation: false })
  if (!isCluster(cluster)) throw mismatch(`${version} with another Cluster`)
  const pool: unknown = await cluster.connectionPoolBuilder.build(address)
  if (!isPool(pool)) throw mismatch(`${version} with another ConnectionPool`)
  const broker: unknown = cluster.brokerPool.createBroker({
    connectionPool: pool,
    logger: cluster.rootLogger,
  })
  if (!isBroker(broker)) throw mismatch(`${version} with another Broker`)
  return { pool, broker }
}

function mismatch(found: string): ObslabError {
  return new ObslabError(
    'package-mismatch',
    `obslab reads Kafka through kafkajs ${clientVersion} exactly, found ${found}. Remove what replaces it (an override in package.json, a bundler's alias) and install again.`,
  )
}

function has<K extends string>(value: unknown, ...names: K[]): value is Record<K, unknown> {
  return typeof value === 'object' && value !== null && names.every(name => name in value)
}

function hasMethod<K extends string>(value: unknown, name: K): value is Record<K, () => unknown> {
  return has(value, name) && typeof value[name] === 'function'
}

function isCluster(value: unknown): value is InternalCluster {
  return (
    has(value, 'rootLogger', 'connectionPoolBuilder', 'brokerPool') &&
    hasMethod(value.connectionPoolBuilder, 'build') &&
    hasMethod(value.brokerPool, 'createBroker')
  )
}

function isPool(value: unknown): value is InternalPool {
  if (!hasMethod(value, 'send') || !has(value, 'pool') || !Array.isArray(value.pool)) return false
  return value.pool.every(
    connection =>
      has(connection, 'requestQueue') &&
      hasMethod(connection.requestQueue, 'scheduleCheckPendingRequests') &&
      has(connection.requestQueue, 'pending', 'throttledUntil'),
  )
}

function isBroker(value: unknown): value is InternalBroker {
  return hasMethod(value, 'connect') && has(value, 'versions')
}

/** How long a connection waits, and whose time it reads. */
export interface RawConnectionOptions {
  clock: Clock
  /** Milliseconds until a connection that is not ready (TLS and SASL included) is given up. */
  connectTimeout: number
}

/** Milliseconds a broker may take to answer a request. */
const requestTimeout = 30_000

/**
 * One broker's connections, made and authenticated by kafkajs, over which requests of our own are sent. It keeps the
 * process alive only while a request is under way.
 */
export class RawConnection {
  readonly address: BrokerAddress
  readonly #clock: Clock
  readonly #sockets: Sockets
  readonly #internals: ClientInternals
  #underWay = 0
  #closed = false

  private constructor(address: BrokerAddress, clock: Clock, sockets: Sockets, internals: ClientInternals) {
    this.address = address
    this.#clock = clock
    this.#sockets = sockets
    this.#internals = internals
  }

  /** Connects to one broker, or rejects with `broker-unreachable` or `broker-refused`. */
  static async open(
    config: KafkaConfig,
    address: BrokerAddress,
    { clock, connectTimeout }: RawConnectionOptions,
  ): Promise<RawConnection> {
    const sockets = new Sockets()
    const options = await config.clientOptions()
    const kafka = await createClient(options, connectTimeout, sockets)
    const internals = await clientInternals(kafka, installedVersion(), address)
    for (const { requestQueue } of internals.pool.pool) keepTimersPositive(requestQueue)
    const connection = new RawConnection(address, clock, sockets, internals)
    try {
      await connection.#within(connectTimeout, internals.broker.connect())
    } catch (error) {
      connection.close()
      throw connectFailure(error, { address, config, sniffed: sockets.sniffed })
    }
    return connection
  }

  /** Whether it was closed, by us or after a failed request. */
  get closed(): boolean {
    return this.#closed
  }

  /**
   * Sends a request and decodes its response. A connection that breaks or does not answer within 30 s closes this
   * and rejects with `broker-unreachable`; a broker that does not know the request, with `broker-refused`.
   */
  async send<T>(request: RawRequest<T>): Promise<T> {
    this.#checkVersion(request)
    const { apiKey, apiVersion, apiName, body } = request
    let answer: { value: T } | undefined
    const sent = this.#internals.pool.send({
      request: { apiKey, apiVersion, apiName, encode: async () => ({ buf: body, buffer: body }) },
      response: {
        decode: async payload => {
          answer = { value: request.decode(payload) }
          return {}
        },
        parse: async decoded => decoded,
      },
    })
    try {
      await this.#within(requestTimeout, sent)
    } catch (error) {
      this.close()
      throw requestFailure(error, { address: this.address, apiName })
    }
    if (answer === undefined) throw mismatch(`${clientVersion} that does not decode responses`)
    return answer.value
  }

  /** Destroys the sockets at once; requests under way reject. */
  close(): void {
    this.#closed = true
    this.#sockets.destroy()
  }

  #checkVersion({ apiKey, apiVersion, apiName }: RawRequest<unknown>): void {
    const supported = this.#internals.broker.versions?.[apiKey]
    if (supported && supported.minVersion <= apiVersion && supported.maxVersion >= apiVersion) return
    const found = supported ? `versions ${supported.minVersion} to ${supported.maxVersion}` : 'none'
    throw new ObslabError(
      'broker-refused',
      `Expected a broker that knows version ${apiVersion} of Kafka's ${apiName} request, found ${found} at ${this.address.host}:${this.address.port}. obslab reads brokers of Kafka 2.3 and newer.`,
    )
  }

  async #within<T>(ms: number, work: Promise<T>): Promise<T> {
    const timer = new AbortController()
    const timeout = this.#clock.sleep(ms, timer.signal).then(() => {
      throw new TimeoutError(ms)
    })
    timeout.catch(() => {})
    this.#underWay++
    this.#sockets.keepAlive(true)
    try {
      return await Promise.race([work, timeout])
    } finally {
      timer.abort(new Error('answered'))
      this.#underWay--
      if (this.#underWay === 0) this.#sockets.keepAlive(false)
    }
  }
}

/** No answer in time. */
export class TimeoutError extends Error {
  readonly ms: number

  constructor(ms: number) {
    super(`no answer within ${ms / 1000} s`)
    this.name = 'TimeoutError'
    this.ms = ms
  }
}

/** The sockets of one connection, made here so that they can be destroyed, and their first bytes looked at. */
class Sockets {
  readonly #open = new Set<net.Socket>()
  #sniffed: Sniffed = null
  #referenced = true
  #destroyed = false

  readonly factory: ISocketFactory = ({ host, port, ssl, onConnect }: ISocketFactoryArgs) => {
    const name = net.isIP(host) === 0 ? { servername: host } : {}
    const socket = ssl
      ? tls.connect({ host, port, ...name, ...ssl }, onConnect)
      : net.connect({ host, port }, onConnect)
    socket.setKeepAlive(true, 60_000)
    socket.once('data', bytes => {
      this.#sniffed ??= ssl ? null : sniff(bytes)
    })
    socket.once('close', () => this.#open.delete(socket))
    this.#open.add(socket)
    if (!this.#referenced) socket.unref()
    if (this.#destroyed) socket.destroy(new Error('closed'))
    return socket
  }

  get sniffed(): Sniffed {
    return this.#sniffed
  }

  keepAlive(referenced: boolean): void {
    this.#referenced = referenced
    for (const socket of this.#open) referenced ? socket.ref() : socket.unref()
  }

  // With an error, for only that makes kafkajs reject what is under way and stop its timers.
  destroy(): void {
    this.#destroyed = true
    for (const socket of this.#open) socket.destroy(new Error('closed'))
  }
}

function sniff(bytes: Buffer): Sniffed {
  if (bytes[0] === 0x15 && bytes[1] === 0x03) return 'tls'
  return bytes.toString('latin1', 0, 5) === 'HTTP/' ? 'http' : null
}

async function createClient(options: ClientOptions, timeout: number, sockets: Sockets): Promise<Kafka> {
  const { default: kafkajs } = await import('kafkajs')
  return new kafkajs.Kafka({
    ...options,
    connectionTimeout: timeout,
    authenticationTimeout: timeout,
    enforceRequestTimeout: false,
    socketFactory: sockets.factory,
    retry: { retries: 0 },
    logLevel: kafkajs.logLevel.NOTHING,
    logCreator: () => () => {},
  })
}

function installedVersion(): string {
  const { version } = createRequire(import.meta.url)('kafkajs/package.json') as { version: string }
  return version
}

// kafkajs 2.2.4 sets a timer of minus the current time after every response, which Node 24 warns about.
function keepTimersPositive(queue: InternalQueue): void {
  const schedule = queue.scheduleCheckPendingRequests
  queue.scheduleCheckPendingRequests = () => {
    if (queue.pending.length > 0 || queue.throttledUntil > Date.now()) schedule.call(queue)
  }
}
