import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ObslabError } from '../../src/errors.js'
import {
  fetchRequest,
  listOffsetsRequest,
  metadataRequest,
  type RawRequest,
} from '../../src/source/protocol.js'
import { WireReader, WireWriter } from '../../src/source/wire.js'

const fetch = fetchRequest({ positions: [], maxWait: 0, maxBytes: 0, maxPartitionBytes: 0 })

function fetchResponse(): Buffer {
  const records = Buffer.from('record batches')
  const response = new WireWriter().int32(7).int16(0).int32(0).int32(1).string('obs').int32(1)
  response.int32(3).int16(0).int64(20).int64(18).int64(5)
  response.array(
    [
      [9, 12],
      [4, 6],
    ],
    ([producer, first]) => response.int64(producer!).int64(first!),
  )
  response.int32(-1).int32(records.length)
  return Buffer.concat([response.finish(), records])
}

function metadataResponse(): Buffer {
  const response = new WireWriter().int32(0).int32(1).int32(1).string('localhost').int32(9092).int16(-1)
  response.string('cluster').int32(1).int32(1).int16(0).string('obs').boolean(false)
  response.int32(1).int16(0).int32(0).int32(1).int32(1).int32(1).int32(1).int32(1)
  return response.finish()
}

function offsetsResponse(): Buffer {
  const response = new WireWriter().int32(0).int32(1).string('obs').int32(1)
  return response.int32(2).int16(0).int64(-1).int64(42).finish()
}

describe('responses', () => {
  test('a fetch response gives records as they are and aborted transactions by first offset', () => {
    expect(fetch.decode(fetchResponse())).toEqual({
      throttle: 7,
      errorCode: 0,
      partitions: [
        {
          topic: 'obs',
          partition: 3,
          errorCode: 0,
          stable: 18,
          aborted: [
            { producerId: 4, firstOffset: 6 },
            { producerId: 9, firstOffset: 12 },
          ],
          records: Buffer.from('record batches'),
        },
      ],
    })
  })

  test('metadata names brokers and leaders, ListOffsets one offset a partition', () => {
    expect(metadataRequest(null).decode(metadataResponse())).toEqual({
      brokers: [{ nodeId: 1, host: 'localhost', port: 9092 }],
      topics: [{ topic: 'obs', errorCode: 0, internal: false, partitions: [{ partition: 0, leader: 1 }] }],
    })
    expect(listOffsetsRequest('start', []).decode(offsetsResponse())).toEqual([
      { topic: 'obs', partition: 2, errorCode: 0, offset: 42 },
    ])
  })

  const valid: [RawRequest<unknown>, Buffer][] = [
    [fetch, fetchResponse()],
    [metadataRequest(null), metadataResponse()],
    [listOffsetsRequest('end', []), offsetsResponse()],
  ]

  test.each(valid)('any response cut short or continued is a broker-refused error', (request, response) => {
    for (let length = 0; length < response.length; length++)
      expect(() => request.decode(response.subarray(0, length))).toThrow(ObslabError)
    expect(() => request.decode(Buffer.concat([response, Buffer.of(0)]))).toThrow('1 bytes too many')
  })

  test('a damaged response is decoded or refused, never a crash or an endless allocation', () => {
    const damage = fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { minLength: 1, maxLength: 4 })
    fc.assert(
      fc.property(fc.constantFrom(...valid), damage, ([request, response], changes) => {
        const damaged = Buffer.from(response)
        for (const [at, byte] of changes) damaged[at % damaged.length] = byte
        try {
          request.decode(damaged)
        } catch (error) {
          expect(error).toMatchObject({ code: 'broker-refused' })
        }
      }),
      { numRuns: 500 },
    )
  })
})

describe('requests', () => {
  test('a fetch asks for committed records outside of a fetch session', () => {
    const positions = [{ topic: 'obs', partition: 2, offset: 300 }]
    const { body, ...request } = fetchRequest({ positions, maxWait: 100, maxBytes: 16, maxPartitionBytes: 8 })
    expect(request).toMatchObject({ apiKey: 1, apiVersion: 11 })
    expect(body.toString('hex')).toBe(
      ['ffffffff', '00000064', '00000001', '00000010', '01', '00000000', 'ffffffff', '00000001', '00036f6273']
        .concat(['00000001', '00000002', 'ffffffff', '000000000000012c', 'ffffffffffffffff', '00000008'])
        .concat(['00000000', '0000'])
        .join(''),
    )
  })

  test.each([
    ['start', '01', 'fffffffffffffffe'],
    ['stable', '01', 'ffffffffffffffff'],
    ['end', '00', 'ffffffffffffffff'],
    [{ time: 1 }, '01', '0000000000000001'],
  ] as const)('ListOffsets asks for %j with the right isolation', (question, isolation, timestamp) => {
    const { body } = listOffsetsRequest(question, [{ topic: 't', partitions: [0] }])
    expect(body.toString('hex')).toBe(`ffffffff${isolation}000000010001740000000100000000${timestamp}`)
  })
})

describe('wire types', () => {
  test('what is written is read back', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', maxLength: 2000, size: 'max' }),
        fc.maxSafeInteger(),
        (text, number) => {
          const bytes = new WireWriter().string(text).int64(number).boolean(true).finish()
          const reader = new WireReader(bytes, 'test')
          expect([reader.string(), reader.int64(), reader.boolean()]).toEqual([text, number, true])
          reader.end()
        },
      ),
      { numRuns: 200 },
    )
  })

  test('a request larger than the first buffer is whole', () => {
    const topics = Array.from({ length: 300 }, (_, i) => `topic-${i}`)
    const reader = new WireReader(metadataRequest(topics).body, 'test')
    expect(reader.array(() => reader.string())).toEqual(topics)
    expect(reader.boolean()).toBe(false)
    reader.end()
    const partitions = Array.from({ length: 300 }, (_, i) => i)
    const { body } = listOffsetsRequest({ time: 5 }, [{ topic: 'obs', partitions }])
    const offsets = new WireReader(body.subarray(5), 'test')
    const read = (): [number, number] => [offsets.int32(), offsets.int64()]
    expect(offsets.array(() => [offsets.string(), offsets.array(read)])).toEqual([
      ['obs', partitions.map(partition => [partition, 5])],
    ])
  })

  test('an integer beyond 2^53 is refused', () => {
    const bytes = Buffer.alloc(8)
    bytes.writeBigInt64BE(2n ** 53n)
    expect(() => new WireReader(bytes, 'test').int64()).toThrow('the integer 9007199254740992, beyond 2^53')
  })
})
