import { ObslabError } from '../errors.js'
import { parseJaas, parseProperties } from './client-properties.js'
import { type Credentials, type KafkaSettings, type SaslMechanism, saslMechanisms } from './kafka-options.js'
import { parseAddresses } from './kafka-url.js'
import { normalisePem, readOptionFile, readPem } from './pem.js'
import { registryOfProperties } from './registry-options.js'

/**
 * The connection settings of a Java `client.properties` file: bootstrap.servers, security.protocol, sasl.mechanism,
 * sasl.jaas.config, ssl.truststore and ssl.keystore in PEM form, ssl.key.password,
 * ssl.endpoint.identification.algorithm, client.id, and of a schema registry schema.registry.url and
 * basic.auth.user.info. Others (of producers and consumers) are passed over. What Java
 * can do and Node cannot, such as JKS key stores, is an `option-invalid` error that says what to do.
 */
export function readClientProperties(file: string): KafkaSettings {
  const properties = parseProperties(readOptionFile('properties', file))
  const { ssl, sasl } = readProtocol(properties, file)
  const credentials = sasl ? readCredentials(properties) : undefined
  return {
    brokers: read(properties, 'bootstrap.servers', parseAddresses),
    ssl,
    sasl: sasl ? readMechanism(properties) : undefined,
    credentials,
    ...(ssl && readTrust(properties)),
    ...(ssl && readKey(properties)),
    checkHostname: properties.get('ssl.endpoint.identification.algorithm') !== '',
    clientId: properties.get('client.id') || undefined,
    registry: registryOfProperties(properties, credentials),
  }
}

function read<T>(
  properties: ReadonlyMap<string, string>,
  name: string,
  parse: (value: string) => T,
): T | undefined {
  const value = properties.get(name)
  return value === undefined ? undefined : parse(value)
}

function readProtocol(
  properties: ReadonlyMap<string, string>,
  file: string,
): { ssl: boolean; sasl: boolean } {
  const protocol = properties.get('security.protocol')?.trim().toUpperCase() ?? 'PLAINTEXT'
  if (!/^(SASL_)?(PLAINTEXT|SSL)$/.test(protocol))
    throw new ObslabError(
      'option-invalid',
      `Expected security.protocol in ${file} to be PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL, found '${protocol}'.`,
    )
  return { ssl: protocol.endsWith('SSL'), sasl: protocol.startsWith('SASL_') }
}

function readMechanism(properties: ReadonlyMap<string, string>): SaslMechanism {
  const name = properties.get('sasl.mechanism')?.trim() ?? 'GSSAPI'
  const mechanism = saslMechanisms.find(known => known === name.toLowerCase())
  if (mechanism !== undefined) return mechanism
  throw new ObslabError(
    'option-invalid',
    `Expected sasl.mechanism to be one of ${saslMechanisms.join(', ').toUpperCase()}, found ${name}${properties.has('sasl.mechanism') ? '' : ", Java's default"}: obslab does not speak it; ask for a user of one of those.`,
  )
}

function readCredentials(properties: ReadonlyMap<string, string>): (() => Credentials) | undefined {
  const jaas = properties.get('sasl.jaas.config')
  if (jaas === undefined) return undefined
  const { options } = parseJaas(jaas)
  const username = options.get('username')
  const password = options.get('password')
  if (username !== undefined && password !== undefined) return () => ({ username, password })
  if (properties.get('sasl.mechanism')?.toUpperCase() === 'OAUTHBEARER') return undefined
  throw new ObslabError(
    'option-invalid',
    'Expected sasl.jaas.config to have the options username and password, found others.',
  )
}

function readTrust(properties: ReadonlyMap<string, string>): { ca?: string } {
  const inline = properties.get('ssl.truststore.certificates')
  const location = properties.get('ssl.truststore.location')
  if (inline === undefined && location === undefined) return {}
  requirePem(properties, 'ssl.truststore', location)
  if (inline === undefined) return { ca: readPem('ssl.truststore.location', location!) }
  return { ca: inlinePem('ssl.truststore.certificates', inline) }
}

function readKey(properties: ReadonlyMap<string, string>): {
  cert?: string
  key?: string
  keyPassword?: string | undefined
} {
  const chain = properties.get('ssl.keystore.certificate.chain')
  const key = properties.get('ssl.keystore.key')
  const location = properties.get('ssl.keystore.location')
  if (chain === undefined && key === undefined && location === undefined) return {}
  requirePem(properties, 'ssl.keystore', location)
  const keyPassword = properties.get('ssl.key.password')
  if (location !== undefined) {
    const both = readPem('ssl.keystore.location', location)
    return { cert: both, key: both, keyPassword }
  }
  return {
    cert: inlinePem('ssl.keystore.certificate.chain', chain ?? ''),
    key: inlinePem('ssl.keystore.key', key ?? ''),
    keyPassword,
  }
}

function inlinePem(name: string, text: string): string {
  const pem = normalisePem(text)
  if (pem !== '') return pem
  throw new ObslabError('option-invalid', `Expected ${name} to be PEM (-----BEGIN …-----), found none.`)
}

function requirePem(
  properties: ReadonlyMap<string, string>,
  store: 'ssl.truststore' | 'ssl.keystore',
  location: string | undefined,
): void {
  const type = properties.get(`${store}.type`)?.trim().toUpperCase() ?? 'JKS'
  if (type === 'PEM') return
  const file = location ?? '<file>'
  const command =
    store === 'ssl.truststore'
      ? `keytool -exportcert -rfc -keystore ${file} -alias <alias> -file ca.pem (keytool -list names the aliases)`
      : `keytool -importkeystore -srckeystore ${file} -destkeystore key.p12 -deststoretype PKCS12, then openssl pkcs12 -in key.p12 -out key.pem`
  throw new ObslabError(
    'option-invalid',
    `Expected ${store}.type to be PEM, found ${type}${properties.has(`${store}.type`) ? '' : ", Java's default"}: Node cannot read Java key stores. Export it with ${command}, then set ${store}.type=PEM and ${store}.location to the new file.`,
  )
}
