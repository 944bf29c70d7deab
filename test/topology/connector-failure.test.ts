import { describe, expect, test } from 'vitest'
import { explain, hideSecrets } from '../../src/stack/connector-failure.js'

const config = {
  'database.hostname': 'db.example',
  'database.port': '3307',
  'database.password': 'hunter2',
  'producer.override.sasl.jaas.config': 'username="me" password="s3cret";',
}
const refused = (...problems: string[]): string =>
  `Connector configuration is invalid and contains the following ${problems.length} error(s):\n${problems.join('\n')}\n` +
  'You can also find the above list of errors at the endpoint `/connector-plugins/{connectorType}/config/validate`'

/** A trace as Connect gives it: the class and message of each cause, with frames below. */
const trace = (...causes: string[]): string =>
  causes
    .map(
      (cause, i) => `${i === 0 ? '' : 'Caused by: '}${cause}\n\tat io.debezium.Some.method(Some.java:67)\n`,
    )
    .join('')

describe('what Connect said becomes one sentence', () => {
  test.each([
    [
      refused("Unable to connect: Access denied for user 'debezium'@'localhost' (using password: YES)"),
      "Unable to connect: Access denied for user 'debezium'@'localhost' (using password: YES): check database.user and database.password.",
    ],
    [
      refused(
        'Unable to connect: Communications link failure\n\nThe last packet sent successfully to the server was 0 milliseconds ago. The driver has not received any packets from the server.',
      ),
      'Unable to connect: Communications link failure: check database.hostname and database.port, found db.example:3307, as the worker sees them.',
    ],
    [
      refused(
        "The 'decimal.handling.mode' value is invalid: Value must be one of string, double, precise",
        "The 'snapshot.mode' value is invalid: Value must be one of always, never",
      ),
      "The 'decimal.handling.mode' value is invalid: Value must be one of string, double, precise; The 'snapshot.mode' value is invalid: Value must be one of always, never.",
    ],
    [
      "Failed to find any class that implements Connector and which name matches io.debezium.connector.postgresql.PostgresConnector, available connectors are: PluginDesc{klass=class io.debezium.connector.mariadb.MariaDbConnector, name='io.debezium.connector.mariadb.MariaDbConnector', location='file:/plugins/'}, PluginDesc{klass=class io.debezium.connector.mysql.MySqlConnector, name='io.debezium.connector.mysql.MySqlConnector'}",
      'the worker has no io.debezium.connector.postgresql.PostgresConnector, it has io.debezium.connector.mariadb.MariaDbConnector, io.debezium.connector.mysql.MySqlConnector.',
    ],
    [
      trace(
        'org.apache.kafka.connect.errors.ConnectException: An exception occurred in the change event producer. This connector will be stopped.',
        'io.debezium.DebeziumException: java.sql.SQLSyntaxErrorException: Access denied; you need (at least one of) the SUPER, REPLICATION CLIENT privilege(s) for this operation',
        'java.sql.SQLSyntaxErrorException: Access denied; you need (at least one of) the SUPER, REPLICATION CLIENT privilege(s) for this operation',
      ),
      'Access denied; you need (at least one of) the SUPER, REPLICATION CLIENT privilege(s) for this operation: grant it to the user that database.user names.',
    ],
    [
      trace(
        'org.apache.kafka.connect.errors.ConnectException: An exception occurred in the change event producer. This connector will be stopped.',
        'io.debezium.DebeziumException: java.util.concurrent.ExecutionException: java.lang.IllegalArgumentException',
        'java.lang.IllegalArgumentException',
      ),
      'An exception occurred in the change event producer. This connector will be stopped (IllegalArgumentException).',
    ],
    ['java.lang.NullPointerException', 'java.lang.NullPointerException.'],
  ])('%#', (said, sentence) => {
    expect(explain(said, config)).toBe(sentence)
  })
})

test('an access denied says that the password is a reference, when it is one', () => {
  const reference = { 'database.password': '\u0024{env:DEBEZIUM_PASSWORD}' }
  expect(explain(refused('Access denied for user'), reference)).toMatch(
    /that the worker knows \$\{env:DEBEZIUM_PASSWORD\} \(its config\.providers and environment\)\.$/,
  )
})

test('values of secret settings are not repeated, other values are', () => {
  expect(hideSecrets('hunter2 at db.example with username="me" password="s3cret";', config)).toBe(
    '••• at db.example with •••',
  )
  expect(explain(refused("Invalid value hunter2 for configuration 'x'"), config)).not.toContain('hunter2')
})
