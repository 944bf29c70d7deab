import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { type KafkaConfig, parseKafkaConfig } from '../../src/source/kafka-config.js'
import { certificate, privateKey } from './certificate.js'
import { failure } from './failure.js'

const folder = mkdtempSync(path.join(tmpdir(), 'obslab-kafka-properties-'))
afterAll(() => rmSync(folder, { recursive: true }))

const secret = 'correct-horse "battery" \\staple'

function file(name: string, text: string): string {
  const location = path.join(folder, name)
  writeFileSync(location, text)
  return location
}

function shape({ name, brokers, ssl, mechanism }: KafkaConfig): object {
  return { name, brokers, ssl, mechanism }
}

describe('a client.properties file', () => {
  test('gives addresses, TLS, mechanism and credentials', async () => {
    const escaped = secret.replaceAll('\\', '\\\\\\\\').replaceAll('"', '\\\\"')
    const properties = file(
      'client.properties',
      `bootstrap.servers=SASL_SSL://a:1, b:2
security.protocol=SASL_SSL
sasl.mechanism=SCRAM-SHA-512
sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required \\
  username="alice" \\
  password="${escaped}";
ssl.truststore.type=PEM
ssl.truststore.certificates=${certificate.trim().replaceAll('\n', '\\\n')}
ssl.endpoint.identification.algorithm=
group.id=ignored
`,
    )
    const config = parseKafkaConfig(properties, {})
    expect(shape(config)).toEqual({
      name: 'kafka://a:1,b:2',
      brokers: [
        { host: 'a', port: 1 },
        { host: 'b', port: 2 },
      ],
      ssl: true,
      mechanism: 'scram-sha-512',
    })
    const { sasl, ssl } = await config.clientOptions()
    expect(Reflect.get(sasl!, 'password')).toBe(secret)
    expect(Reflect.get(Object(ssl), 'checkServerIdentity')).toBeTypeOf('function')
  })

  test('the URL takes precedence over the file it names', () => {
    const properties = file('precedence.properties', 'bootstrap.servers=b:2\nsecurity.protocol=SSL')
    expect(parseKafkaConfig(`kafka://a:1?ssl=false&properties=${properties}`, {})).toMatchObject({
      name: 'kafka://a:1',
      ssl: false,
    })
    expect(parseKafkaConfig(`kafka://?properties=${properties}`, {})).toMatchObject({
      name: 'kafka://b:2',
      ssl: true,
    })
  })

  test('a client certificate and key in PEM are taken from one file or inline', () => {
    const both = file('both.pem', certificate + privateKey)
    const base = 'bootstrap.servers=a:1\nsecurity.protocol=SSL\nssl.keystore.type=PEM\n'
    const inline = (name: string, pem: string): string => `${name}=${pem.trim().replaceAll('\n', ' ')}\n`
    const text =
      inline('ssl.keystore.certificate.chain', certificate) + inline('ssl.keystore.key', privateKey)
    expect(parseKafkaConfig(file('a.properties', `${base}ssl.keystore.location=${both}`), {}).ssl).toBe(true)
    expect(parseKafkaConfig(file('b.properties', base + text), {}).ssl).toBe(true)
  })

  test.each([
    [
      'security.protocol=SSL\nssl.truststore.location=trust.jks',
      "found JKS, Java's default: Node cannot read",
    ],
    [
      'security.protocol=SSL\nssl.truststore.location=t.p12\nssl.truststore.type=PKCS12',
      'keytool -exportcert',
    ],
    ['security.protocol=SSL\nssl.keystore.location=k.jks', 'keytool -importkeystore'],
    ['security.protocol=SSL\nssl.truststore.type=PEM\nssl.truststore.certificates=abc', 'to be PEM'],
    ['security.protocol=SASL_SSL', "found GSSAPI, Java's default"],
    ['security.protocol=SASL_SSL\nsasl.mechanism=PLAIN', 'OBSLAB_KAFKA_USERNAME'],
    [
      'security.protocol=SASL_SSL\nsasl.mechanism=PLAIN\nsasl.jaas.config=x required user="u";',
      'options username',
    ],
    ['security.protocol=TLS', "found 'TLS'"],
  ])('%s is refused with what to do', (text, sentence) => {
    const properties = file('refused.properties', `bootstrap.servers=a:1\n${text}`)
    expect(failure(() => parseKafkaConfig(properties, {}))).toMatchObject({
      code: 'option-invalid',
      message: expect.stringContaining(sentence),
    })
  })
})
