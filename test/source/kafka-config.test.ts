import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { inspect } from 'node:util'
import { afterAll, describe, expect, test } from 'vitest'
import { type KafkaConfig, parseKafkaConfig } from '../../src/source/kafka-config.js'
import type { KafkaOptions } from '../../src/source/kafka-options.js'
import { certificate, privateKey } from './certificate.js'
import { failure } from './failure.js'

const folder = mkdtempSync(path.join(tmpdir(), 'obslab-kafka-config-'))
afterAll(() => rmSync(folder, { recursive: true }))

const secret = 'correct-horse "battery" \\staple'
const login = { OBSLAB_KAFKA_USERNAME: 'alice', OBSLAB_KAFKA_PASSWORD: secret }

function file(name: string, text: string): string {
  const location = path.join(folder, name)
  writeFileSync(location, text)
  return location
}

function shape({ name, brokers, ssl, mechanism }: KafkaConfig): object {
  return { name, brokers, ssl, mechanism }
}

describe('options', () => {
  test('an object says what a URL says', () => {
    const options: KafkaOptions = { brokers: ['a:1', 'b:2'], ssl: true, sasl: 'scram-sha-512' }
    const url = 'kafka://a:1,b:2?ssl=true&sasl=scram-sha-512'
    expect(shape(parseKafkaConfig(options, login))).toEqual(shape(parseKafkaConfig(url, login)))
  })

  test('an unknown option names the nearest known one, a password says where passwords go', () => {
    const unknown = { brokers: 'a:1', clientID: 'x' } as KafkaOptions
    expect(failure(() => parseKafkaConfig(unknown, {})).message).toContain('Did you mean clientId?')
    const password = { brokers: 'a:1', password: 'hunter2' } as KafkaOptions
    const error = failure(() => parseKafkaConfig(password, {}))
    expect(error.message).toContain('credentials callback')
    expect(error.message).not.toContain('hunter2')
  })

  test('a value of the wrong type is refused by the name of its option', () => {
    const wrong: unknown = { brokers: 'a:1', ssl: 'true' }
    expect(failure(() => parseKafkaConfig(wrong as KafkaOptions, {})).message).toMatch(/^Kafka option ssl:/)
  })

  test('without input the environment says the address', () => {
    expect(parseKafkaConfig(undefined, { OBSLAB_KAFKA_URL: 'kafka://a:1' }).name).toBe('kafka://a:1')
    const properties = file('environment.properties', 'bootstrap.servers=b:2')
    expect(parseKafkaConfig(undefined, { OBSLAB_KAFKA_PROPERTIES: properties }).name).toBe('kafka://b:2')
    expect(failure(() => parseKafkaConfig(undefined, {})).message).toContain('set OBSLAB_KAFKA_URL')
  })

  test('credentials come from the callback before the file and from the file before the environment', async () => {
    const jaas = 'sasl.jaas.config=x.Y required username="file" password="p";'
    const properties = file('login.properties', `security.protocol=SASL_SSL\nsasl.mechanism=PLAIN\n${jaas}`)
    const user = async (config: KafkaConfig): Promise<unknown> =>
      Reflect.get((await config.clientOptions()).sasl!, 'username')
    const options: KafkaOptions = { brokers: 'a:1', properties }
    expect(await user(parseKafkaConfig(options, login))).toBe('file')
    const credentials = (): { username: string; password: string } => ({
      username: 'callback',
      password: 'p',
    })
    expect(await user(parseKafkaConfig({ ...options, credentials }, login))).toBe('callback')
    expect(await user(parseKafkaConfig('kafka://a:1?sasl=plain', login))).toBe('alice')
  })

  test('a callback that returns something else is refused without showing it', async () => {
    const credentials = (): never => ({ user: 'hunter2' }) as never
    const config = parseKafkaConfig({ brokers: 'a:1', sasl: 'plain', credentials }, {})
    await expect(config.clientOptions()).rejects.toThrow('must return username and password as texts')
  })

  test('an OAuth token is asked for at every connection', async () => {
    let asked = 0
    const token = async (): Promise<string> => `token ${++asked}`
    const config = parseKafkaConfig({ brokers: 'a:1', sasl: 'oauthbearer', token }, {})
    const sasl = (await config.clientOptions()).sasl
    const provider = Reflect.get(sasl!, 'oauthBearerProvider') as () => Promise<{ value: string }>
    expect([await provider(), await provider()]).toEqual([{ value: 'token 1' }, { value: 'token 2' }])
  })
})

describe('secrets', () => {
  test('are in nothing that is printed of a config, its JSON, or the options of its client', async () => {
    const key = file('key.pem', privateKey)
    const cert = file('cert.pem', certificate)
    const config = parseKafkaConfig(`kafka://a:1?sasl=plain&cert=${cert}&key=${key}`, login)
    const options = await config.clientOptions()
    const everything = [config, { ...config }, options, { nested: [options] }]
    for (const shown of everything) {
      const text = inspect(shown, { depth: 20, showHidden: false }) + JSON.stringify(shown)
      expect(text).not.toContain('horse')
      expect(text).not.toContain('alice')
      expect(text).not.toContain('PRIVATE KEY')
    }
    expect(inspect(config)).toBe('KafkaConfig(kafka://a:1, TLS, SASL plain)')
    expect(Reflect.get(options.sasl!, 'password')).toBe(secret)
  })

  test('a key without its certificate, and certificates that are none, are refused', () => {
    const key = file('alone.pem', privateKey)
    const wrong = file('wrong.pem', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n')
    const text = file('text.pem', 'not a certificate')
    expect(failure(() => parseKafkaConfig(`kafka://a:1?ssl=true&key=${key}`, {})).message).toContain(
      'each other',
    )
    expect(failure(() => parseKafkaConfig(`kafka://a:1?ca=${wrong}`, {})).message).toContain('cannot be used')
    expect(failure(() => parseKafkaConfig(`kafka://a:1?ca=${text}`, {})).message).toContain('not PEM')
  })
})
