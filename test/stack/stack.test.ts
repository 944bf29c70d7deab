import { createServer } from 'node:net'
import { createConnection } from 'mysql2/promise'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { simulate } from '../../src/stack/simulate.js'
import { waitUntilCaptured } from './captured.js'
import { deleteConnector, registerConnector, waitForTask } from './connector.js'
import { mysqlUsers } from './mysql.js'
import { ensurePortFree, portsFromEnvironment } from './ports.js'
import { installSoftware } from './software.js'
import { isolatedStack, Stack, stackFolder } from './stack.js'
import { records, topicNames } from './topics.js'

describe.skipIf(inject('stack') === null)('the stack', () => {
  let stack: Stack

  beforeAll(async () => {
    stack = await isolatedStack('kill')
    await stack.up()
    await simulate({
      url: stack.mysql.url(),
      password: 'openmrs',
      patients: 3,
      phases: ['schema', 'population'],
    })
    await registerConnector(stack.addresses)
    await waitUntilCaptured(stack.addresses)
  })

  afterAll(() => stack.remove())

  test('another process finds what runs by the folder alone', async () => {
    const other = new Stack(await installSoftware(stackFolder), stack.folder, stack.ports)
    expect(other.services.map(service => service.pid)).toEqual(stack.services.map(service => service.pid))
    await other.up()
    expect(other.kafka.pid).toBe(stack.kafka.pid)
  })

  test('the topic of obs has three partitions, those of the other tables one', async () => {
    const names = await topicNames(stack.addresses.kafka)
    expect(names).toContain('dbserver1.openmrs.obs')
    expect(names).toContain('dbserver1')
    expect((await records(stack.addresses.kafka, 'dbserver1.openmrs.obs')).partitions).toBe(3)
    expect((await records(stack.addresses.kafka, 'dbserver1.openmrs.person')).partitions).toBe(1)
  })

  test('what is committed while Connect is dead by kill -9 is captured after its restart', async () => {
    const before = stack.connect.pid
    await stack.connect.kill()
    expect(stack.connect.pid).toBeNull()
    await query(stack, "UPDATE person SET gender='X' WHERE person_id=2")
    await stack.connect.start()
    expect(stack.connect.pid).not.toBe(before)
    await waitForTask(stack.addresses, 'dbserver1')
    await waitUntilCaptured(stack.addresses)
    const { values } = await records(stack.addresses.kafka, 'dbserver1.openmrs.person')
    const updates = values.filter(value => value?.op === 'u')
    expect(updates.map(value => value?.after?.gender)).toContain('X')
  })

  test('a broker and a database killed by kill -9 come back with their data', async () => {
    await stack.kafka.kill()
    await stack.mysql.kill()
    await Promise.all([stack.kafka.start(), stack.mysql.start()])
    const { values } = await records(stack.addresses.kafka, 'dbserver1.openmrs.person')
    expect(values.filter(value => value?.op === 'r')).toHaveLength(3)
    expect(await query(stack, 'SELECT count(*) AS n FROM person')).toEqual([{ n: 3 }])
  })

  test('a connector that cannot log in is told in one sentence', async () => {
    const wrong = registerConnector(stack.addresses, {
      prefix: 'wrong',
      config: { 'database.password': 'not this one' },
    })
    await expect(wrong).rejects.toThrow(/^Connect refused the connector 'wrong': .*Access denied/s)
    await deleteConnector(stack.addresses, 'wrong')
  })

  test('services stop on request, and their ports are free again', async () => {
    await stack.down()
    expect(stack.services.map(service => service.pid)).toEqual([null, null, null])
    await ensurePortFree('kafka', stack.ports.kafka)
    await ensurePortFree('mysql', stack.ports.mysql)
    await ensurePortFree('connect', stack.ports.connect)
  })
})

describe('ports', () => {
  test('a taken port is named with the variable that chooses another', async () => {
    const server = createServer()
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as { port: number }
    await expect(ensurePortFree('kafka', port)).rejects.toMatchObject({
      code: 'port-in-use',
      message: expect.stringMatching(new RegExp(`^Port ${port} for kafka is taken.*OBSLAB_KAFKA_PORT=`)),
    })
    server.close()
  })

  test('ports come from the environment where they are set', () => {
    expect(portsFromEnvironment({ OBSLAB_MYSQL_PORT: '3307' })).toEqual({
      kafka: 9092,
      controller: 9093,
      connect: 8083,
      mysql: 3307,
    })
    expect(() => portsFromEnvironment({ OBSLAB_MYSQL_PORT: 'x' })).toThrow('OBSLAB_MYSQL_PORT must be a port')
  })
})

async function query(stack: Stack, sql: string): Promise<unknown> {
  const connection = await createConnection({
    host: '127.0.0.1',
    port: stack.ports.mysql,
    database: 'openmrs',
    ...mysqlUsers.openmrs,
  })
  const [rows] = await connection.query(sql)
  await connection.end()
  return rows
}
