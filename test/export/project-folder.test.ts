import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { ProjectFolder } from '../../src/export/project-folder.js'

const folder = mkdtempSync(join(tmpdir(), 'obslab-project-'))
afterAll(() => rmSync(folder, { recursive: true }))

async function written(out: string, files: Readonly<Record<string, string>>): Promise<string[]> {
  const project = await ProjectFolder.begin(out)
  for (const [path, content] of Object.entries(files)) await project.write(path, content)
  return await project.finish()
}

test('a folder is there with all its files or not at all, readable as any folder made here', async () => {
  const out = join(folder, 'whole')
  const project = await ProjectFolder.begin(out)
  await project.write('src/a.ts', 'a')
  expect(() => readdirSync(out)).toThrow('ENOENT')
  await project.finish()
  expect(readFileSync(join(out, 'src/a.ts'), 'utf8')).toBe('a')
  mkdirSync(join(folder, 'other'))
  expect(statSync(out).mode).toBe(statSync(join(folder, 'other')).mode)
})

test('what an export before wrote is replaced or removed, what somebody put beside it stays', async () => {
  const out = join(folder, 'again')
  await written(out, { 'a.txt': '1', 'src/b.txt': '1', 'c.txt': '1' })
  writeFileSync(join(out, 'notes.md'), 'mine')
  const changed = await written(out, { 'a.txt': '2', 'src/b.txt': '1', 'd/e.txt': '1' })
  expect(changed).toEqual(['.obslab-export.json', 'a.txt', 'd/e.txt', 'c.txt'])
  expect(readdirSync(out).sort()).toEqual(['.obslab-export.json', 'a.txt', 'd', 'notes.md', 'src'])
  expect(readFileSync(join(out, 'notes.md'), 'utf8')).toBe('mine')
})

test('the same files change nothing', async () => {
  const out = join(folder, 'same')
  await written(out, { 'a.txt': '1' })
  expect(await written(out, { 'a.txt': '1' })).toEqual([])
})

test('a discarded draft leaves the folder as it was, and nothing beside it', async () => {
  const out = join(folder, 'kept')
  await written(out, { 'a.txt': '1' })
  const project = await ProjectFolder.begin(out)
  await project.write('a.txt', '2')
  await project.discard()
  expect(readFileSync(join(out, 'a.txt'), 'utf8')).toBe('1')
  expect(readdirSync(folder).filter(name => name.startsWith('.'))).toEqual([])
})

test.each([
  ['that holds something else', { 'mine.txt': 'mine' }],
  [
    'whose list names files elsewhere',
    { '.obslab-export.json': '{"format":1,"files":["../../etc/passwd"]}' },
  ],
  ['whose list is no list', { '.obslab-export.json': '{}' }],
])('a folder %s is refused and left alone', async (_, files) => {
  const out = mkdtempSync(join(folder, 'foreign-'))
  for (const [path, content] of Object.entries(files)) writeFileSync(join(out, path), content)
  await expect(ProjectFolder.begin(out)).rejects.toMatchObject({ code: 'export-refused' })
  expect(readdirSync(out)).toEqual(Object.keys(files))
})

test('an empty folder may be exported to', async () => {
  const out = mkdtempSync(join(folder, 'empty-'))
  expect(await written(out, { 'a.txt': '1' })).toEqual(['.obslab-export.json', 'a.txt'])
})
