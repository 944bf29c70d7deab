import { ObslabError } from '../errors.js'
import type { RawRequest } from '../source/protocol.js'
import { WireReader, WireWriter } from '../source/wire.js'
import { type Answer, answered, checkCode, KafkaError } from './kafka-error.js'
import { checkPartitions, type GroupOffset, writeOffsets } from './transaction-protocol.js'

/** What a coordinator is asked for. */
export type CoordinatorKind = 'group' | 'transaction'

/** Asks any broker which node coordinates a group or a transactional id. */
export function findCoordinatorRequest(kind: CoordinatorKind, key: string): RawRequest<Answer<number>> {
  const apiName = 'FindCoordinator'
  const body = new WireWriter()
    .string(key)
    .int8(kind === 'group' ? 0 : 1)
    .finish()
  const decode = (response: Buffer): number => {
    const reader = new WireReader(response, `${apiName} v1`)
    reader.int32()
    checkCode(reader.int16(), apiName)
    reader.nullableString()
    return reader.int32()
  }
  return { apiKey: 10, apiVersion: 1, apiName, body, decode: answered(decode) }
}

/** A member of a group, as its coordinator knows it; it is listed from the moment it has asked to join. */
export interface GroupMember {
  memberId: string
  clientId: string
}

/** Asks the coordinator who is in a group. A group that is not there has no members. */
export function describeGroupRequest(group: string): RawRequest<Answer<GroupMember[]>> {
  const apiName = 'DescribeGroups'
  const request = new WireWriter()
  request.array([group], name => request.string(name))
  const decode = (response: Buffer): GroupMember[] => {
    const reader = new WireReader(response, `${apiName} v1`)
    reader.int32()
    const groups = reader.array(() => {
      checkCode(reader.int16(), apiName)
      for (let text = 0; text < 4; text++) reader.nullableString()
      return reader.array(() => {
        const member = { memberId: reader.string(), clientId: reader.string() }
        reader.string()
        reader.bytes()
        reader.bytes()
        return member
      })
    })
    return groups.flat()
  }
  return { apiKey: 15, apiVersion: 1, apiName, body: request.finish(), decode: answered(decode) }
}

/** A place in a group. The generation changes whenever somebody joins or leaves. */
export interface Membership {
  memberId: string
  generation: number
  /** Whether this one says who gets what. */
  leads: boolean
  /** Of all members; told to the leader alone. */
  memberIds: readonly string[]
}

/** The only way of sharing out: nobody gets anything. Java's tools read it as a consumer's without topics. */
const protocolName = 'obslab'
/** A consumer's subscription or assignment of version 0, to no topics, with no data. */
const nothing = Buffer.alloc(10)

/** What is asked for by {@link joinGroupRequest}. */
export interface JoinGroup {
  group: string
  /** Empty at first: the coordinator then gives one with `MEMBER_ID_REQUIRED`. */
  memberId: string
  /** Milliseconds without a heartbeat after which the member counts as gone. */
  sessionTimeout: number
  /** Milliseconds the others have to join again. */
  rebalanceTimeout: number
}

/** Joins a group, to be a member of it alone. Answered when all members that live have joined again. */
export function joinGroupRequest(join: JoinGroup): RawRequest<Answer<Membership | { memberId: string }>> {
  const apiName = 'JoinGroup'
  const request = new WireWriter()
    .string(join.group)
    .int32(join.sessionTimeout)
    .int32(join.rebalanceTimeout)
    .string(join.memberId)
    .string('consumer')
  request.array([protocolName], name => request.string(name).bytes(nothing))
  const decode = (response: Buffer): Membership | { memberId: string } => {
    const reader = new WireReader(response, `${apiName} v4`)
    reader.int32()
    const code = reader.int16()
    const generation = reader.int32()
    reader.nullableString()
    const leader = reader.string()
    const memberId = reader.string()
    if (new KafkaError(code, apiName).type === 'MEMBER_ID_REQUIRED') return { memberId }
    checkCode(code, apiName)
    const memberIds = reader.array(() => {
      const id = reader.string()
      reader.bytes()
      return id
    })
    return { memberId, generation, leads: leader === memberId, memberIds }
  }
  return { apiKey: 11, apiVersion: 4, apiName, body: request.finish(), decode: answered(decode) }
}

/** Completes joining; the leader gives every member nothing. */
export function syncGroupRequest(group: string, membership: Membership): RawRequest<Answer<void>> {
  const request = asMember(group, membership)
  request.array(membership.leads ? membership.memberIds : [], memberId =>
    request.string(memberId).bytes(nothing),
  )
  const decode = (response: Buffer): void => {
    const reader = new WireReader(response, 'SyncGroup v1')
    reader.int32()
    checkCode(reader.int16(), 'SyncGroup')
  }
  return { apiKey: 14, apiVersion: 1, apiName: 'SyncGroup', body: request.finish(), decode: answered(decode) }
}

