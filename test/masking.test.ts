import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { ChangeReader } from '../src/change/change-reader.js'
import { type TypedTopic, topic } from '../src/change/topic.js'
import { chart } from '../src/display/chart.js'
import { ChangeRecord } from '../src/frame/change-record.js'
import type { Frame } from '../src/frame/frame.js'
import { TableBuilder } from '../src/frame/table-builder.js'
import { connect, type Lab } from '../src/lab.js'
import { openmrs } from '../src/openmrs/openmrs.js'
import type { PersonNameRow } from '../src/openmrs/person-name.js'
import { count, last } from '../src/pipeline/aggregate.js'
import { pipeline } from '../src/pipeline/pipeline.js'

const folder = mkdtempSync(join(tmpdir(), 'obslab-masking-'))
let lab: Lab
let names: ReadonlySet<string>
beforeAll(async () => {
  lab = await connect()
  const changes = (await lab.replay('person_name')).changes()
  names = new Set(changes.rows().flatMap(row => [String(row.given_name), String(row.family_name)]))
})
afterAll(async () => {
  await lab.close()
  rmSync(folder, { recursive: true })
})

const anyRow = z.custom<PersonNameRow>()
const partial = topic('person_name', anyRow, { key: ['person_name_id'] })
const mixedCase = topic(
  'person_name',
  z.custom<PersonNameRow & { familyName: string; Given_Name: string }>(),
  {
    key: ['person_name_id'],
    sensitive: ['familyName', 'Given_Name'],
  },
)
const asked: [string, TypedTopic<PersonNameRow> | string][] = [
  ['a topic of openmrs', openmrs.person_name],
  ['a topic without a definition', 'person_name'],
  ['a definition that lists nothing as sensitive', partial],
  ['a definition in another case', mixedCase as unknown as TypedTopic<PersonNameRow>],
]
const replay = (what: TypedTopic<PersonNameRow> | string) => lab.replay(what as string)
const tail = (what: TypedTopic<PersonNameRow> | string) =>
  lab.tail(what as string, { speed: Number.POSITIVE_INFINITY, limit: 60 })

/** Names of real people of the recording that a text shows. */
function told(text: string): string[] {
  const words = new Set(text.split(/[^\p{L}]+/u))
  return [...names].filter(name => words.has(name))
}

/** What a console shows of it that looks through everything. */
const dump = (shown: unknown): string =>
  inspect(shown, { depth: null, showHidden: true, customInspect: false, maxArrayLength: null })

/** Every way out of a frame, by name. */
async function exits(frame: Frame): Promise<Record<string, string>> {
  const files = await Promise.all(
    ['out.csv', 'out.jsonl'].map(async name => {
      await frame.toFile(join(folder, name))
      return readFileSync(join(folder, name), 'utf8')
    }),
  )
  const derived = frame.derive({ whole: row => `${row.given_name} ${row.family_name}` })
  const arrow = await frame.arrow()
  const marks = { mark: 'point', encoding: { x: { field: 'family_name' } } }
  return {
    text: frame.text({ limit: 100 }),
    html: frame.html({ limit: 100 }),
    inspect: inspect(frame),
    'inspect deeply': inspect(frame, { depth: null, showHidden: true }),
    dump: dump(frame),
    column: inspect(frame.column('family_name')) + dump(frame.column('family_name')),
    'JSON.stringify': JSON.stringify(frame),
    'JSON.stringify of columns': JSON.stringify(frame.columns),
    csv: frame.csv(),
    jsonLines: frame.jsonLines(),
    files: files.join('\n'),
    danfo: JSON.stringify((await frame.danfo()).values),
    arrow: JSON.stringify(arrow.toArray()),
    describe: frame.describe().text({ limit: 100 }),
    mimeBundle: JSON.stringify(frame.mimeBundle()),
    chart: JSON.stringify(chart(frame, marks)) + dump(chart(frame, marks)),
    derive: derived.csv() + dump(derived),
    distinct: frame.distinct('given_name').csv(),
    groupBy: frame.groupBy('family_name').aggregate({}).csv(),
  }
}

const tellers = (shown: Readonly<Record<string, string>>): Record<string, string[]> =>
  Object.fromEntries(
    Object.entries(shown)
      .map(([exit, text]) => [exit, told(text).slice(0, 3)] as const)
      .filter(([, found]) => found.length > 0),
  )

test('the names looked for are found where they are shown knowingly', async () => {
  const frame = (await replay('person_name')).current()
  expect(names.size).toBeGreaterThan(30)
  for (const text of [frame.csv({ unmask: true }), frame.declassify('family_name').csv(), dump(frame.rows())])
    expect(told(text).length).toBeGreaterThan(10)
})

