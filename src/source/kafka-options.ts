import { z } from 'zod'
import { ObslabError } from '../errors.js'
import { nearest } from './nearest.js'

/** Where a broker listens. */
export interface BrokerAddress {
  host: string
  port: number
}

/** What SASL PLAIN and SCRAM log in with. */
export interface Credentials {
  username: string
  password: string
}

/** The SASL mechanisms obslab speaks. `plain` sends the password as it is: use it with TLS only. */
export const saslMechanisms = ['plain', 'scram-sha-256', 'scram-sha-512', 'oauthbearer'] as const

/** One of {@link saslMechanisms}. */
export type SaslMechanism = (typeof saslMechanisms)[number]

/**
 * How to reach a Kafka cluster. There is no place for a password: user name and password come from the environment
 * (OBSLAB_KAFKA_USERNAME, OBSLAB_KAFKA_PASSWORD), from the properties file, or from `credentials`.
 */
export interface KafkaOptions {
  /** `host:port` of one or more brokers, as a list or separated by commas; the port is 9092 when left out. */
  brokers?: string | readonly string[]
  /** Whether to use TLS. Default: true when `ca` or `cert` is given, else false. */
  ssl?: boolean
  /** How to log in. Default: not at all. */
  sasl?: SaslMechanism
  /** Path of a PEM file with the certificates to trust, instead of the authorities that Node knows. */
  ca?: string
  /** Path of a PEM file with the client's certificate, for brokers that ask for one; needs `key`. */
  cert?: string
  /** Path of a PEM file with the client's private key. Its passphrase is OBSLAB_KAFKA_KEY_PASSWORD. */
  key?: string
  /** Whether a broker's certificate must be made for its host name. Default true. */
  checkHostname?: boolean
  /** What brokers call this client in their logs and quotas. Default `obslab`. */
  clientId?: string
  /** Path of a Java `client.properties` file; what is given beside it takes precedence. */
  properties?: string
  /**
   * Where the schemas of Avro records are: `http://host:8081` of a schema registry, several separated by commas or
   * listed. Default: OBSLAB_REGISTRY of the environment. Its user and password are OBSLAB_REGISTRY_USERNAME and
   * OBSLAB_REGISTRY_PASSWORD.
   */
  registry?: string | readonly string[]
  /** Returns user name and password; asked at every new connection. Takes precedence over file and environment. */
  credentials?: () => Credentials | Promise<Credentials>
  /** Returns an OAuth token, for `oauthbearer`; asked at every new connection. */
  token?: () => string | Promise<string>
}

const callback = z.custom<() => never>(value => typeof value === 'function', 'must be a function')

const optionsSchema = z.strictObject({
  brokers: z.union([z.string(), z.array(z.string())]).optional(),
  ssl: z.boolean().optional(),
  sasl: z.enum(saslMechanisms).optional(),
  ca: z.string().optional(),
  cert: z.string().optional(),
  key: z.string().optional(),
  checkHostname: z.boolean().optional(),
  clientId: z.string().min(1).optional(),
  properties: z.string().optional(),
  registry: z.union([z.string(), z.array(z.string())]).optional(),
  credentials: callback.optional(),
  token: callback.optional(),
})

/** How to reach a schema registry. */
export interface RegistrySettings {
  /** Its addresses without a slash at the end, asked in this order. */
  urls: readonly string[]
  credentials?: Credentials | undefined
}

/** The settings of a connection, as URL, object and properties file all end up. PEM texts, not paths. */
export interface KafkaSettings {
  brokers?: readonly BrokerAddress[] | undefined
  ssl?: boolean | undefined
  sasl?: SaslMechanism | undefined
  ca?: string | undefined
  cert?: string | undefined
  key?: string | undefined
  keyPassword?: string | undefined
  checkHostname?: boolean | undefined
  clientId?: string | undefined
  credentials?: (() => Credentials | Promise<Credentials>) | undefined
  token?: (() => string | Promise<string>) | undefined
  registry?: RegistrySettings | undefined
}

/** Checks options that a user handed in; what does not fit is an `option-invalid` error that names the option. */
export function checkOptions(options: KafkaOptions): KafkaOptions {
  const parsed = optionsSchema.safeParse(options)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]!
  if (issue.code !== 'unrecognized_keys')
    throw new ObslabError('option-invalid', `Kafka option ${issue.path.join('.')}: ${issue.message}.`)
  const key = issue.keys[0]!
  throw unknownOption(key, Object.keys(optionsSchema.shape))
}

/** The error of an option obslab does not know. Its value is not repeated: it may be a password. */
export function unknownOption(name: string, known: readonly string[]): ObslabError {
  const secret = /^(user(name)?|pass(word)?|secret|token)$/i.test(name)
  const advice = secret
    ? 'Credentials come from OBSLAB_KAFKA_USERNAME and OBSLAB_KAFKA_PASSWORD, a client.properties file, or the credentials callback.'
    : `Did you mean ${nearest(name, known)[0] ?? known[0]}? Known are ${known.join(', ')}.`
  return new ObslabError('option-invalid', `There is no Kafka option '${name}'. ${advice}`)
}
