import { X509Certificate } from 'node:crypto'
import { createSecureContext, type ConnectionOptions as TlsOptions } from 'node:tls'
import type { KafkaConfig as ClientOptions, Mechanism, SASLOptions } from 'kafkajs'
import { z } from 'zod'
import { ObslabError } from '../errors.js'
import { printAs } from '../inspect.js'
import { formatAddress } from './kafka-failure.js'
import {
  type BrokerAddress,
  type Credentials,
  checkOptions,
  type KafkaOptions,
  type KafkaSettings,
  type SaslMechanism,
} from './kafka-options.js'
import { readClientProperties } from './kafka-properties.js'
import { parseAddresses, parseKafkaUrl } from './kafka-url.js'
import { readPem } from './pem.js'
import { environmentRegistry, parseRegistry, withEnvironmentLogin } from './registry-options.js'
import { HttpRegistry, type SchemaRegistry } from './schema-registry.js'

/**
 * How to connect to a cluster, complete and checked. Credentials and keys are kept where printing, JSON and error
 * messages do not reach them.
 */
export class KafkaConfig {
  /** How messages name the cluster: `kafka://host:port,…`. */
  readonly name: string
  /** Where to ask first; the cluster then says where its brokers are. */
  readonly brokers: readonly BrokerAddress[]
  /** Whether connections use TLS. */
  readonly ssl: boolean
  /** How connections log in, if they do. */
  readonly mechanism: SaslMechanism | undefined
  /** What brokers call this client. */
  readonly clientId: string
  /** Where the schemas of Avro records are; undefined when none was given. */
  readonly registry: SchemaRegistry | undefined
  readonly #settings: KafkaSettings
  readonly #tls: TlsOptions | false

  constructor(settings: KafkaSettings) {
    this.brokers = settings.brokers ?? []
    this.name = `kafka://${this.brokers.map(formatAddress).join(',')}`
    this.#tls = tlsOptions(settings)
    this.ssl = this.#tls !== false
    this.mechanism = settings.sasl
    this.clientId = settings.clientId ?? 'obslab'
    this.registry = settings.registry === undefined ? undefined : new HttpRegistry(settings.registry)
    this.#settings = settings
    requireLogin(settings)
  }

