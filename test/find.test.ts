import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Row } from '../src/change/column-type.js'
import type { FoundChange } from '../src/find.js'
import type { Frame } from '../src/frame/frame.js'
import { connect, type Lab } from '../src/lab.js'

let lab: Lab
let found: Frame<FoundChange>
beforeAll(async () => {
  lab = await connect()
  found = await lab.find({ person_id: 7 })
})
afterAll(() => lab.close())

const positionsIn = (rows: readonly FoundChange[], table: string): string[] =>
  rows.filter(({ topic }) => topic.endsWith(`.${table}`)).map(({ position }) => position)

test('one patient is found in every table, by person_id or by patient_id', async () => {
  const tables = new Set(found.rows().map(({ topic }) => topic.split('.').at(-1)))
  for (const table of ['person', 'person_name', 'patient', 'encounter', 'obs', 'visit'])
    expect(tables).toContain(table)
  for (const [table, column] of [
    ['obs', 'person_id'],
    ['encounter', 'patient_id'],
  ] as const) {
    const changes = (await lab.replay(table)).changes()
    const own = changes
      .rows()
      .filter(row => row[column] === 7 && row._op !== 'tombstone')
      .map(row => `dbserver1.openmrs.${table}:${row._partition}:${row._offset}`)
    expect(own.length).toBeGreaterThan(0)
    expect(positionsIn(found.rows(), table)).toEqual(expect.arrayContaining(own))
  }
})

test('a row that left the patient is found by what it was before', async () => {
  const moved: Row[] = []
  for await (const { before, after } of await lab.tail('obs', { speed: Number.POSITIVE_INFINITY }))
    if (before !== null && after !== null && before.encounter_id !== after.encounter_id) moved.push(before)
  const { obs_id, encounter_id } = moved[0]!
  const rows = (await lab.find({ encounter_id: encounter_id!, obs_id: obs_id! }, { topics: ['obs'] })).rows()
  expect(rows.at(-1)!.changed).toContain(`encounter_id ${encounter_id} →`)
})

test('changes are ordered by the time of their commit, then by their place in the log', () => {
  const times = found.rows().map(({ time }) => time)
  expect(times).toEqual([...times].sort((a, b) => a - b))
})

test('each one can be looked up by its position', async () => {
  for (const { position, op, log } of found.rows({ limit: 3 })) {
    const record = await lab.at(position)
    expect([record.position, record.op]).toEqual([position, op])
    expect(log).toContain(`${record.source!.file}:${record.source!.pos}`)
  }
})

test('what is sensitive is masked, unless it is asked for', async () => {
  const options = { topics: ['person_name'] }
  expect((await lab.find({ person_id: 7 }, options)).row(0).changed).toContain('family_name •••')
  expect((await lab.find({ person_id: 7 }, { ...options, unmask: true })).row(0).changed).not.toContain('•••')
})

test('7 finds a BIGINT, and a row must have all values asked for', async () => {
  const bigints = await lab.find({ big: 9_007_199_254_740_993n }, { topics: ['obslab_types'] })
  const ids = await lab.find({ person_id: 7, voided: 1 }, { topics: ['obs'] })
  expect(bigints.length).toBeGreaterThan(0)
  for (const { position } of ids.rows()) {
    const { before, after } = (await lab.at(position)) as { before: Row | null; after: Row | null }
    expect([before, after].some(row => row?.person_id === 7 && row.voided === 1)).toBe(true)
  }
})

test('a value of a type that the column cannot hold is told, and is not repeated', async () => {
  await expect(lab.find({ person_id: '7' }, { topics: ['obs', 'person'] })).rejects.toMatchObject({
    code: 'option-invalid',
    message: 'Column person_id holds int: expected a whole number, found a text.',
  })
})

test('a column that no table has is told with the nearest, one that some lack is not', async () => {
  await expect(lab.find({ person_idd: 7 }, { topics: ['person', 'visit'] })).rejects.toMatchObject({
    code: 'column-unknown',
    message: expect.stringContaining("'person_id'"),
  })
  await expect(lab.find({})).rejects.toMatchObject({ code: 'option-invalid' })
  expect((await lab.find({ visit_type_id: 1 }, { topics: ['visit', 'obs'] })).length).toBeGreaterThan(0)
})
