import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import type { LogRecord } from '../../src/log/record-batch.js'
import { recordTopics } from '../../src/source/recorder.js'
import { openRecording } from '../../src/source/recording.js'
import { HttpRegistry, type SchemaRegistry } from '../../src/source/schema-registry.js'
import type { Source } from '../../src/source/source.js'
import { FakeClock } from '../fake-clock.js'
import { RegistryServer } from './registry-server.js'
import { WrittenSource } from './written-source.js'

let root: string
let server: RegistryServer
let folder: string
let folders = 0
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'obslab-recorded-schemas-'))
  server = await RegistryServer.start()
  for (const name of ['key', 'value', 'unused', 'block'])
    server.register(name, {
      schema: `"${name}"`,
      ...(name === 'value' && { references: [{ name: 'block', subject: 'block', version: 1 }] }),
    })
})
beforeEach(() => {
  server.refusal = () => null
  folder = join(root, `${folders++}`)
})
afterAll(async () => {
  vi.unstubAllEnvs()
  await rm(root, { recursive: true })
  await server.stop()
})

/** A record whose key and value name schemas; null is a null key or value. */
function avro(offset: number, key: number | null, value: number | null): LogRecord {
  const named = (id: number | null): Buffer | null => (id === null ? null : Buffer.from([0, 0, 0, 0, id, 2]))
  return { offset, timestamp: 0, key: named(key), value: named(value), headers: [] }
}

/** A source of one topic, whose registry is the server. */
function source(...records: LogRecord[]): Source {
  const registry = new HttpRegistry({ urls: [server.url] }, new FakeClock())
  return Object.assign(new WrittenSource({ topic: { records } }), { registry })
}

test('a recording keeps the schemas that its records name in schemas.json, with what those refer to', async () => {
  await recordTopics(source(avro(0, 1, 2), avro(1, 1, null), avro(2, null, 99)), folder)
  expect(JSON.parse(await readFile(join(folder, 'schemas.json'), 'utf8'))).toEqual({
    format: 1,
    schemas: {
      1: { type: 'AVRO', schema: '"key"', references: [] },
      2: { type: 'AVRO', schema: '"value"', references: ['"block"'] },
    },
  })
  expect((await stat(join(folder, 'schemas.json'))).mode & 0o777).toBe(0o600)
})

test.each(['lz4', undefined] as const)(
  'a recording of a recording in codec %s keeps them, without any registry',
  async codec => {
    await recordTopics(source(avro(0, 1, 2)), folder)
    const copy = join(root, `${folders++}`)
    await recordTopics(await openRecording(folder), copy, codec === undefined ? {} : { codec })
    expect(await readFile(join(copy, 'schemas.json'))).toEqual(await readFile(join(folder, 'schemas.json')))
    const { registry } = await openRecording(copy)
    expect([await registry?.schema(2), await registry?.schema(3)]).toEqual([
      { type: 'AVRO', schema: '"value"', references: ['"block"'] },
      null,
    ])
  },
)

test('a recording of records that name no schema has no schemas.json, and no registry', async () => {
  const json = { offset: 0, timestamp: 0, key: null, value: Buffer.from('{}'), headers: [] }
  await recordTopics(source(json), folder)
  expect(await readdir(folder)).toEqual(['recording.json', 'topic-0'])
  expect((await openRecording(folder)).registry).toBeUndefined()
})

test('schemas that a folder does not have are asked of the registry that the environment names', async () => {
  await recordTopics(source(avro(0, 1, null)), folder)
  vi.stubEnv('OBSLAB_REGISTRY', server.url)
  vi.stubEnv('OBSLAB_REGISTRY_USERNAME', 'alice')
  vi.stubEnv('OBSLAB_REGISTRY_PASSWORD', 'secret')
  const { registry } = await openRecording(folder)
  vi.unstubAllEnvs()
  server.asked.length = 0
  server.authorizations.length = 0
  expect([await registry!.schema(1), await registry!.schema(3)]).toMatchObject([
    { schema: '"key"' },
    { schema: '"unused"' },
  ])
  expect(server.asked).toEqual(['/schemas/ids/3'])
  expect(server.authorizations).toEqual([`Basic ${Buffer.from('alice:secret').toString('base64')}`])
})

test('nothing is left of a recording whose schemas cannot be had', async () => {
  server.refusal = () => ({ status: 401, body: '' })
  await expect(recordTopics(source(avro(0, 1, 2)), folder)).rejects.toMatchObject({
    code: 'registry-refused',
  })
  expect((await readdir(root)).filter(name => name.startsWith(folder.slice(root.length + 1)))).toEqual([])
})

test.each([
  ['{', 'text that is not JSON'],
  ['{"format":2,"schemas":{}}', 'a mistake at format'],
  ['{"format":1,"schemas":{"0":{"type":"AVRO","schema":"","references":[]}}}', 'a mistake at schemas.0'],
  ['{"format":1,"schemas":{"1":{"type":"AVRO"}}}', 'a mistake at schemas.1.schema'],
])('a schemas.json %s is refused', async (text, found) => {
  await recordTopics(source(avro(0, 1, 2)), folder)
  await writeFile(join(folder, 'schemas.json'), text)
  const opened: Promise<{ registry: SchemaRegistry | undefined }> = openRecording(folder)
  await expect(opened).rejects.toMatchObject({
    code: 'recording-invalid',
    message: expect.stringContaining(found),
  })
})
