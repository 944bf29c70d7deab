import { inspect } from 'node:util'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { HttpRegistry, schemaIdOf, schemaIdsOf } from '../../src/source/schema-registry.js'
import { FakeClock } from '../fake-clock.js'
import { RegistryServer } from './registry-server.js'

let server: RegistryServer
beforeAll(async () => {
  server = await RegistryServer.start()
})
beforeEach(() => {
  server.refusal = () => null
  server.asked.length = 0
  server.authorizations.length = 0
})
afterAll(() => server.stop())

const login = { username: 'alice', password: 'hunter2' }
function registry(urls: readonly string[] = [server.url], credentials?: typeof login): HttpRegistry {
  return new HttpRegistry({ urls, credentials }, new FakeClock())
}

async function refusal(asked: Promise<unknown>): Promise<unknown> {
  return await asked.then(
    () => 'an answer',
    error => error,
  )
}

describe('the number of a schema', () => {
  test.each([
    ['00 00000007', 7],
    ['00 7fffffff 01 02', 2_147_483_647],
    ['00 00000000 0000002a', null],
    ['00 ffffffff 01', null],
    ['01 00000007', null],
    ['00 000007', null],
    ['7b 7d', null],
    ['', null],
  ])('of %s is %s', (hex, id) => {
    expect(schemaIdOf(Buffer.from(hex.replaceAll(' ', ''), 'hex'))).toBe(id)
  })

  test('of null is none', () => {
    expect(schemaIdOf(null)).toBeNull()
  })

  test('is looked for in key, value and the headers that Debezium writes, and in no other', () => {
    const bytes = (id: number): Uint8Array => Uint8Array.of(0, 0, 0, 0, id, 2)
    const headers = ['__debezium.newkey', '__debezium.oldkey', 'trace'].map((key, i) => ({
      key,
      value: bytes(3 + i),
    }))
    expect(schemaIdsOf({ key: bytes(1), value: bytes(2), headers })).toEqual([1, 2, 3, 4])
    expect(schemaIdsOf({ key: null, value: Uint8Array.of(123, 125), headers: [] })).toEqual([])
  })
})

test('a schema is fetched once, however often and at once it is asked for', async () => {
  const id = server.register('a-value', { schema: '"string"' })
  const one = registry()
  const expected = { type: 'AVRO', schema: '"string"', references: [] }
  expect(await Promise.all([one.schema(id), one.schema(id)])).toEqual([expected, expected])
  expect(await one.schema(id)).toEqual(expected)
  expect(server.asked).toEqual([`/schemas/ids/${id}`])
})

test('schemas that it refers to come with it, each after those that it refers to itself', async () => {
  const reference = (subject: string): object => ({ name: subject, subject, version: 1 })
  const put = (subject: string, ...to: string[]): number =>
    server.register(subject, { schema: `"${subject}"`, references: to.map(reference) as never })
  put('deep/est')
  put('left', 'deep/est')
  put('right', 'deep/est')
  const id = put('top', 'left', 'right')
  expect(await registry().schema(id)).toEqual({
    type: 'AVRO',
    schema: '"top"',
    references: ['"deep/est"', '"left"', '"right"'],
  })
})

test('a number without a schema is null, and is not asked for again', async () => {
  const one = registry()
  expect([await one.schema(4711), await one.schema(4711)]).toEqual([null, null])
  expect(server.asked).toEqual(['/schemas/ids/4711'])
})

test('user and password are sent, and shown nowhere', async () => {
  const id = server.register('a-value', { schema: '"string"' })
  const one = registry([server.url], login)
  await one.schema(id)
  expect(server.authorizations).toEqual([`Basic ${Buffer.from('alice:hunter2').toString('base64')}`])
  server.refusal = () => ({ status: 403, body: 'hunter2' })
  const error = await refusal(one.schema(id + 1))
  expect(error).toMatchObject({ code: 'registry-refused' })
  expect(inspect(error) + inspect(one) + JSON.stringify(one)).not.toMatch(/hunter2|YWxpY2U/)
})

test.each([
  [401, '{"error_code":40101}', 'registry-refused', /refused \(401\): set OBSLAB_REGISTRY_USERNAME/],
  [404, '<html>', 'registry-unreachable', /is not a schema registry \(404\)/],
  [200, '{"clusters":[]}', 'registry-unreachable', /is not a schema registry \(200\)/],
  [503, '', 'registry-unreachable', /did not answer \(it answered 503\)/],
])(
  'an answer %i %s is an error that says what to do, and is asked for again',
  async (status, body, code, sentence) => {
    const id = server.register('a-value', { schema: '"string"' })
    const one = registry()
    server.refusal = () => ({ status, body })
    expect(await refusal(one.schema(id))).toMatchObject({ code, message: expect.stringMatching(sentence) })
    server.refusal = () => null
    expect(await one.schema(id)).toMatchObject({ schema: '"string"' })
  },
)

test('one that is busy is asked again', async () => {
  const id = server.register('a-value', { schema: '"string"' })
  let refusals = 0
  server.refusal = () => (refusals++ < 2 ? { status: 429, body: '' } : null)
  expect(await registry().schema(id)).toMatchObject({ schema: '"string"' })
  expect(server.asked).toHaveLength(3)
})

test('where nothing listens, the next address is asked; where none answers, the error names them', async () => {
  const gone = await RegistryServer.start()
  const { url } = gone
  await gone.stop()
  const id = server.register('a-value', { schema: '"string"' })
  expect(await registry([url, server.url]).schema(id)).toMatchObject({ schema: '"string"' })
  expect(await refusal(registry([url]).schema(id))).toMatchObject({
    code: 'registry-unreachable',
    message: `The schema registry at ${url} did not answer (ECONNREFUSED): check that it runs and listens there.`,
  })
})
