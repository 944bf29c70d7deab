import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { columnOf } from '../../src/frame/column-builder.js'
import { Frame } from '../../src/frame/frame.js'
import { writeFileWhole } from '../../src/frame/write-file.js'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'frame-'))
})
afterEach(() => rm(folder, { recursive: true }))

const frame = Frame.fromColumns([
  columnOf('id', [1, 2]),
  columnOf('name', ['Amina', 'Otieno'], { sensitive: true }),
])

test.each(['out.csv', 'out.jsonl', 'out.NDJSON'])('%s holds what the same export returns', async name => {
  await frame.toFile(join(folder, name))
  const text = await readFile(join(folder, name), 'utf8')
  expect(text).toBe(name === 'out.csv' ? frame.csv() : frame.jsonLines())
  expect(await readdir(folder)).toEqual([name])
})

test('a file written with real values may be read by its owner only', async () => {
  await frame.toFile(join(folder, 'out.csv'), { unmask: true })
  expect(await readFile(join(folder, 'out.csv'), 'utf8')).toContain('Amina')
  expect((await stat(join(folder, 'out.csv'))).mode & 0o777).toBe(0o600)
})

test('when writing fails half way, the file that was there stays and nothing else is left', async () => {
  const path = join(folder, 'out.csv')
  await frame.toFile(path)
  function* failing(): Generator<string> {
    yield 'x'.repeat(3_000_000)
    throw new Error('half way')
  }
  await expect(writeFileWhole(path, failing(), 0o644)).rejects.toThrow('half way')
  expect(await readFile(path, 'utf8')).toBe(frame.csv())
  expect(await readdir(folder)).toEqual(['out.csv'])
})

test('a name whose ending says no format is refused', async () => {
  await expect(frame.toFile(join(folder, 'out.xlsx'))).rejects.toThrow(
    "Expected a file name that ends in .csv, .jsonl, .ndjson, found 'out.xlsx'.",
  )
})
