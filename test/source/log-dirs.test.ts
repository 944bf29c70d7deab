import { expect, test } from 'vitest'
import { describeLogDirsRequest } from '../../src/source/log-dirs.js'
import { WireReader, WireWriter } from '../../src/source/wire.js'

const request = describeLogDirsRequest([{ topic: 'obs', partitions: [0, 2] }])

test('the request names each partition whose size is wanted', () => {
  const reader = new WireReader(request.body, 'DescribeLogDirs')
  const topics = reader.array(() => [reader.string(), reader.array(() => reader.int32())])
  reader.end()
  expect([request.apiKey, request.apiVersion, topics]).toEqual([35, 1, [['obs', [0, 2]]]])
})

test('sizes of all folders are given; not those of a replica on its way, nor of a folder that failed', () => {
  const response = new WireWriter().int32(0)
  const folders = [
    { error: 0, name: '/one', partition: 0, bytes: 4_000_000_000, future: false },
    { error: 0, name: '/two', partition: 2, bytes: 7, future: true },
    { error: 56, name: '/three', partition: 3, bytes: 9, future: false },
  ]
  response.array(folders, ({ error, name, partition, bytes, future }) =>
    response
      .int16(error)
      .string(name)
      .array(['obs'], topic =>
        response
          .string(topic)
          .array([partition], number => response.int32(number).int64(bytes).int64(0).boolean(future)),
      ),
  )
  expect(request.decode(response.finish())).toEqual([{ topic: 'obs', partition: 0, bytes: 4_000_000_000 }])
})

test('a broker that tells nothing gives no sizes', () => {
  expect(
    request.decode(
      new WireWriter()
        .int32(0)
        .array([], () => {})
        .finish(),
    ),
  ).toEqual([])
})
