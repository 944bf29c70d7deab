import { ObslabError } from '../errors.js'
import { type BrokerAddress, type KafkaOptions, saslMechanisms, unknownOption } from './kafka-options.js'

type Parameter = (value: string) => KafkaOptions

const parameters: Record<string, Parameter> = {
  ssl: value => ({ ssl: readBoolean('ssl', value) }),
  sasl: value => ({ sasl: readMechanism(value) }),
  ca: value => ({ ca: value }),
  cert: value => ({ cert: value }),
  key: value => ({ key: value }),
  'check-hostname': value => ({ checkHostname: readBoolean('check-hostname', value) }),
  'client-id': value => ({ clientId: value }),
  properties: value => ({ properties: value }),
  registry: value => ({ registry: value }),
}

/** The options in `kafka://host:port,host2:port?name=value&…`. A URL with credentials is refused, unrepeated. */
export function parseKafkaUrl(url: string): KafkaOptions {
  const parts = /^kafka:\/\/([^/?#]*)\/?(?:\?([^#]*))?$/i.exec(url)
  if (url.includes('@'))
    throw new ObslabError(
      'option-invalid',
      'A Kafka URL must not contain credentials (user:password@…): shells and logs keep URLs. Set OBSLAB_KAFKA_USERNAME and OBSLAB_KAFKA_PASSWORD instead, and leave out everything up to the @.',
    )
  if (parts === null)
    throw new ObslabError(
      'option-invalid',
      `Expected a Kafka URL like kafka://host:port?ssl=true, or the path of a .properties file, found '${url.split(/[?#]/)[0]}'.`,
    )
  const options: KafkaOptions = parts[1] ? { brokers: parts[1] } : {}
  for (const [name, value] of new URLSearchParams(parts[2] ?? '')) {
    const parameter = Object.hasOwn(parameters, name) ? parameters[name] : undefined
    if (parameter === undefined) throw unknownOption(name, Object.keys(parameters))
    Object.assign(options, parameter(value))
  }
  return options
}

/** Broker addresses `host:port`, comma-separated or listed; IPv6 in brackets, the port 9092 when left out. */
export function parseAddresses(brokers: string | readonly string[]): BrokerAddress[] {
  const texts = typeof brokers === 'string' ? brokers.split(',') : brokers.flatMap(text => text.split(','))
  return texts
    .map(text => text.trim())
    .filter(text => text !== '')
    .map(parseAddress)
}

function parseAddress(text: string): BrokerAddress {
  const parts = /^(?:[A-Z_]+:\/\/)?(?:\[([0-9a-fA-F:.%]+)\]|([^:/@\s[\]]+))(?::(\d{1,5}))?$/.exec(text)
  const host = parts?.[1] ?? parts?.[2]
  const port = Number(parts?.[3] ?? 9092)
  if (host !== undefined && port > 0 && port < 65_536) return { host, port }
  const found = text.includes('@') ? 'one with credentials' : `'${text}'`
  throw new ObslabError('option-invalid', `Expected a broker address host:port, found ${found}.`)
}

function readBoolean(name: string, value: string): boolean {
  if (value === 'true' || value === 'false') return value === 'true'
  throw new ObslabError('option-invalid', `Expected ${name} to be true or false, found '${value}'.`)
}

function readMechanism(value: string): KafkaOptions['sasl'] {
  const mechanism = saslMechanisms.find(known => known === value.toLowerCase())
  if (mechanism !== undefined) return mechanism
  throw new ObslabError(
    'option-invalid',
    `Expected sasl to be one of ${saslMechanisms.join(', ')}, found '${value}'.`,
  )
}
