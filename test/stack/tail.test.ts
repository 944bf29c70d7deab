import { spawn, spawnSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { createConnection } from 'mysql2/promise'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import type { ChangeRecord } from '../../src/frame/change-record.js'
import { connect, type Lab } from '../../src/lab.js'
import { simulate } from '../../src/stack/simulate.js'
import type { Tail } from '../../src/tail.js'
import { deleteConnector, registerConnector, waitForSnapshot } from './connector.js'
import { mysqlUsers } from './mysql.js'

const stack = inject('stack')
const database = 'tailed'
const person = `${database}.${database}.person`

/** How long an event may take to come through; it takes about a second. */
const patience = 60_000

async function query(...statements: string[]): Promise<void> {
  const { hostname: host, port } = new URL(stack!.mysql)
  const connection = await createConnection({ host, port: Number(port), database, ...mysqlUsers.openmrs })
  try {
    for (const statement of statements) await connection.query(statement)
  } finally {
    await connection.end()
  }
}

/** The first changes for which `enough` holds, as soon as it does; the tail is stopped. */
async function until(
  tail: Tail,
  enough: (changes: readonly ChangeRecord[]) => boolean,
): Promise<ChangeRecord[]> {
  const changes: ChangeRecord[] = []
  const late = setTimeout(() => tail.stop(), patience)
  try {
    for await (const change of tail) {
      changes.push(change)
      if (enough(changes)) return changes
    }
    throw new Error(`After ${patience / 1000} s only ${changes.length} changes had come: ${tail.text()}`)
  } finally {
    clearTimeout(late)
  }
}

function obslab(args: readonly string[], input = ''): { code: number | null; out: string; err: string } {
  const source = ['--source', `kafka://${stack!.kafka}`]
  const { status, stdout, stderr } = spawnSync(process.execPath, ['dist/cli.js', ...args, ...source], {
    input,
    encoding: 'utf8',
  })
  return { code: status, out: stdout, err: stderr }
}

describe.skipIf(stack === null)('a topic that is written to', () => {
  let lab: Lab

  beforeAll(async () => {
    const life = {
      url: `${stack!.mysql}/${database}`,
      password: mysqlUsers.openmrs.password,
      seed: 5,
      patients: 5,
    }
    await simulate({ ...life, phases: ['schema', 'population'] })
    await registerConnector(stack!, { prefix: database, database, serverId: 184_230 })
    await waitForSnapshot(stack!, database)
    lab = await connect(`kafka://${stack!.kafka}`)
  })
  afterAll(async () => {
    await lab?.close()
    await deleteConnector(stack!, database)
  })

  test('rows written to MySQL come at the end of a tail, with their lag hop by hop', async () => {
    const tail = await lab.tail(person)
    const uuid = randomUUID()
    const arrived = until(tail, changes => changes.at(-1)?.op === 'tombstone')
    await query(
      `INSERT INTO person (gender, birthdate_estimated, dead, creator, date_created, voided, uuid) VALUES ('F', 0, 0, 1, NOW(), 0, '${uuid}')`,
      `UPDATE person SET gender = 'M' WHERE uuid = '${uuid}'`,
      `DELETE FROM person WHERE uuid = '${uuid}'`,
    )
    const changes = await arrived
    expect(changes.map(({ op }) => op)).toEqual(['c', 'u', 'd', 'tombstone'])
    expect(changes[1]).toMatchObject({ changed: ['gender'], before: { gender: 'F' }, after: { gender: 'M' } })
    expect(changes[1]!.line()).toContain('gender F → M')
    for (const hop of ['databaseToDebezium', 'debeziumToKafka', 'kafkaToHere'] as const)
      expect(Math.abs(tail.lag[hop]!)).toBeLessThan(patience)
    expect(tail.lag.wholeSeconds).toBe(false)
  })

  test('a column added while the tail runs is decoded by its DDL', async () => {
    const tail = await lab.tail(person)
    const arrived = until(tail, changes => changes.some(({ after }) => after !== null && 'price' in after))
    await query(
      'ALTER TABLE person ADD COLUMN price DECIMAL(10,2) NULL',
      'UPDATE person SET price = 7.90 WHERE person_id = (SELECT id FROM (SELECT MIN(person_id) AS id FROM person) AS one)',
    )
    expect((await arrived).at(-1)!.after!.price).toBe('7.90')
  })

  test('from the beginning, an offset and a time give what a replay gives', async () => {
    const rows = (await lab.replay(person, { columns: [], progress: false })).changes().rows()
    const end = rows.at(-1)!
    const time = rows[2]!._timestamp as number
    for (const from of ['beginning', 3, new Date(time)] as const) {
      const tail = await lab.tail(person, { from })
      const offsets = (await until(tail, changes => changes.at(-1)!.offset === end._offset)).map(
        ({ offset }) => offset,
      )
      const expected = rows.filter(row =>
        from === 'beginning'
          ? true
          : from === 3
            ? (row._offset as number) >= 3
            : (row._timestamp as number) >= time,
      )
      expect(offsets).toEqual(expected.map(row => row._offset))
    }
  })

  test('a speed is refused: records of a cluster come when they are written', async () => {
    await expect(lab.tail(person, { speed: 2 })).rejects.toMatchObject({ code: 'option-invalid' })
  })

  test('obslab tail prints changes as they come, and Ctrl-C ends it with exit code 0', async () => {
    const child = spawn(process.execPath, [
      'dist/cli.js',
      'tail',
      person,
      '-s',
      `kafka://${stack!.kafka}`,
      '--from-beginning',
    ])
    const uuid = randomUUID()
    let out = ''
    const code = await new Promise<number | null>((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`It printed only: ${out}`)), patience)
      child.stdout.on('data', chunk => {
        const first = out === ''
        out += chunk
        if (first) query(`UPDATE person SET uuid = '${uuid}' ORDER BY person_id LIMIT 1`).catch(reject)
        if (out.includes(`→ ${uuid}`)) child.kill('SIGINT')
      })
      child.on('close', code => {
        clearTimeout(late)
        resolve(code)
      })
    })
    expect(code).toBe(0)
  })
})

