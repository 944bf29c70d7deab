import { execFile } from 'node:child_process'
import { rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import {
  AclOperationTypes,
  AclPermissionTypes,
  AclResourceTypes,
  Kafka,
  logLevel,
  ResourcePatternTypes,
} from 'kafkajs'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { openKafka } from '../../src/source/kafka.js'
import { type KafkaConfig, parseKafkaConfig } from '../../src/source/kafka-config.js'
import { SecuredKafka, users } from './secured-kafka.js'
import { installSoftware } from './software.js'
import { stackFolder } from './stack.js'

const run = promisify(execFile)
const unavailable = inject('stackUnavailable')

describe.skipIf(unavailable !== null)('access to a real broker', () => {
  let broker: SecuredKafka
  const folder = path.join(stackFolder, `access-${process.pid}`)

  beforeAll(async () => {
    await rm(folder, { recursive: true, force: true })
    broker = await SecuredKafka.create(await installSoftware(stackFolder), folder)
    await broker.start()
    await broker.addScramUser()
    await createTopics()
  })
  afterAll(async () => {
    await broker?.stop()
    await rm(folder, { recursive: true, force: true })
  })

  async function createTopics(): Promise<void> {
    const admin = new Kafka({ brokers: [broker.bootstrap], logLevel: logLevel.NOTHING }).admin()
    await admin.connect()
    await admin.createTopics({ topics: [{ topic: 'open' }, { topic: 'secret' }], waitForLeaders: true })
    const deny = (resourceType: AclResourceTypes, resourceName: string, operation: AclOperationTypes) => ({
      ...{ resourceType, resourceName, operation, principal: 'User:bob', host: '*' },
      ...{ resourcePatternType: ResourcePatternTypes.LITERAL, permissionType: AclPermissionTypes.DENY },
    })
    const acl = [
      deny(AclResourceTypes.TOPIC, 'secret', AclOperationTypes.ALL),
      deny(AclResourceTypes.TOPIC, 'open', AclOperationTypes.DESCRIBE_CONFIGS),
    ]
    const allow = { ...acl[1]!, operation: AclOperationTypes.READ, permissionType: AclPermissionTypes.ALLOW }
    await admin.createAcls({ acl: [...acl, allow] })
    await admin.disconnect()
  }

  function url(listener: 'sasl' | 'tls' | 'both', parameters: string): string {
    const host = listener === 'sasl' ? '127.0.0.1' : 'localhost'
    return `kafka://${host}:${broker.ports[listener]}?${parameters.replace('CA', broker.certificate)}`
  }

  function as(user: keyof typeof users | 'mallory', password?: string): Record<string, string> {
    const known = user === 'mallory' ? 'guess' : users[user]
    return { OBSLAB_KAFKA_USERNAME: user, OBSLAB_KAFKA_PASSWORD: password ?? known }
  }

  async function topicsOf(config: KafkaConfig): Promise<string[]> {
    const source = await openKafka(config)
    try {
      return (await source.topics()).map(({ topic }) => topic)
    } finally {
      await source.close()
    }
  }

  test.each(['plain', 'scram-sha-256', 'scram-sha-512'])(
    'SASL %s logs in, with TLS and without',
    async sasl => {
      for (const [listener, parameters] of [
        ['sasl', `sasl=${sasl}`],
        ['both', `ssl=true&ca=CA&sasl=${sasl}`],
      ] as const) {
        const config = parseKafkaConfig(url(listener, parameters), as('alice'))
        expect(await topicsOf(config)).toEqual(['open', 'secret'])
      }
    },
  )

  test('a Java client.properties file logs in as it does in Java', async () => {
    const file = path.join(folder, 'client.properties')
    const login = `username="alice" password="${users.alice}"`
    await writeFile(
      file,
      `bootstrap.servers=localhost:${broker.ports.both}
security.protocol=SASL_SSL
sasl.mechanism=SCRAM-SHA-512
sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required \\
  ${login};
ssl.truststore.type=PEM
ssl.truststore.location=${broker.certificate}
`,
    )
    expect(await topicsOf(parseKafkaConfig(file, {}))).toEqual(['open', 'secret'])
    const java = ['--bootstrap-server', `localhost:${broker.ports.both}`, '--list', '--command-config', file]
    expect((await broker.tool('org.apache.kafka.tools.TopicCommand', java)).trim().split('\n')).toEqual([
      'open',
      'secret',
    ])
  })

  test.each([
    [
      'a wrong password',
      'sasl',
      'sasl=scram-sha-256',
      as('alice', 'hunter2'),
      'did not accept the credentials',
    ],
    [
      'a wrong PLAIN password',
      'sasl',
      'sasl=plain',
      as('alice', 'hunter2'),
      'did not accept the credentials',
    ],
    ['an unknown user', 'both', 'ca=CA&sasl=scram-sha-512', as('mallory'), 'did not accept the credentials'],
    ['no credentials', 'sasl', '', {}, 'closed the connection on the first request'],
    ['TLS towards a plaintext port', 'sasl', 'ssl=true', {}, 'Check that this is the TLS port'],
    ['plaintext towards a TLS port', 'tls', '', {}, 'found one that speaks TLS: add ssl=true'],
    ['an authority that is not known', 'tls', 'ssl=true', {}, 'Give the authority'],
  ] as const)('%s is one sentence that says what to do, within five seconds', async (...row) => {
    const [, listener, parameters, environment, sentence] = row
    const started = performance.now()
    const opened = openKafka(parseKafkaConfig(url(listener, parameters), environment))
    await expect(opened).rejects.toMatchObject({
      code: expect.stringMatching(/^broker-(refused|unreachable)$/),
      message: expect.stringContaining(sentence),
    })
    await expect(opened).rejects.not.toMatchObject({ message: expect.stringContaining('hunter2') })
    expect(performance.now() - started).toBeLessThan(5500)
  })

  test('a mechanism the port does not offer and a port without SASL are told apart', async () => {
    const plaintext = `kafka://${broker.bootstrap}?sasl=plain`
    await expect(openKafka(parseKafkaConfig(plaintext, as('alice')))).rejects.toThrow('takes no credentials')
    const token = (): string => 'a token'
    const oauth = { brokers: `127.0.0.1:${broker.ports.sasl}`, sasl: 'oauthbearer', token } as const
    await expect(openKafka(parseKafkaConfig(oauth, {}))).rejects.toThrow('does not offer SASL oauthbearer')
  })

  test('a certificate of another host name is refused unless the check is switched off', async () => {
    const address = `kafka://127.0.0.1:${broker.ports.tls}?ca=${broker.certificate}`
    await expect(openKafka(parseKafkaConfig(address, {}))).rejects.toThrow('made for another host name')
    expect(await topicsOf(parseKafkaConfig(`${address}&check-hostname=false`, {}))).toEqual([
      'open',
      'secret',
    ])
  })

  test('a topic one may not read is refused by name, the others are listed', async () => {
    const source = await openKafka(parseKafkaConfig(url('sasl', 'sasl=plain'), as('bob')))
    expect((await source.topics()).map(({ topic }) => topic)).toEqual(['open'])
    await expect(source.topics(['secret'])).rejects.toMatchObject({
      code: 'broker-refused',
      message: expect.stringContaining('READ and DESCRIBE'),
    })
    await source.close()
  })

  test('a topic whose settings may not be described counts as cleanup.policy delete', async () => {
    const source = await openKafka(parseKafkaConfig(url('sasl', 'sasl=plain'), as('bob')))
    expect(await source.topics(['open'])).toMatchObject([{ topic: 'open', cleanupPolicy: 'delete' }])
    await source.close()
  })

  test('nothing of kafkajs is printed, and the process ends by itself without close', async () => {
    const script = `
      import { openKafka } from './src/source/kafka.ts'
      import { parseKafkaConfig } from './src/source/kafka-config.ts'
      const good = await openKafka(parseKafkaConfig('kafka://${broker.bootstrap}', {}))
      await good.topics()
      await openKafka(parseKafkaConfig('kafka://${broker.bootstrap}?ssl=true', {})).catch(() => {})
      await openKafka(parseKafkaConfig('kafka://127.0.0.1:1', {})).catch(() => {})
      console.log('done')`
    const root = path.join(import.meta.dirname, '../..')
    const args = ['--import', 'tsx', '--input-type=module', '--eval', script]
    const { stdout, stderr } = await run(process.execPath, args, { cwd: root, timeout: 30_000 })
    expect({ stdout, stderr }).toEqual({ stdout: 'done\n', stderr: '' })
  })
})
