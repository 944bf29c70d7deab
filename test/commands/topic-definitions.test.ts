import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { topicDefinitions } from '../../src/commands/topic-definitions.js'
import { hardTopics, recordedColumn, recordedTopic } from './constructed-topics.js'

const names = hardTopics.map(({ topic }) => topic)
const text = topicDefinitions(hardTopics, names)
const lines = text.split('\n')

test('the text is as biome formats and checks it, however long or odd the names are', () => {
  const { stdout, stderr, status } = spawnSync(
    'node_modules/@biomejs/biome/bin/biome',
    ['check', '--write', '--stdin-file-path=topics.ts'],
    { input: text, encoding: 'utf8' },
  )
  expect(status, stderr).toBe(0)
  expect(text).toBe(stdout)
  expect(
    lines.filter(line => line.length > 110 && !/^export const \w+: TypedTopic<\w+> =$/.test(line)),
  ).toEqual([])
})

test('the order of the topics does not matter', () => {
  expect(topicDefinitions(hardTopics.toReversed(), names.toReversed())).toBe(text)
})

test.each([
  ['a key', '  /** INT NOT NULL. Key. */\n  obs_id: number\n'],
  [
    'a column added later',
    '  /** VARCHAR(16). Null in rows from before it was added. */\n  status: string | null\n',
  ],
  [
    'a column that was something else',
    'Rows from when it was INT or DATE do not fit. */\n  dose: string | null\n',
  ],
  ["the database's comment", "  /** ENUM. What it's of *\\/ end. Masked. */\n  kind: string | null\n"],
  ['what counts as deleted', "  deleted: ['voided', 'retired'],\n"],
  ['what is masked', "  sensitive: ['dose', 'kind', 'note'],\n"],
  ['a type that stands for a Connect schema', '  /** DATETIME(6), ms as if UTC. */\n  dt6: number | null\n'],
  [
    'a column whose type comes from elsewhere',
    '  /** INT UNSIGNED. From the DDL. */\n  ddl: number | null\n',
  ],
  ['a column that was always null', 'Always null so far: the type is a guess. */\n  empty: string | null\n'],
  ['a table without a key', '// `p.openmrs.keyless` has no key, so there is no definition of it'],
])('%s is told', (_, told) => {
  expect(text).toContain(told)
})

test('where types come from is said for each topic', () => {
  const said = (topic: string): string => {
    const at = lines.findIndex(line => line.includes(`A row of \`${topic}\`.`))
    return lines.slice(at, at + 3).join(' ')
  }
  expect(said('p.openmrs.obs')).toContain("Its types are those of the table's DDL.")
  expect(said('connect')).toContain("records' Connect schema")
  expect(said('inferred')).toContain('inferred from the values of 12 rows')
})

test('a definition has the shortest name that fits its topic and no other of the source', () => {
  const [obs] = hardTopics
  const nameAmong = (...others: string[]): string | undefined =>
    /topic<ObsRow>\(\n {2}'(.*)'/.exec(topicDefinitions([obs!], ['p.openmrs.obs', ...others]))?.[1]
  expect(nameAmong()).toBe('obs')
  expect(nameAmong('p.eid.obs', 'p.openmrs.old_obs')).toBe('openmrs.obs')
  expect(nameAmong('q.openmrs.obs')).toBe('p.openmrs.obs')
  expect(nameAmong('obs')).toBe('openmrs.obs')
})

test('what is masked without a definition is masked by one, its key too', () => {
  const columns = [recordedColumn('code', 'VARCHAR(9) NOT NULL'), recordedColumn('birthdate', 'DATE')]
  expect(topicDefinitions([recordedTopic('p.lab.any', columns)], [])).toContain(
    "  sensitive: ['code', 'birthdate'],\n",
  )
})