/** Says that the member lives. */
export function heartbeatRequest(group: string, membership: Membership): RawRequest<Answer<void>> {
  const body = asMember(group, membership).finish()
  return { apiKey: 12, apiVersion: 1, apiName: 'Heartbeat', body, decode: plain('Heartbeat') }
}

/** Leaves a group at once, without waiting for the session to end. */
export function leaveGroupRequest(group: string, memberId: string): RawRequest<Answer<void>> {
  const body = new WireWriter().string(group).string(memberId).finish()
  return { apiKey: 13, apiVersion: 1, apiName: 'LeaveGroup', body, decode: plain('LeaveGroup') }
}

/** Commits offsets as a member. */
export function commitOffsetsRequest(
  group: string,
  membership: Membership,
  offsets: readonly GroupOffset[],
): RawRequest<Answer<void>> {
  const apiName = 'OffsetCommit'
  const request = asMember(group, membership)
  writeOffsets(request, offsets)
  const decode = (response: Buffer): void => {
    const reader = new WireReader(response, `${apiName} v5`)
    reader.int32()
    checkPartitions(reader, apiName)
  }
  return { apiKey: 8, apiVersion: 5, apiName, body: request.finish(), decode: answered(decode) }
}

/**
 * Asks the coordinator for all offsets of a group, and not while a transaction that commits some is still open
 * (`UNSTABLE_OFFSET_COMMIT`). The first version that can be asked so is of Kafka 2.5, and of the newer encoding: lengths
 * are varints of one more than they are, and structures end with their tags.
 */
export function stableOffsetsRequest(group: string): RawRequest<Answer<GroupOffset[]>> {
  const name = Buffer.from(group)
  const [tags, allTopics, stable] = [[0], [0], [1]]
  const body = Buffer.from([...tags, ...varint(name.length + 1), ...name, ...allTopics, ...stable, ...tags])
  return { apiKey: 9, apiVersion: 7, apiName: 'OffsetFetch', body, decode: answered(decodeStableOffsets) }
}

function decodeStableOffsets(response: Buffer): GroupOffset[] {
  const reader = new CompactReader(response)
  reader.tags()
  reader.int(4)
  const answers = reader.array(() => {
    const topic = reader.string() ?? ''
    const partitions = reader.array(() => {
      const partition = reader.int(4)
      const offset = reader.int(8)
      reader.int(4)
      const metadata = reader.string() ?? ''
      const code = reader.int(2)
      reader.tags()
      return { code, found: { topic, partition, offset, metadata } }
    })
    reader.tags()
    return partitions
  })
  checkCode(reader.int(2), 'OffsetFetch')
  for (const { code } of answers.flat()) checkCode(code, 'OffsetFetch')
  return answers
    .flatMap(partitions => partitions.map(({ found }) => found))
    .filter(({ offset }) => offset >= 0)
}

/** Reads the newer encoding, every length checked against the bytes that are left. */
class CompactReader {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  int(length: 2 | 4 | 8): number {
    const at = this.#take(length)
    return length === 8 ? Number(this.#bytes.readBigInt64BE(at)) : this.#bytes.readIntBE(at, length)
  }

  string(): string | null {
    const length = this.#varint()
    if (length === 0) return null
    const at = this.#take(length - 1)
    return this.#bytes.toString('utf8', at, at + length - 1)
  }

  array<T>(read: () => T): T[] {
    const count = this.#varint() - 1
    if (count > this.#bytes.length - this.#at) throw malformed()
    return Array.from({ length: Math.max(count, 0) }, read)
  }

  tags(): void {
    for (let count = this.#varint(); count > 0; count--) {
      this.#varint()
      this.#take(this.#varint())
    }
  }

  #varint(): number {
    let value = 0
    for (let shift = 0; ; shift += 7) {
      const byte = this.#bytes.readUInt8(this.#take(1))
      value += (byte & 0x7f) * 2 ** shift
      if (byte < 0x80) return value
      if (shift > 28) throw malformed()
    }
  }

  #take(length: number): number {
    const at = this.#at
    if (length > this.#bytes.length - at) throw malformed()
    this.#at = at + length
    return at
  }
}

function malformed(): ObslabError {
  return new ObslabError(
    'broker-refused',
    "Expected an OffsetFetch v7 response of a Kafka broker, found lengths that contradict each other. Check that the address is a Kafka broker's and that no proxy changes what it sends.",
  )
}

function varint(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...varint(value >>> 7)]
}

function asMember(group: string, { generation, memberId }: Membership): WireWriter {
  return new WireWriter().string(group).int32(generation).string(memberId)
}

function plain(apiName: string): (response: Buffer) => Answer<void> {
  return answered(response => {
    const reader = new WireReader(response, `${apiName} v1`)
    reader.int32()
    checkCode(reader.int16(), apiName)
  })
}