  /**
   * The options of a kafkajs client, with credentials asked for now. Their secrets are not enumerable, so that
   * printing the options does not show them.
   */
  async clientOptions(): Promise<ClientOptions> {
    const options: ClientOptions = { brokers: this.brokers.map(formatAddress), clientId: this.clientId }
    if (this.#tls !== false) options.ssl = this.#tls
    const sasl = await this.#login()
    if (sasl !== undefined) options.sasl = sasl
    return options
  }

  /** The same cluster and login under another client id. */
  withClientId(clientId: string): KafkaConfig {
    return new KafkaConfig({ ...this.#settings, clientId })
  }

  /** What may be shown of it. */
  toJSON(): { name: string; ssl: boolean; sasl?: SaslMechanism } {
    return { name: this.name, ssl: this.ssl, ...(this.mechanism !== undefined && { sasl: this.mechanism }) }
  }

  async #login(): Promise<SASLOptions | Mechanism | undefined> {
    const { sasl: mechanism, credentials, token } = this.#settings
    if (mechanism === undefined) return undefined
    if (mechanism === 'oauthbearer')
      return {
        mechanism,
        oauthBearerProvider: async () => ({ value: await ask('token', token!, z.string()) }),
      }
    const login = z.object({ username: z.string(), password: z.string() })
    const { username, password } = await ask('credentials', credentials!, login)
    return hidden({ mechanism, username, password } as SASLOptions)
  }
}
printAs(KafkaConfig, config => {
  const sasl = config.mechanism === undefined ? '' : `, SASL ${config.mechanism}`
  return `KafkaConfig(${config.name}${config.ssl ? ', TLS' : ''}${sasl})`
})

/**
 * Understands how to reach a cluster: a URL `kafka://host:port,host2:port?ssl=true&sasl=scram-sha-256&ca=ca.pem`
 * (parameters: ssl, sasl, ca, cert, key, check-hostname, client-id, properties, registry), the path of a Java
 * `client.properties` file, or {@link KafkaOptions}. Left out, OBSLAB_KAFKA_URL or OBSLAB_KAFKA_PROPERTIES of the
 * environment says it. User name and password come from `credentials`, the properties file, or OBSLAB_KAFKA_USERNAME
 * and OBSLAB_KAFKA_PASSWORD, in this order; those of the schema registry from the file, or OBSLAB_REGISTRY_USERNAME
 * and OBSLAB_REGISTRY_PASSWORD. What cannot be understood is an `option-invalid` error that repeats no
 * credentials.
 */
export function parseKafkaConfig(
  input?: string | KafkaOptions,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): KafkaConfig {
  const options = typeof input === 'object' ? checkOptions(input) : readText(input, environment)
  const file = options.properties === undefined ? {} : readClientProperties(options.properties)
  const given: KafkaSettings = {
    ...file,
    ...withoutUndefined({
      brokers: options.brokers === undefined ? undefined : parseAddresses(options.brokers),
      ssl: options.ssl,
      sasl: options.sasl,
      ca: options.ca === undefined ? undefined : readPem('ca', options.ca),
      cert: options.cert === undefined ? undefined : readPem('cert', options.cert),
      key: options.key === undefined ? undefined : readPem('key', options.key),
      checkHostname: options.checkHostname,
      clientId: options.clientId,
      credentials: options.credentials,
      token: options.token,
    }),
  }
  if (given.brokers === undefined || given.brokers.length === 0) throw noAddress()
  const registry =
    options.registry === undefined
      ? (given.registry ?? environmentRegistry(environment))
      : parseRegistry(options.registry)
  return new KafkaConfig({
    ...given,
    credentials: given.credentials ?? environmentCredentials(environment),
    keyPassword: given.keyPassword ?? environment.OBSLAB_KAFKA_KEY_PASSWORD,
    registry: registry === undefined ? undefined : withEnvironmentLogin(registry, environment),
  })
}

function readText(
  text: string | undefined,
  environment: Readonly<Record<string, string | undefined>>,
): KafkaOptions {
  const url = text ?? environment.OBSLAB_KAFKA_URL
  if (url?.endsWith('.properties') && !url.includes('://')) return { properties: url }
  if (url !== undefined) return parseKafkaUrl(url)
  const properties = environment.OBSLAB_KAFKA_PROPERTIES
  if (properties === undefined) throw noAddress()
  return { properties }
}

function noAddress(): ObslabError {
  return new ObslabError(
    'option-invalid',
    'No Kafka address given: pass kafka://host:port or a client.properties file with bootstrap.servers, or set OBSLAB_KAFKA_URL.',
  )
}

function environmentCredentials(
  environment: Readonly<Record<string, string | undefined>>,
): (() => Credentials) | undefined {
  const { OBSLAB_KAFKA_USERNAME: username, OBSLAB_KAFKA_PASSWORD: password } = environment
  if (username === undefined || password === undefined) return undefined
  return () => ({ username, password })
}

function requireLogin({ sasl, credentials, token }: KafkaSettings): void {
  if (sasl === undefined) return
  if (sasl === 'oauthbearer' && token === undefined)
    throw new ObslabError(
      'option-invalid',
      'SASL oauthbearer needs the option token, a function that returns one.',
    )
  if (sasl !== 'oauthbearer' && credentials === undefined)
    throw new ObslabError(
      'option-invalid',
      `SASL ${sasl} needs a user name and a password: set OBSLAB_KAFKA_USERNAME and OBSLAB_KAFKA_PASSWORD, or give a client.properties file or the credentials callback.`,
    )
}

function tlsOptions(settings: KafkaSettings): TlsOptions | false {
  const { ca, cert, key, keyPassword, checkHostname } = settings
  const ssl = settings.ssl ?? (ca !== undefined || cert !== undefined)
  if (!ssl) {
    if (ca === undefined && cert === undefined) return false
    throw new ObslabError(
      'option-invalid',
      'Certificates are given but TLS is off: set ssl to true or leave it out.',
    )
  }
  if ((cert === undefined) !== (key === undefined))
    throw new ObslabError(
      'option-invalid',
      'A client certificate and its private key (cert, key) need each other.',
    )
  try {
    // Node passes over certificates that it cannot read, and would then trust none.
    for (const block of ca?.split(/(?<=-----END [A-Z ]+-----\n)/) ?? []) new X509Certificate(block)
    return {
      secureContext: createSecureContext(
        withoutUndefined({ ca, cert, key, passphrase: key === undefined ? undefined : keyPassword }),
      ),
      ...(checkHostname === false && { checkServerIdentity: () => undefined }),
    }
  } catch (cause) {
    throw new ObslabError(
      'option-invalid',
      "The certificates or the private key cannot be used: check that ca, cert and key are PEM, belong together, and that OBSLAB_KAFKA_KEY_PASSWORD is the key's passphrase if it has one.",
      { cause },
    )
  }
}

async function ask<T>(option: string, callback: () => unknown, schema: z.ZodType<T>): Promise<T> {
  const answer = schema.safeParse(await callback())
  if (answer.success) return answer.data
  const expected = option === 'token' ? 'a text' : 'username and password as texts'
  throw new ObslabError(
    'option-invalid',
    `The Kafka option ${option} must return ${expected}; it returned something else.`,
  )
}

function hidden<T extends object>(secret: T): T {
  const properties = Object.getOwnPropertyDescriptors(secret)
  for (const [name, property] of Object.entries(properties)) property.enumerable = name === 'mechanism'
  return Object.defineProperties({} as T, properties)
}

function withoutUndefined<T extends object>(options: T): T {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as T
}