test.each(asked)('no export or display of a replay of %s tells a name', async (_, what) => {
  const table = await replay(what)
  const { length } = table.current()
  expect(length).toBeGreaterThan(300)
  expect(tellers(await exits(table.current().head(500) as Frame))).toEqual({})
  expect(tellers(await exits(table.changes().head(500)))).toEqual({})
  const whole = { inspect: inspect(table), dump: dump(table), json: JSON.stringify(table) }
  expect(tellers({ ...whole, mimeBundle: JSON.stringify(table.mimeBundle()) })).toEqual({})
})

test.each(asked)('nothing a tail of %s prints tells a name', async (_, what) => {
  const followed = await tail(what)
  const changes: ChangeRecord[] = []
  for await (const change of followed) changes.push(change)
  expect(told(dump(changes.map(({ after }) => after))).length).toBeGreaterThan(5)
  const shown = {
    inspect: inspect(followed),
    dump: dump(followed),
    json: JSON.stringify(followed),
    mimeBundle: JSON.stringify(followed.mimeBundle()),
    frame: followed.frame().csv(),
    'changes dumped': dump(changes),
    'changes as JSON': JSON.stringify(changes) + changes.map(change => change.json()).join('\n'),
    'changes as text': changes.map(change => change.line() + change.text() + change.keyJson()).join('\n'),
    'changes in a notebook': JSON.stringify(changes.map(change => change.mimeBundle())),
  }
  expect(tellers(shown)).toEqual({})
})

test.each(asked)('neither a record nor a search of %s tells a name', async (_, what) => {
  const found = await lab.find({ person_id: 7 }, { topics: [what as string] })
  expect(found.length).toBeGreaterThan(0)
  const record = await lab.at(found.row(0).position)
  const shown = {
    find: found.csv() + JSON.stringify(found) + inspect(found),
    at: inspect(record) + JSON.stringify(record) + dump(record),
  }
  expect(tellers(shown)).toEqual({})
})

test.each(asked)('a query over %s tells no name, under another name or in an expression', async (_, what) => {
  const people = (await replay(what)).current()
  for (const result of [
    await lab.sql`SELECT * FROM ${people} LIMIT 50`,
    await lab.sql`SELECT family_name AS x FROM ${people} LIMIT 50`,
    await lab.sql`SELECT given_name || ' ' || family_name AS x FROM ${people} LIMIT 50`,
    await lab.sql`SELECT max(family_name) AS x FROM ${people}`,
  ]) {
    expect(result.length).toBeGreaterThan(0)
    expect(
      tellers({ result: result.csv() + JSON.stringify(result) + inspect(result) + dump(result) }),
    ).toEqual({})
  }
})

test.each(asked.filter(([, what]) => typeof what !== 'string'))(
  'a pipeline keyed by a name of %s tells none',
  async (_, what) => {
    const byName = pipeline('by-name')
      .from(what as TypedTopic<PersonNameRow>)
      .groupBy(row => ({ name: row.family_name as string }))
      .aggregate({ people: count(), newest: last(row => row.given_name, { by: row => row.date_created }) })
      .to('by-name')
    const output = await lab.preview(byName)
    expect(output.length).toBeGreaterThan(10)
    const shown = output.csv() + JSON.stringify(output) + inspect(output) + dump(output)
    expect(tellers({ shown, describe: output.describe().csv() })).toEqual({})
  },
)

test('why a record was quarantined does not tell what was in it', () => {
  const [name] = [...names]
  for (const text of [`{"after":{"given_name":"${name}"`, `${name}`, `{"op":"${name}","after":{}}`]) {
    const at = { topic: 'db.openmrs.person_name', partition: 0, offset: 0, timestamp: 0 }
    const record = { ...at, key: Buffer.from('{"person_name_id":1}'), value: Buffer.from(text), headers: [] }
    const { change } = new ChangeReader(at.topic).read(record)
    expect(change.kind).toBe('quarantined')
    const builder = new TableBuilder({ topic: at.topic })
    builder.append(change, 'applied')
    expect(told(builder.finish().quarantined().csv())).toEqual([])
    const shown = { change, redelivered: false, record, columns: [], keyColumns: [], definition: null }
    const changed = new ChangeRecord(shown)
    expect(told(inspect(changed) + dump(changed) + changed.text() + JSON.stringify(changed))).toEqual([])
  }
})

test.each([
  'replay person_name --limit 300',
  'replay person_name --limit 300 --json',
  'replay person_name --limit 300 --changes --json',
  'tail person_name --speed Infinity --limit 100',
  'tail person_name --speed Infinity --limit 100 --json',
])('obslab %s tells no name', args => {
  const run = spawnSync(process.execPath, ['dist/cli.js', ...args.split(' ')], { encoding: 'utf8' })
  expect(run.status).toBe(0)
  expect(run.stdout).toContain('•••')
  expect(told(run.stdout + run.stderr)).toEqual([])
})
