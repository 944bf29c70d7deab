import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { inspect } from 'node:util'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { parseKafkaConfig } from '../../src/source/kafka-config.js'
import type { KafkaOptions } from '../../src/source/kafka-options.js'
import {
  environmentRegistry,
  parseRegistry,
  withEnvironmentLogin,
} from '../../src/source/registry-options.js'
import { failure } from './failure.js'
import { RegistryServer } from './registry-server.js'

const folder = mkdtempSync(path.join(tmpdir(), 'obslab-registry-options-'))
let server: RegistryServer
beforeAll(async () => {
  server = await RegistryServer.start()
})
beforeEach(() => {
  server.authorizations.length = 0
})
afterAll(async () => {
  rmSync(folder, { recursive: true })
  await server.stop()
})

let files = 0
function properties(...lines: string[]): string {
  const location = path.join(folder, `${files++}.properties`)
  writeFileSync(location, ['bootstrap.servers=a:1', ...lines].join('\n'))
  return location
}

/** The login that a configuration's registry is asked with, `user:password`. */
async function sentLogin(
  input: string | KafkaOptions,
  environment: Record<string, string> = {},
): Promise<string | undefined> {
  await parseKafkaConfig(input, environment).registry!.schema(1)
  const [authorization] = server.authorizations
  return authorization === undefined
    ? undefined
    : Buffer.from(authorization.slice('Basic '.length), 'base64').toString()
}

test.each([
  ['http://a:8081', ['http://a:8081']],
  ['https://a/apis/ccompat/v7/', ['https://a/apis/ccompat/v7']],
  ['http://a:8081, http://b:8081/', ['http://a:8081', 'http://b:8081']],
  [
    ['http://a:8081', 'http://b:8081'],
    ['http://a:8081', 'http://b:8081'],
  ],
])('%s are addresses of a registry', (registry, urls) => {
  expect(parseRegistry(registry)).toEqual({ urls })
  expect(environmentRegistry({ OBSLAB_REGISTRY: [registry].flat().join() })).toEqual({ urls })
})

test.each(['a:8081', 'kafka://a:8081', '', 'http://a:8081?x=1', '//a'])('%j is refused as none', registry => {
  expect(failure(() => parseRegistry(registry))).toMatchObject({
    code: 'option-invalid',
    message: expect.stringContaining('such as http://host:8081'),
  })
})

test('an environment that names no registry has none, nor a login of its own', () => {
  expect(environmentRegistry({})).toBeUndefined()
  expect(withEnvironmentLogin({ urls: ['http://a'] }, { OBSLAB_REGISTRY_USERNAME: 'alice' })).toEqual({
    urls: ['http://a'],
  })
})

describe('a Kafka configuration', () => {
  test('takes the registry from the URL, an option, the file or the environment, in this order', () => {
    const file = properties('schema.registry.url=http://file')
    const environment = { OBSLAB_REGISTRY: 'http://environment' }
    const name = (input: string | KafkaOptions): string | undefined =>
      parseKafkaConfig(input, environment).registry?.name
    expect(name('kafka://a:1?registry=http://url:8081')).toBe('http://url:8081')
    expect(name(`kafka://a:1?properties=${file}&registry=http://url`)).toBe('http://url')
    expect(name({ brokers: 'a:1', registry: ['http://x', 'http://y'] })).toBe('http://x,http://y')
    expect(name(file)).toBe('http://file')
    expect(name('kafka://a:1')).toBe('http://environment')
    expect(parseKafkaConfig('kafka://a:1', {}).registry).toBeUndefined()
  })

  test.each([
    [['basic.auth.credentials.source=USER_INFO', 'basic.auth.user.info=alice:a:b'], 'alice:a:b'],
    [['schema.registry.basic.auth.user.info=alice:hunter2'], 'alice:hunter2'],
    [
      [
        'basic.auth.credentials.source=SASL_INHERIT',
        'security.protocol=SASL_PLAINTEXT',
        'sasl.mechanism=PLAIN',
        'sasl.jaas.config=x.PlainLoginModule required username="bob" password="hunter2";',
      ],
      'bob:hunter2',
    ],
    [[], 'carol:hunter2'],
  ])('logs in to the registry as %j say, else as the environment says', async (lines, login) => {
    const environment = { OBSLAB_REGISTRY_USERNAME: 'carol', OBSLAB_REGISTRY_PASSWORD: 'hunter2' }
    const file = properties(`schema.registry.url=${server.url}`, ...lines)
    expect(await sentLogin(file, environment)).toBe(login)
  })

  test('takes a login out of the URL of the file, as Java does', async () => {
    const url = server.url.replace('//', '//alice:p%40ss@')
    const file = properties(`schema.registry.url=${url}`)
    expect(await sentLogin(file)).toBe('alice:p@ss')
    expect(parseKafkaConfig(file, {}).registry?.name).toBe(server.url)
  })

  test('does not send the login of the file to a registry that is named elsewhere', async () => {
    const file = properties('schema.registry.url=http://other', 'basic.auth.user.info=alice:hunter2')
    expect(await sentLogin({ properties: file, registry: server.url })).toBeUndefined()
  })

  test.each([
    'kafka://a:1?registry=http://alice:hunter2@b',
    { brokers: 'a:1', registry: 'http://alice:hunter2@b' },
    { brokers: 'a:1', registry: ['http://b', 'http://hunter2@c'] },
  ])('refuses a registry with credentials, unrepeated', input => {
    const error = failure(() => parseKafkaConfig(input, {}))
    expect(error.code).toBe('option-invalid')
    expect(inspect(error) + error.stack).not.toContain('hunter2')
  })

  test('refuses a login of the file that is none, unrepeated', () => {
    const error = failure(() =>
      parseKafkaConfig(properties('schema.registry.url=http://a', 'basic.auth.user.info=hunter2'), {}),
    )
    expect(error.message).toContain('basic.auth.user.info to be user:password')
    expect(inspect(error)).not.toContain('hunter2')
  })

  test('shows no login of its registry', () => {
    const environment = { OBSLAB_REGISTRY_USERNAME: 'carol', OBSLAB_REGISTRY_PASSWORD: 'hunter2' }
    const config = parseKafkaConfig('kafka://a:1?registry=http://b', environment)
    expect(inspect(config, { depth: 9 }) + inspect(config.registry) + JSON.stringify(config)).not.toContain(
      'hunter2',
    )
  })
})
