import { afterAll, beforeAll, expect, test } from 'vitest'
import { Lab } from '../src/lab.js'
import { openRecording } from '../src/source/recording.js'
import { HttpRegistry } from '../src/source/schema-registry.js'
import type { Source } from '../src/source/source.js'
import { AvroConverter } from './change/avro-converter.js'
import { AvroSource } from './change/avro-source.js'
import { FakeClock } from './fake-clock.js'
import { RegistryServer } from './source/registry-server.js'

let server: RegistryServer
let source: Source
let json: Lab
let avro: Lab
/** The Avro records without the registry of their schemas. */
let alone: Lab
beforeAll(async () => {
  server = await RegistryServer.start()
  source = await openRecording('datasets/openmrs-schemas')
  json = new Lab(source)
  const converter = new AvroConverter(server)
  avro = new Lab(new AvroSource(source, converter, new HttpRegistry({ urls: [server.url] }, new FakeClock())))
  alone = new Lab(new AvroSource(source, converter))
})
afterAll(async () => {
  await source.close()
  await server.stop()
})

test('topics in Avro are told to be what they are in JSON', async () => {
  const [written, recorded] = [await avro.topics(), await json.topics()]
  for (const [i, row] of written.rows().entries()) {
    const { topic, kind, connector, prefix, server: from } = recorded.rows()[i]!
    expect(row).toMatchObject({ topic, kind, connector, prefix, server: from, key: 'avro', value: 'avro' })
  }
  expect(written.length).toBe(18)
})

test('topics in Avro whose registry is not given, or is away, are told by their names', async () => {
  const recorded = (await json.topics()).rows().map(({ topic, kind }) => ({ topic, kind }))
  server.refusal = () => ({ status: 500, body: '' })
  const away = new AvroSource(
    source,
    new AvroConverter(server),
    new HttpRegistry({ urls: [server.url] }, new FakeClock()),
  )
  for (const lab of [alone, new Lab(away)])
    expect((await lab.topics()).rows().map(({ topic, kind }) => ({ topic, kind }))).toEqual(recorded)
  server.refusal = () => null
})

test('tables, single records and a patient’s changes are what they are in JSON', async () => {
  for (const topic of ['obs', 'obslab_types']) {
    const tables = await Promise.all([avro, json].map(lab => lab.replay(topic, { progress: false })))
    const [written, recorded] = tables.map(table => table.current().rows())
    expect(recorded!.length).toBeGreaterThan(0)
    expect(written).toEqual(recorded)
  }
  const [one, other] = [await avro.at('obs:1:7'), await json.at('obs:1:7')]
  expect(one.json({ unmask: true })).toBe(other.json({ unmask: true }))
  const found = await Promise.all([avro, json].map(lab => lab.find({ person_id: 7 }, { progress: false })))
  expect(found[1]!.length).toBeGreaterThan(0)
  expect(found[0]!.rows()).toEqual(found[1]!.rows())
})

test('without the registry they are refused with what to give', async () => {
  const refused = { code: 'registry-missing', message: expect.stringContaining('registry=http://host:8081') }
  await expect(alone.replay('obs', { progress: false })).rejects.toMatchObject(refused)
  await expect(alone.at('obs:1:7')).rejects.toMatchObject(refused)
})
