import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { type NotebookModule, notebookModule } from '../../src/commands/notebook-file.js'

const folder = mkdtempSync(join(tmpdir(), 'obslab-notebook-'))
afterAll(() => rmSync(folder, { recursive: true }))

async function moduleOf(...cells: string[]): Promise<NotebookModule> {
  const path = join(folder, 'one.ipynb')
  const code = cells.map(source => ({ cell_type: 'code', source: source.split(/(?<=\n)/) }))
  writeFileSync(path, JSON.stringify({ cells: [{ cell_type: 'markdown', source: ['# x'] }, ...code] }))
  return await notebookModule(path)
}

test('declarations are taken with their imports, types are stripped, and what only does something is left out', async () => {
  const { code, skipped } = await moduleOf(
    "import { openmrs, show, ObsRow } from 'obslab'\nimport * as all from './all.js'\nconst five: number = 5",
    'function half(o: ObsRow): number { return o.value_numeric / 2 }\nshow(half)',
    'class Box { x = all.one }\nexport const topics = [openmrs.obs, five]',
  )
  expect(code.split('\n')).toEqual([
    'import { openmrs as openmrs } from "obslab"',
    'import * as all from "./all.js"',
    'export const five = 5;',
    'export function half(o) {',
    '  return o.value_numeric / 2;',
    '}',
    'export class Box {',
    '  x = all.one;',
    '}',
    'export const topics = [openmrs.obs, five];',
    '',
  ])
  expect([...skipped]).toEqual([])
})

test('what awaits is left out, and so is what follows from it, with the reason', async () => {
  const { code, skipped } = await moduleOf(
    "import { connect } from 'obslab'\nconst lab = await connect()",
    'const limit = lab.name.length\nconst own = 3\nconst { a, b: [c] } = await lab.topics()',
    'const later = async () => await connect()\nconst twice = () => limit * 2',
  )
  expect(Object.fromEntries(skipped)).toEqual({
    lab: 'cell 1 awaits its value',
    a: 'cell 2 awaits its value',
    c: 'cell 2 awaits its value',
    limit: 'cell 2 makes it of lab, and cell 1 awaits its value',
    twice: expect.stringContaining('cell 3 makes it of limit'),
  })
  expect(code).toBe(
    'import { connect as connect } from "obslab"\nexport const own = 3;\nexport const later = async () => await connect();\n',
  )
})

test('a parameter of the name of something left out is another thing', async () => {
  const { code, skipped } = await moduleOf('const obs = await load()', 'const test = obs => obs.voided')
  expect([...skipped.keys()]).toEqual(['obs'])
  expect(code).toBe('export const test = (obs) => obs.voided;\n')
})

test('of a name declared in several cells the last one counts, and one that is assigned to is left out', async () => {
  const { code, skipped } = await moduleOf(
    'const one = 1\nlet n = 0',
    'const one = 2',
    'function count() { n++ }\nconst next = () => n',
  )
  expect(code).toBe('export const one = 2;\n')
  expect(Object.fromEntries(skipped)).toEqual({
    n: 'cell 3 assigns to it',
    count: 'cell 3 makes it of n, and cell 3 assigns to it',
    next: 'cell 3 makes it of n, and cell 3 assigns to it',
  })
})

test('a cell that cannot be read is told with its number and line', async () => {
  await expect(moduleOf('const a = 1', 'const b = 2\nconst = 3')).rejects.toMatchObject({
    code: 'job-file-invalid',
    message: expect.stringContaining('code cell 2, line 2 cannot be read'),
  })
  writeFileSync(join(folder, 'two.ipynb'), '[]')
  await expect(notebookModule(join(folder, 'two.ipynb'))).rejects.toMatchObject({ code: 'job-file-invalid' })
})
