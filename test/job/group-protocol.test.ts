import { expect, test } from 'vitest'
import {
  describeGroupRequest,
  findCoordinatorRequest,
  joinGroupRequest,
  stableOffsetsRequest,
  syncGroupRequest,
} from '../../src/job/group-protocol.js'
import { WireWriter } from '../../src/source/wire.js'

const nothing = Buffer.alloc(10)

test('groups and transactional ids have coordinators of their own', () => {
  const bodies = (['group', 'transaction'] as const).map(kind =>
    findCoordinatorRequest(kind, 'g').body.toString('hex'),
  )
  expect(bodies).toEqual(['00016700', '00016701'])
})

test('the members of a group are told by their client ids', () => {
  const { decode } = describeGroupRequest('g')
  const response = new WireWriter().int32(0).int32(1).int16(0)
  response.string('g').string('Stable').string('consumer').string('obslab').int32(1)
  response
    .string('member-1')
    .string('obslab/vitals@host#1#2')
    .string('/127.0.0.1')
    .bytes(nothing)
    .bytes(nothing)
  expect(decode(response.finish())).toEqual([{ memberId: 'member-1', clientId: 'obslab/vitals@host#1#2' }])
})

test('the first answer of joining is an id to join with, the second a membership', () => {
  const { decode } = joinGroupRequest({ group: 'g', memberId: '', sessionTimeout: 1, rebalanceTimeout: 1 })
  const answer = (code: number, generation: number): WireWriter =>
    new WireWriter().int32(0).int16(code).int32(generation).string('obslab').string('m').string('m')
  expect(decode(answer(79, -1).int32(0).finish())).toEqual({ memberId: 'm' })
  const joined = answer(0, 4)
  joined.array(['m', 'n'], id => joined.string(id).bytes(nothing))
  expect(decode(joined.finish())).toEqual({
    memberId: 'm',
    generation: 4,
    leads: true,
    memberIds: ['m', 'n'],
  })
  expect(decode(answer(23, -1).int32(0).finish())).toMatchObject({ type: 'INCONSISTENT_GROUP_PROTOCOL' })
})

test('the leader gives everybody nothing, and another member gives nobody anything', () => {
  const membership = { memberId: 'm', generation: 4, memberIds: ['m', 'n'] }
  const expected = new WireWriter().string('g').int32(4).string('m')
  expected.array(['m', 'n'], id => expected.string(id).bytes(nothing))
  expect(syncGroupRequest('g', { ...membership, leads: true }).body).toEqual(expected.finish())
  const without = new WireWriter().string('g').int32(4).string('m').int32(0)
  expect(syncGroupRequest('g', { ...membership, leads: false }).body).toEqual(without.finish())
})

test('offsets are asked for with the demand that they be stable', () => {
  const { body, apiVersion } = stableOffsetsRequest('g')
  expect([apiVersion, body.toString('hex')]).toEqual([7, '0002670001' + '00'])
  const long = stableOffsetsRequest('g'.repeat(200)).body
  expect(long.subarray(0, 3).toString('hex')).toBe('00c901')
})

test('offsets are read with their metadata; those never committed are left out', () => {
  const partition = (index: number, offset: string, metadata: string): string =>
    `0000000${index}${offset}ffffffff${metadata}000000`
  const topic = `0261${'03'}${partition(0, '0000000000000007', '037879')}${partition(1, 'ffffffffffffffff', '01')}00`
  const response = Buffer.from(`0000000000${'02'}${topic}000000`, 'hex')
  expect(stableOffsetsRequest('g').decode(response)).toEqual([
    { topic: 'a', partition: 0, offset: 7, metadata: 'xy' },
  ])
})

test('offsets that an open transaction may change are an error', () => {
  const response = Buffer.from('0000000000' + '01' + '0058' + '00', 'hex')
  expect(stableOffsetsRequest('g').decode(response)).toMatchObject({ type: 'UNSTABLE_OFFSET_COMMIT' })
})

test.each([
  ['an array of more items than there are bytes', '0000000000' + '7f'],
  ['a text beyond the end', '0000000000' + '02' + '7f61'],
  ['a length without an end', '0000000000' + 'ffffffffffff'],
])('%s is refused', (_, hex) => {
  expect(() => stableOffsetsRequest('g').decode(Buffer.from(hex, 'hex'))).toThrow(
    expect.objectContaining({ code: 'broker-refused' }),
  )
})
