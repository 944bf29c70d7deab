import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import { parseKafkaConfig } from '../../src/source/kafka-config.js'
import { failure } from './failure.js'

const login = { OBSLAB_KAFKA_USERNAME: 'alice', OBSLAB_KAFKA_PASSWORD: 'password' }

describe('a URL', () => {
  test.each([
    ['kafka://localhost', 'kafka://localhost:9092', false, undefined],
    ['kafka://localhost:9093/', 'kafka://localhost:9093', false, undefined],
    ['kafka://a:1,b:2,[::1]:3', 'kafka://a:1,b:2,[::1]:3', false, undefined],
    ['KAFKA://a:1?ssl=true', 'kafka://a:1', true, undefined],
    ['kafka://a:1?ssl=true&sasl=SCRAM-SHA-256', 'kafka://a:1', true, 'scram-sha-256'],
    ['kafka://a:1?ssl=false&sasl=plain&client-id=nb&check-hostname=false', 'kafka://a:1', false, 'plain'],
  ])('%s is understood', (url, name, ssl, mechanism) => {
    const config = parseKafkaConfig(url, login)
    expect(config).toMatchObject({ name, ssl, mechanism })
  })

  test('several addresses are all kept', () => {
    expect(parseKafkaConfig('kafka://a:1,[::1]:3', {}).brokers).toEqual([
      { host: 'a', port: 1 },
      { host: '::1', port: 3 },
    ])
  })

  test.each([
    ['kafka://a:1?sll=true', "no Kafka option 'sll'. Did you mean ssl?"],
    ['kafka://a:1?cleint-id=x', 'Did you mean client-id?'],
    ['kafka://a:1?toString=x', "no Kafka option 'toString'"],
    ['kafka://a:1?ssl=yes', "ssl to be true or false, found 'yes'"],
    ['kafka://a:1?sasl=kerberos', 'sasl to be one of plain, scram-sha-256'],
    ['kafka://a:99999', "host:port, found 'a:99999'"],
    ['kafka://a:1/topic', "found 'kafka://a:1/topic'"],
    ['kafka://', 'No Kafka address given'],
    ['http://a:1', "found 'http://a:1'"],
    ['localhost:9092', "found 'localhost:9092'"],
    ['kafka://a:1?sasl=plain', 'set OBSLAB_KAFKA_USERNAME and OBSLAB_KAFKA_PASSWORD'],
    ['kafka://a:1?sasl=oauthbearer', 'the option token'],
    ['kafka://a:1?ca=/nowhere/ca.pem', 'that ca names cannot be read: /nowhere/ca.pem'],
  ])('%s is refused with what to do', (url, sentence) => {
    expect(failure(() => parseKafkaConfig(url, {}))).toMatchObject({
      code: 'option-invalid',
      message: expect.stringContaining(sentence),
    })
  })

  test.each([
    'kafka://alice:hunter2@a:1',
    'kafka://hunter2@a:1,b:2',
    'kafka://a:1,alice:hunter2@b:2',
    'kafka://a:1?password=hunter2',
    'kafka://a:1?sasl=plain&username=u&password=hunter2',
  ])('%s is refused and its credentials are not repeated', url => {
    const error = failure(() => parseKafkaConfig(url, {}))
    expect(error.message).toContain('OBSLAB_KAFKA_PASSWORD')
    expect(inspect(error) + error.stack + JSON.stringify(error)).not.toContain('hunter2')
  })
})
