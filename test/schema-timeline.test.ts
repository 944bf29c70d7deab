import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { comparePositions } from '../src/change/position.js'
import { connect, type Lab } from '../src/lab.js'
import { openmrs } from '../src/openmrs/openmrs.js'

const folder = mkdtempSync(join(tmpdir(), 'obslab-schema-'))
afterAll(() => rmSync(folder, { recursive: true }))

const changesOf = async (lab: Lab, topic: string): Promise<string[]> =>
  (await lab.schemaHistory(topic))
    .changes()
    .rows()
    .map(({ version, column, change, before, after }) => `${version} ${column} ${change} ${before} ${after}`)

describe.each(['datasets/openmrs', 'datasets/openmrs-schemas'])('%s', where => {
  test.each([
    ['obs', ['2 value_complex type changed VARCHAR(255) VARCHAR(1000)']],
    ['person_address', ['2 address7 added null VARCHAR(255)']],
    [
      'obslab_types',
      [
        '2 added added null VARCHAR(20)',
        '3 small type changed INT(11) BIGINT',
        '3 note type changed VARCHAR(64) VARCHAR(255)',
      ],
    ],
    ['visit', []],
  ])('the columns of %s changed as its DDL says', async (topic, expected) => {
    const lab = await connect(where)
    expect(await changesOf(lab, topic)).toEqual(expected)
    await lab.close()
  })
})

test('each version counts the changes between its position and the next one’s, from the first of them on', async () => {
  const lab = await connect()
  const timeline = await lab.schemaHistory(openmrs.obs)
  const versions = timeline.versions().rows()
  expect(versions.map(({ origin }) => origin)).toEqual(['schema-change', 'schema-change'])
  expect(versions[1]!.statement).toContain('ALTER TABLE obs MODIFY COLUMN value_complex varchar(1000)')
  const at = /^(.*):(\d+)$/.exec(versions[1]!.log!)!
  const began = { file: at[1]!, pos: Number(at[2]), row: 0 }
  const rows = (await lab.replay('obs', { columns: [] })).changes().rows()
  const applied = rows.filter(row => row._status === 'applied' && row._op !== 'tombstone')
  const isLater = (row: (typeof rows)[number]): boolean =>
    comparePositions({ file: row._file as string, pos: row._pos as number, row: 0 }, began) >= 0
  const later = applied.filter(isLater)
  expect(versions.map(({ records }) => records)).toEqual([applied.length - later.length, later.length])
  const record = await lab.at(versions[1]!.first!)
  expect([record.schemaVersion, record.schema]).toEqual([2, expect.stringContaining('ALTER TABLE obs')])
  expect(record.text()).toMatch(/^schema +version 2, since \S+: ALTER TABLE obs/m)
  expect((await lab.at('obs:0:0')).schemaVersion).toBe(1)
  await lab.close()
})

test('columns that were added, removed, renamed or given another type are told, with the statement', async () => {
  for (const name of ['plain', 'schema', 'modes', 'unwrapped']) {
    const lab = await connect(`test/change/recordings/${name}`)
    expect(await changesOf(lab, 'altered')).toEqual([
      '2 amount type changed DOUBLE DECIMAL(12,3)',
      '3 flag added null VARCHAR(10) NOT NULL',
      '3 at type changed DATETIME DATETIME(6)',
      '4 flag2 renamed flag flag2',
      '4 flag2 type changed VARCHAR(10) NOT NULL VARCHAR(20)',
      '4 yes added null BOOLEAN',
      '5 id type changed INT(11) NOT NULL BIGINT NOT NULL',
      '6 flag2 removed VARCHAR(20) null',
    ])
    const timeline = await lab.schemaHistory('altered')
    expect(
      timeline
        .columns()
        .rows()
        .map(({ column, type, key }) => [column, type, key]),
    ).toEqual([
      ['id', 'BIGINT', true],
      ['amount', 'DECIMAL(12,3)', false],
      ['at', 'DATETIME(6)', false],
      ['note', 'VARCHAR(64)', false],
      ['yes', 'BOOLEAN', false],
    ])
    expect(
      timeline
        .columns(1)
        .rows()
        .map(({ kind }) => kind),
    ).toEqual(['int', 'double', 'datetime', 'text'])
    await lab.close()
  }
})

/** A recording without its schema-change topic. */
async function withoutDdl(name: string): Promise<Lab> {
  const lab = await connect(`test/change/recordings/${name}`)
  const copy = join(folder, name)
  await lab.record(copy, { topics: [`${name}.obslab_capture.altered`] })
  await lab.close()
  return await connect(copy)
}

test('without DDL the schemas that records carry tell the versions, and it is said', async () => {
  const lab = await withoutDdl('schema')
  const timeline = await lab.schemaHistory('altered')
  expect(timeline.origin).toBe('connect-schema')
  expect(timeline.text()).toContain('told by the schemas that its records carry')
  expect(await changesOf(lab, 'altered')).toEqual([
    '2 amount type changed double decimal, scale 3',
    '3 flag added null text NOT NULL',
    '3 at type changed datetime, as epoch-ms datetime, as epoch-us',
    '4 flag2 added null text',
    '4 yes added null boolean',
    '4 flag removed text NOT NULL null',
    '5 id type changed int NOT NULL bigint NOT NULL',
    '6 flag2 removed text null',
  ])
  const record = await lab.at('altered:0:0')
  expect([record.schemaVersion, record.schema]).toEqual([null, 'as the record carries it'])
  await lab.close()
})

test('without DDL and schemas only columns that come and go are seen, and it is said', async () => {
  const lab = await withoutDdl('plain')
  const timeline = await lab.schemaHistory('altered')
  expect(timeline.origin).toBe('inferred')
  expect((await changesOf(lab, 'altered')).map(text => text.split(' ').slice(0, 3).join(' '))).toEqual([
    '2 flag added',
    '3 flag2 added',
    '3 yes added',
    '3 flag removed',
    '4 flag2 removed',
  ])
  expect((await lab.at('altered:0:0')).schema).toBe('none: types are taken from the values')
  await lab.close()
})

test('a column whose type was altered holds the values of both types in a frame, and a finding says so', async () => {
  for (const name of ['plain', 'schema', 'modes', 'unwrapped']) {
    const lab = await connect(`test/change/recordings/${name}`)
    const changes = (await lab.replay('altered')).changes()
    const kind = (column: string): string => changes.column(column).kind
    expect([kind('amount'), kind('id'), kind('at')]).toEqual(['decimal', 'bigint', 'datetime'])
    expect(changes.rows().map(({ amount }) => amount)).toEqual(
      expect.arrayContaining(['71.25', '72.125', '0.001']),
    )
    expect(changes.rows().every(({ id }) => typeof id === 'bigint')).toBe(true)
    const findings = (await lab.replay('altered')).findings()
    expect(findings.map(({ code }) => code)).toContain('columns-changed')
    await lab.close()
  }
})

test('a version that there is not is told with those there are', async () => {
  const lab = await connect('datasets/openmrs-schemas')
  const timeline = await lab.schemaHistory('obs')
  expect(() => timeline.columns(3)).toThrow(/found 3; they are 1 to 2/)
  await lab.close()
})
