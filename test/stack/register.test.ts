import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type Connection, createConnection } from 'mysql2/promise'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { parse } from 'yaml'
import type { Finding } from '../../src/finding.js'
import { parseAddress } from '../../src/job/mysql-connection.js'
import { connect } from '../../src/lab.js'
import { ConnectClient } from '../../src/stack/connect-client.js'
import { isRunning, type Registration, readRegistration, register } from '../../src/stack/register.js'
import { simulate } from '../../src/stack/simulate.js'
import { verify } from '../../src/stack/verify.js'
import { deleteConnector, waitForSnapshot } from './connector.js'
import { mysqlUsers } from './mysql.js'

const stack = inject('stack')
const database = 'registered'
const user = 'registrar'
const folder = mkdtempSync(path.join(tmpdir(), 'obslab-register-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** The registration that obslab comes with, on this stack's addresses, database and user. */
async function registration(config: Record<string, string> = {}, name = database): Promise<Registration> {
  const file = path.join(folder, `${name}.json`)
  const { hostname, port } = new URL(stack!.mysql)
  const text = readFileSync('register-mysql.json', 'utf8')
    .replaceAll('dbserver1', name)
    .replaceAll('openmrs', database)
    .replaceAll('kafka:29092', stack!.kafka)
    .replace('"debezium"', `"${user}"`)
    .replace('"mysql"', `"${hostname}"`)
    .replace('"3306"', `"${port}"`)
  writeFileSync(file, text)
  const read = await readRegistration(file)
  return { name, config: { ...read.config, ...config } }
}

describe.skipIf(stack === null)('registering and verifying connectors on a real Connect', () => {
  let root: Connection
  let client: ConnectClient

  /** Runs what the compose file creates Debezium's user with, for a user and a database of this test's own. */
  beforeAll(async () => {
    client = new ConnectClient(stack!.connect)
    const { hostname: host, port } = new URL(stack!.mysql)
    root = await createConnection({ host, port: Number(port), user: 'root', multipleStatements: true })
    const compose = parse(readFileSync('docker-compose-mysql.yaml', 'utf8')) as {
      configs: Record<string, { content: string }>
    }
    const created = compose.configs['debezium-user']!.content.replaceAll("'debezium'@", `'${user}'@`)
      .replaceAll('openmrs.', `${database}.`)
      .replace(/\$\{DEBEZIUM_PASSWORD:-\w+\}/, mysqlUsers.debezium.password)
    await root.query(created)
    await simulate({
      url: `${stack!.mysql}/${database}`,
      password: mysqlUsers.openmrs.password,
      patients: 3,
      phases: ['schema', 'population'],
    })
  })
  afterAll(async () => {
    await root?.end()
    for (const name of [database, 'refused', 'weak']) await deleteConnector(stack!, name)
  })

  const verified = async (connector = database): Promise<Finding[]> =>
    await verify({
      connect: client,
      openSource: async () => (await connect(`kafka://${stack!.kafka}`)).source,
      database: parseAddress(`${stack!.mysql}/${database}`, mysqlUsers.openmrs.password),
      connector,
    })
  const codes = (findings: readonly Finding[]): string[] =>
    findings.map(({ severity, code }) => `${severity} ${code}`)

  test("obslab's own registration runs with the grants of the compose file, twice, and tells no password", async () => {
    expect(await register(client, await registration(), { wait: true })).toBe('created')
    expect(await register(client, await registration(), { wait: true })).toBe('updated')
    expect(isRunning(await client.status(database))).toBe(true)
    expect(await client.config(database)).toMatchObject({
      'database.password': expect.stringMatching(/^\$\{env:DEBEZIUM_PASSWORD\}$/),
    })
    await waitForSnapshot(stack!, database)
  })

  test('a road in order has no error and no warning', async () => {
    const findings = await verified()
    expect(codes(findings)).toEqual([
      'information connect-answers',
      'information connector-running',
      'information topics-filled',
      'information database-in-order',
    ])
    expect(findings[2]?.sentence).toMatch(/^Behind 'registered', 1\d topics of tables hold \d+ records\.$/)
  })

  test('a database set otherwise than Debezium needs is found', async () => {
    await root.query('SET GLOBAL binlog_row_image=MINIMAL; SET GLOBAL binlog_expire_logs_seconds=3600')
    try {
      expect(codes(await verified())).toEqual(
        expect.arrayContaining(['error binlog-row-image', 'warning binlog-expiry']),
      )
    } finally {
      await root.query('SET GLOBAL binlog_row_image=FULL; SET GLOBAL binlog_expire_logs_seconds=2592000')
    }
  })

  test('settings that lose something are found', async () => {
    const losing = {
      'provide.transaction.metadata': 'false',
      'decimal.handling.mode': 'double',
      'value.converter.replace.null.with.default': 'true',
    }
    await register(client, await registration(losing), { wait: true })
    expect(codes(await verified())).toEqual(
      expect.arrayContaining([
        'warning transactions-off',
        'warning decimals-inexact',
        'warning null-as-default',
      ]),
    )
    await register(client, await registration(), { wait: true })
  })

  test.each([
    [
      'a wrong password',
      { 'database.password': 'hunter2hunter2' },
      /^Connect refused the connector 'refused': Unable to connect: Access denied for user 'registrar'@.*: check database.user and database.password\.$/,
    ],
    [
      'a wrong host',
      { 'database.hostname': 'nowhere.invalid' },
      /^Connect refused the connector 'refused': Unable to connect: Communications link failure: check database.hostname and database.port, found nowhere\.invalid:\d+, as the worker sees them\.$/,
    ],
    [
      'a setting that Debezium does not know',
      { 'snapshot.mode': 'sometimes' },
      /^Connect refused the connector 'refused': The 'snapshot.mode' value is invalid: .*\.$/,
    ],
    [
      'a connector that is not installed',
      { 'connector.class': 'io.debezium.connector.postgresql.PostgresConnector' },
      /^Connect refused the connector 'refused': the worker has no io\.debezium\..*PostgresConnector, it has .*MySqlConnector\.$/,
    ],
  ])('%s is told in one sentence', async (_, config, message) => {
    const refused = register(client, await registration(config, 'refused'))
    await expect(refused).rejects.toMatchObject({
      code: 'connector-failed',
      message: expect.stringMatching(message),
    })
    await expect(refused).rejects.not.toMatchObject({ message: expect.stringContaining('hunter2') })
    expect(await client.config('refused')).toBeNull()
  })

  test('a task that fails after Connect took the connector is told in one sentence, now and by verify', async () => {
    await root.query(
      "CREATE USER weak@'%' IDENTIFIED BY 'weak-word'; GRANT SELECT, RELOAD, SHOW DATABASES ON *.* TO weak@'%'",
    )
    const weak = { 'database.user': 'weak', 'database.password': 'weak-word', 'database.server.id': '184400' }
    const sentence =
      "The connector 'weak' failed: Access denied; you need (at least one of) the SUPER, REPLICATION CLIENT privilege(s) " +
      'for this operation: grant it to the user that database.user names.'
    await expect(register(client, await registration(weak, 'weak'), { wait: true })).rejects.toMatchObject({
      code: 'connector-failed',
      message: sentence,
    })
    const findings = await verified('weak')
    expect(findings).toContainEqual({ code: 'connector-failed', severity: 'error', sentence })
    expect(codes(findings)).toContain('error topics-empty')
  })

  test('what is missing at one place hides nothing about the others', async () => {
    expect(codes(await verified('nobody'))).toEqual([
      'information connect-answers',
      'error connector-missing',
      'information database-in-order',
    ])
  })

  test('obslab register and obslab verify do the same, and verify ends with 1 where a finding is an error', () => {
    const obslab = (...args: string[]): { status: number | null; stdout: string; stderr: string } =>
      spawnSync('node', ['dist/cli.js', ...args], {
        encoding: 'utf8',
        env: { ...process.env, OBSLAB_MYSQL_PASSWORD: mysqlUsers.openmrs.password },
      })
    const where = ['--connect', stack!.connect]
    const file = path.join(folder, `${database}.json`)
    const registered = obslab('register', ...where, '--file', file, '--wait', '--json')
    expect([registered.stderr, registered.status]).toEqual(['', 0])
    expect(JSON.parse(registered.stdout)).toEqual({ name: database, done: 'updated', running: true })
    const road = [...where, '--source', `kafka://${stack!.kafka}`, '--mysql', `${stack!.mysql}/${database}`]
    const inOrder = obslab('verify', ...road, '--connector', database)
    expect([inOrder.stderr, inOrder.status]).toEqual(['', 0])
    expect(inOrder.stdout).toContain(
      "information: The connector 'registered' and its task run. [connector-running]",
    )
    const failing = obslab('verify', ...road, '--connector', 'weak', '--json')
    expect([failing.stderr, failing.status]).toEqual(['', 1])
    const findings = failing.stdout
      .trim()
      .split('\n')
      .map(line => JSON.parse(line) as Finding)
    expect(codes(findings)).toContain('error connector-failed')
  })
})
