import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { thisProcess } from '../../src/job/holder.js'
import { jsonLinesSink } from '../../src/job/json-lines-sink.js'
import { jsonLog } from '../../src/job/log.js'
import type { OutputRecord } from '../../src/job/sink.js'

const folder = mkdtempSync(join(tmpdir(), 'obslab-json-lines-'))
afterAll(() => rmSync(folder, { recursive: true }))

const request = {
  job: 'rows',
  output: 'rows',
  key: null,
  columns: null,
  settings: {},
  partitions: 1,
  source: 'any',
  self: thisProcess(0),
  log: jsonLog({ write: () => {} }),
}

async function write(file: string, records: OutputRecord[]): Promise<ReadonlyMap<string, string>> {
  const sink = jsonLinesSink(file)
  try {
    await sink.open(request)
    const { rows } = await sink.held()
    await sink.write({ records, deadLetters: [], progress: null })
    return rows
  } finally {
    await sink.close()
  }
}

const row = (id: number, text: string | null): OutputRecord => ({
  key: `{"id":${id}}`,
  row: text === null ? null : `{"id":${id},"text":${JSON.stringify(text)}}`,
})

test('a record is a line, a file is private, and what it holds after compaction is known when it is opened again', async () => {
  const file = join(folder, 'rows.jsonl')
  expect(await write(file, [row(1, 'a'), row(2, 'b')])).toEqual(new Map())
  expect(await write(file, [row(2, null), row(1, 'c')])).toEqual(
    new Map([
      ['{"id":1}', '{"id":1,"text":"a"}'],
      ['{"id":2}', '{"id":2,"text":"b"}'],
    ]),
  )
  expect(await write(file, [])).toEqual(new Map([['{"id":1}', '{"id":1,"text":"c"}']]))
  expect(readFileSync(file, 'utf8').split('\n')).toEqual([
    '{"key":{"id":1},"row":{"id":1,"text":"a"}}',
    '{"key":{"id":2},"row":{"id":2,"text":"b"}}',
    '{"key":{"id":2},"row":null}',
    '{"key":{"id":1},"row":{"id":1,"text":"c"}}',
    '',
  ])
  expect(statSync(file).mode & 0o777).toBe(0o600)
})

test('the very bytes of key and row come back, whatever is in them', async () => {
  const file = join(folder, 'odd.jsonl')
  const odd = { key: '{"row":"},\\"row\\":","n":9007199254740993}', row: '{"x":1.0,"y":"},\\"row\\":null}"}' }
  await write(file, [odd])
  expect(await write(file, [])).toEqual(new Map([[odd.key, odd.row]]))
})

test('a line that a crash tore is cut off, and writing goes on after the whole ones', async () => {
  const file = join(folder, 'torn.jsonl')
  writeFileSync(file, '{"key":{"id":1},"row":{"id":1,"text":"ä"}}\n{"key":{"id":2},"ro')
  expect(await write(file, [row(3, 'c')])).toEqual(new Map([['{"id":1}', '{"id":1,"text":"ä"}']]))
  expect(readFileSync(file, 'utf8')).toBe(
    '{"key":{"id":1},"row":{"id":1,"text":"ä"}}\n{"key":{"id":3},"row":{"id":3,"text":"c"}}\n',
  )
})

test('a file of something else is refused and left as it is', async () => {
  const file = join(folder, 'notes.txt')
  writeFileSync(file, 'Buy milk\n')
  await expect(write(file, [row(1, 'a')])).rejects.toMatchObject({ code: 'output-foreign' })
  expect(readFileSync(file, 'utf8')).toBe('Buy milk\n')
})

test('a folder that is not there is told', async () => {
  const file = join(folder, 'nowhere', 'rows.jsonl')
  await expect(write(file, [])).rejects.toMatchObject({
    code: 'disk-failed',
    message: expect.stringContaining('ENOENT'),
  })
})