describe.skipIf(stack === null)('writing to topics', () => {
  const name = `notes-${randomUUID().slice(0, 8)}`

  test('a topic is created with its partitions and settings, and a second time refused', async () => {
    const create = [
      'topics',
      'create',
      name,
      '--partitions',
      '3',
      '--config',
      'cleanup.policy=compact',
      'segment.ms=60000',
    ]
    expect(obslab(create)).toMatchObject({ code: 0, out: `${name} is created\n`, err: '' })
    expect(obslab(create)).toMatchObject({ code: 1, out: '', err: expect.stringContaining('[topic-exists]') })
    const lab = await connect(`kafka://${stack!.kafka}`)
    const [topic] = await lab.source.topics([name])
    await lab.close()
    expect([topic!.partitions.length, topic!.cleanupPolicy]).toEqual([3, 'compact'])
  })

  test.each([
    [['topics', 'create', 'no spaces'], 'the name is not one Kafka takes'],
    [['topics', 'create', 'x', '--partitions', '0'], 'must be 1 or more'],
    [['topics', 'create', 'x', '--replication', '5'], 'fewer brokers than replicas'],
    [['topics', 'create', 'x', '--config', 'no.such=1'], 'no such setting'],
  ])('%j is refused in a sentence: %s', (args, told) => {
    const { code, out, err } = obslab(args)
    expect([code, out]).toEqual([1, ''])
    expect(err).toContain(told)
  })

  test('what is produced is what a tail shows: keys, values, tombstones, each once', async () => {
    const envelope = (id: number): string =>
      JSON.stringify({ op: 'c', before: null, after: { id, text: `row ${id}` }, source: null, ts_ms: 1 })
    const lines = Array.from(
      { length: 2_500 },
      (_, id) => `{"id":${id}}|${id % 100 === 7 ? '' : envelope(id)}\n`,
    )
    const produced = obslab(['produce', name, '--key-separator', '|', '--json'], lines.join(''))
    expect([produced.code, JSON.parse(produced.out)]).toEqual([
      0,
      { topic: name, records: 2_500, tombstones: 25 },
    ])

    const lab = await connect(`kafka://${stack!.kafka}`)
    const tail = await lab.tail(name, { from: 'beginning' })
    const changes = await until(tail, all => all.length === 2_500)
    const ids = changes.map(({ key }) => key!.id as number).sort((a, b) => a - b)
    expect(ids).toEqual(Array.from({ length: 2_500 }, (_, id) => id))
    for (const { key, op, after } of changes) {
      const id = key!.id as number
      expect([id, op, after]).toEqual([
        id,
        id % 100 === 7 ? 'tombstone' : 'c',
        id % 100 === 7 ? null : { id, text: `row ${id}` },
      ])
    }
    const [topic] = await lab.source.topics([name])
    expect(topic!.partitions.reduce((sum, { end }) => sum + end, 0)).toBe(2_500)
    await lab.close()
  })

  test('a line that cannot be read ends it, and says how many before it were produced', () => {
    const { code, out, err } = obslab(
      ['produce', name, '--json-lines'],
      '{"key":"a","value":1}\n{"key":"b"}\n',
    )
    expect([code, out]).toEqual([2, ''])
    expect(err).toContain('Line 2 cannot be produced: expected a value')
    expect(err).toContain('1 record before is in the topic.')
  })

  test('a record the topic does not take is told with its lines', () => {
    const big = `k|${'x'.repeat(2_000_000)}\n`
    const { code, err } = obslab(['produce', name, '--key-separator', '|'], `a|b\n${big}`)
    expect([code, err]).toEqual([
      1,
      expect.stringContaining('Not all records of line 2 are known to be written'),
    ])
    expect(err).toContain('max.message.bytes')
    const keyless = obslab(['produce', name], 'a value\n')
    expect(keyless.err).toContain('a record without a key cannot be in a compacted topic')
  })

  test('a topic that is not there is not made by producing to it', () => {
    const { code, err } = obslab(['produce', `${name}s`], 'a\n')
    expect([code, err]).toEqual([1, expect.stringContaining(name)])
    expect(err).toContain('[topic-unknown]')
  })

  test('a topic is deleted only with --yes, and what would go is told before', async () => {
    const refused = obslab(['topics', 'delete', name])
    expect(refused).toMatchObject({ code: 2, out: '' })
    expect(refused.err).toMatch(/with its 2,50\d records, for good\. Add --yes/)
    expect(obslab(['topics', 'delete', name, '--yes'])).toMatchObject({
      code: 0,
      out: expect.stringMatching(/is deleted, and with it 2,50\d records/),
    })
    expect(obslab(['topics', 'delete', name, '--yes']).err).toContain('[topic-unknown]')
  })
})
