import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, expect, test } from 'vitest'
import type { TypedTopic } from '../../src/change/topic.js'
import { connect } from '../../src/lab.js'
import { openmrs } from '../../src/openmrs/openmrs.js'

/** A folder inside the checkout, so that `obslab` resolves as it does for a user. */
mkdirSync('out', { recursive: true })
const folder = mkdtempSync('out/types-')
afterAll(() => rmSync(folder, { recursive: true }))

function obslab(...args: string[]): { code: number | null; out: string; err: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['dist/cli.js', 'types', ...args], {
    encoding: 'utf8',
    maxBuffer: 64 << 20,
  })
  return { code: status, out: stdout, err: stderr }
}

/** A recording without the DDL topic, so that only records tell types. */
async function withoutDdl(recording: string): Promise<string> {
  const copy = join(folder, `${recording}-without-ddl`)
  const lab = await connect(`datasets/${recording}`)
  const topics = (await lab.source.topics()).map(({ topic }) => topic)
  await lab.record(copy, { topics: topics.filter(topic => topic.includes('.openmrs.')) })
  await lab.close()
  return copy
}

const sources: [string, () => Promise<string>, RegExp][] = [
  ['the DDL', async () => 'datasets/openmrs', /Its types are those of the table's DDL/],
  [
    'the DDL and Connect schemas',
    async () => 'datasets/openmrs-schemas',
    /Its types are those of the table's DDL/,
  ],
  ['Connect schemas alone', () => withoutDdl('openmrs-schemas'), /Its types stand for those of the records'/],
  ['values alone', () => withoutDdl('openmrs'), /inferred from the values of [\d,]+ rows/],
]

async function importDefinitions(text: string, name: string): Promise<Record<string, TypedTopic<object>>> {
  const file = join(folder, `${name}.ts`)
  writeFileSync(file, text)
  return (await import(pathToFileURL(resolve(file)).href)) as Record<string, TypedTopic<object>>
}

test.each(sources)(
  'definitions from %s quarantine no row of the topics they were written from',
  async (name, source, origin) => {
    const where = await source()
    const { code, out, err } = obslab('--source', where)
    expect([code, err]).toEqual([0, ''])
    expect(out).toMatch(origin)
    const definitions = Object.values(await importDefinitions(out, name.replaceAll(' ', '-')))
    expect(definitions).toHaveLength(14)
    const lab = await connect(where)
    const tables = await lab.replay(definitions, { progress: false })
    for (const [i, table] of tables.entries()) {
      const quarantined = table
        .ops()
        .rows()
        .find(({ op }) => op === 'quarantined')
      expect([definitions[i]?.name, quarantined]).toEqual([
        definitions[i]?.name,
        expect.objectContaining({ records: 0 }),
      ])
      expect(table.current().length, definitions[i]?.name).toBeGreaterThan(0)
    }
    await lab.close()
  },
)

test('with and without schemas in the records, the same tables give the same definitions', () => {
  expect(obslab().out).toBe(obslab('--source', 'datasets/openmrs-schemas').out)
})

test('what obslab defines of OpenMRS is what the recorded database says: columns, kinds, nulls, keys, voids', async () => {
  const written = await importDefinitions(obslab().out, 'written')
  const added: string[] = []
  for (const definition of Object.values(openmrs) as TypedTopic<unknown>[]) {
    const same = Object.values(written).find(({ name }) => name === definition.name)
    const known = new Set(definition.columns.map(({ name }) => name))
    const columns = ({ columns }: Pick<TypedTopic, 'columns'>): unknown =>
      Object.fromEntries(
        columns
          .filter(({ name }) => known.has(name))
          .map(({ name, kind, nullable }) => [name, [kind, nullable]]),
      )
    expect(columns(definition), definition.name).toEqual(columns(same!))
    added.push(
      ...same!.columns.flatMap(({ name }) => (known.has(name) ? [] : [`${definition.name}.${name}`])),
    )
    expect([definition.key, definition.deleted]).toEqual([same?.key, same?.deleted])
  }
  expect(added).toEqual(['person_address.address7'])
})

test('several topics are written in one order, whatever the order they are asked for, and once each', () => {
  const { out } = obslab('person', 'obs')
  expect(out.match(/^export const \w+/gm)).toEqual(['export const obs', 'export const person'])
  expect(obslab('obs', 'person', 'dbserver1.openmrs.obs').out).toBe(out)
})

test('--out writes a file, and writes over one only with --force', () => {
  const file = join(folder, 'topics.ts')
  expect(obslab('visit', '--out', file)).toEqual({ code: 0, out: '', err: '' })
  const visit = readFileSync(file, 'utf8')
  expect(visit).toBe(obslab('visit').out)
  const refused = obslab('obs', '--out', file)
  expect([refused.code, refused.out]).toEqual([1, ''])
  expect(refused.err).toContain('--force writes over it. [file-exists]')
  expect(readFileSync(file, 'utf8')).toBe(visit)
  expect(obslab('obs', '--out', file, '--force').code).toBe(0)
  expect(readFileSync(file, 'utf8')).toBe(obslab('obs').out)
})

test.each([
  [['obz'], 'topic-unknown', 'Did you mean'],
  [['dbserver1'], 'schema-unknown', 'found neither'],
  [['obs', '--out', '/nowhere/topics.ts'], 'disk-failed', '/nowhere/topics.ts'],
])('types %j fails with %s in one sentence', (args, code, told) => {
  const result = obslab(...args)
  expect([result.code, result.out]).toEqual([1, ''])
  expect(result.err).toContain(told)
  expect(result.err.trim()).toMatch(new RegExp(`\\[${code}\\]$`))
})
