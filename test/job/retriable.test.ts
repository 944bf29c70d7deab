import { expect, test } from 'vitest'
import { ObslabError } from '../../src/errors.js'
import { KafkaError } from '../../src/job/kafka-error.js'
import { isRetriable } from '../../src/job/retriable.js'

function coded(code: string): Error {
  return Object.assign(new Error('a message of the driver'), { code })
}

function named(name: string): Error {
  return Object.assign(new Error('a message of kafkajs'), { name })
}

test.each([
  ['a broker that is gone', new ObslabError('broker-unreachable', '…')],
  ['a schema registry that is gone', new ObslabError('registry-unreachable', '…')],
  [
    'a coordinator that is loading',
    new ObslabError('output-failed', '…', { cause: new KafkaError(14, 'EndTxn') }),
  ],
  [
    'a transaction that is settling',
    new ObslabError('output-failed', '…', { cause: new KafkaError(51, 'EndTxn') }),
  ],
  ['a leader that moved', new ObslabError('output-failed', '…', { cause: new KafkaError(6, 'Produce') })],
  [
    'a transaction that a broker ended',
    new ObslabError('output-failed', '…', { cause: new KafkaError(47, 'EndTxn') }),
  ],
  [
    'a broker that is gone while writing',
    new ObslabError('output-failed', '…', { cause: new ObslabError('broker-unreachable', '…') }),
  ],
  [
    'a connection that kafkajs lost, however deep it wrapped that',
    new ObslabError('output-failed', '…', {
      cause: new Error('gave up', { cause: named('KafkaJSConnectionError') }),
    }),
  ],
  ['a database that ended the connection', lost('PROTOCOL_CONNECTION_LOST')],
  ['a database that does not listen', lost('ECONNREFUSED')],
  ['a deadlock', lost('ER_LOCK_DEADLOCK')],
])('%s may pass', (_, error) => {
  expect(isRetriable(error)).toBe(true)
})

test.each([
  ['another instance', new ObslabError('job-fenced', '…', { cause: new KafkaError(47, 'EndTxn') })],
  ['a live holder', new ObslabError('job-held', '…')],
  ['credentials', new ObslabError('broker-refused', '…')],
  ['a permission', new ObslabError('output-failed', '…', { cause: new KafkaError(29, 'Produce') })],
  [
    'a row that is too large',
    new ObslabError('output-failed', '…', { cause: new KafkaError(10, 'Produce') }),
  ],
  ['an output that failed without a cause', new ObslabError('output-failed', '…')],
  ['a statement that the database refused', lost('ER_NO_SUCH_TABLE')],
  ['an error that is not obslab’s', coded('ECONNREFUSED')],
  ['what is no error', 'ECONNREFUSED'],
])('%s does not pass', (_, error) => {
  expect(isRetriable(error)).toBe(false)
})

function lost(code: string): ObslabError {
  return new ObslabError('database-failed', '…', { cause: coded(code) })
}
