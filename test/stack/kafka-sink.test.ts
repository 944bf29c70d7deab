import { afterAll, afterEach, beforeAll, describe, expect, inject, test, vi } from 'vitest'
import { systemClock } from '../../src/clock.js'
import { Coordinators } from '../../src/job/coordinators.js'
import { thisProcess } from '../../src/job/holder.js'
import { taken } from '../../src/job/kafka-error.js'
import { type KafkaSinkOptions, kafkaSink } from '../../src/job/kafka-sink.js'
import { jsonLog } from '../../src/job/log.js'
import { readOutput } from '../../src/job/output-topic.js'
import { isRetriable } from '../../src/job/retriable.js'
import type { Sink, SinkBatch, SinkRequest } from '../../src/job/sink.js'
import {
  addOffsetsRequest,
  addPartitionsRequest,
  endTransactionRequest,
  initProducerIdRequest,
  type ProducerIdentity,
  produceRequest,
  transactionOffsetsRequest,
} from '../../src/job/transaction-protocol.js'
import { writeBatch } from '../../src/log/batch-writer.js'
import { openKafka } from '../../src/source/kafka.js'
import { KafkaCluster } from '../../src/source/kafka-cluster.js'
import { parseKafkaConfig } from '../../src/source/kafka-config.js'
import type { Source } from '../../src/source/source.js'
import { administer, batchOf, elsewhere, gone, keyOf, SinkRequests, started } from './sink-requests.js'

const stack = inject('stack')
const where = `kafka://${stack?.kafka}`
const config = stack === null ? null : parseKafkaConfig(where)
const lines: string[] = []
const requests = new SinkRequests({ source: where, log: jsonLog({ write: line => lines.push(line) }) })

describe.skipIf(stack === null)('a Kafka sink', () => {
  let source: Source
  const sinks: Sink[] = []

  function sink(options: KafkaSinkOptions = {}): Sink {
    const made = kafkaSink(where, options)
    sinks.push(made)
    return made
  }

  beforeAll(async () => {
    source = await openKafka(config!)
    await administer(stack!.kafka, admin =>
      admin.createTopics({ topics: [{ topic: 'input', numPartitions: 2 }] }),
    )
  })
  afterEach(async () => {
    for (const made of sinks.splice(0)) await made.close()
  })
  afterAll(() => source?.close())

  describe('that writes exactly once', () => {
    test('holds what was written, after compaction: the newest row and letter of each key, none of those taken back', async () => {
      const request = requests.next()
      const writing = sink()
      expect(await writing.open(request)).toBeNull()
      await writing.write(batchOf(['a', 'b', 'c'], 1))
      await writing.write(batchOf(['b'], 2))
      await writing.write({
        records: [{ key: keyOf('c'), row: null }],
        deadLetters: [{ key: '{"letter":"a"}', letter: null }],
        progress: null,
      })
      const { rows, deadLetters } = await writing.held()
      expect(new Map([...rows].sort())).toEqual(
        new Map([
          [keyOf('a'), '{"name":"a","next":1}'],
          [keyOf('b'), '{"name":"b","next":2}'],
        ]),
      )
      expect([...deadLetters.keys()].sort()).toEqual(['{"letter":"b"}', '{"letter":"c"}'])
    })

    test('is opened again where it was, and a batch without progress leaves that as it is', async () => {
      const request = requests.next()
      await writeAndClose(request, batchOf(['a'], 4, false))
      expect(await sinkOpened(request)).toEqual(progressOf(4, false))
      await writeAndClose(request, batchOf(['a'], 5), { ...batchOf(['b'], 0), progress: null })
      expect(await sinkOpened(request)).toEqual(progressOf(5, true))
    })

    test('shows ordinary tools the lag of its inputs, and none of its output', async () => {
      const request = requests.next()
      await writeAndClose(request, batchOf(['a', 'b', 'c', 'd'], 6), batchOf(['e', 'f', 'g'], 7))
      const groupId = `obslab.${request.job}`
      const fetched = await administer(stack!.kafka, admin =>
        admin.fetchOffsets({ groupId, topics: ['input', request.output] }),
      )
      expect(fetched[0]!.partitions.find(({ partition }) => partition === 0)!.offset).toBe('7')
      const [output] = await source.topics([request.output])
      expect(fetched[1]!.partitions.find(({ partition }) => partition === 0)!.offset).toBe(
        String(output!.partitions[0]!.end),
      )
    })

    test('puts a key where Java clients put it, and splits what is larger than a broker takes at once', async () => {
      const request = requests.next()
      const text = 'x'.repeat(10_000)
      const records = Array.from({ length: 500 }, (_, at) => ({
        key: keyOf(`key-${at}`),
        row: `"${text}${at}"`,
      }))
      await writeAndClose(request, { records, deadLetters: [], progress: null })
      const held = await readOutput(source, request.output)
      expect(held).toEqual(new Map(records.map(({ key, row }) => [key, row])))
      const [output] = await source.topics([request.output])
      expect(output!.partitions.map(({ end }) => end > 200)).toEqual([true, true])
    })

    test('begins anew when its output was deleted, whatever its inputs were read to', async () => {
      const request = requests.next()
      await writeAndClose(request, batchOf(['a'], 4))
      await administer(stack!.kafka, admin => admin.deleteTopics({ topics: [request.output] }))
      await vi.waitFor(
        async () => {
          await expect(source.topics([request.output])).rejects.toMatchObject({ code: 'topic-unknown' })
        },
        { timeout: 20_000 },
      )
      await vi.waitFor(async () => expect(await sinkOpened(request)).toBeNull(), {
        timeout: 20_000,
        interval: 200,
      })
    })

    test('keeps where inputs of another source are, and goes by it for that source alone', async () => {
      const request = requests.next({ source: 'datasets/openmrs' })
      await writeAndClose(request, batchOf(['a'], 4), batchOf(['b'], 5))
      expect(await sinkOpened(request)).toEqual(progressOf(5, true))
      expect(await sinkOpened({ ...request, source: where })).toBeNull()
      expect(await sinkOpened({ ...request, source: 'datasets/other' })).toBeNull()
    })

    test('says so when places in another source are too many to keep, and compares at the next start', async () => {
      const request = requests.next({ source: 'datasets/openmrs' })
      const offsets = Array.from({ length: 500 }, (_, partition) => ({
        topic: 'input',
        partition,
        next: 1_000_000,
      }))
      lines.length = 0
      await writeAndClose(request, { ...batchOf(['a'], 4), progress: { offsets, whole: true } })
      expect(lines.map(line => JSON.parse(line))).toMatchObject([{ level: 'warn', partitions: 500 }])
      expect(await sinkOpened(request)).toBeNull()
    })

    test('takes rows as large as it says, and of a batch with a larger one it writes nothing', async () => {
      const request = requests.next({ settings: { 'max.message.bytes': '2000' } })
      const writing = sink()
      await writing.open(request)
      const rowOf = (name: string, bytes: number): string => 'x'.repeat(bytes - keyOf(name).length)
      const largest = { key: keyOf('large'), row: rowOf('large', writing.maxRecordBytes!) }
      await writing.write({ records: [largest], deadLetters: [], progress: null })
      const larger = { key: keyOf('larger'), row: rowOf('larger', writing.maxRecordBytes! + 1) }
      const refused = writing.write({
        records: [{ key: keyOf('small'), row: '1' }, larger],
        deadLetters: [],
        progress: null,
      })
      await expect(refused).rejects.toSatisfy(isFatal)
      await expect(refused).rejects.toMatchObject({ message: expect.stringContaining('max.message.bytes') })
      expect([...(await writing.held()).rows.keys()]).toEqual([keyOf('large')])
    })

    test('leaves out the view of a letter that is too large with it', async () => {
      const request = requests.next()
      const writing = sink()
      await writing.open(request)
      const letter = JSON.stringify({ reason: 'why', view: 'x'.repeat(1_100_000) })
      await writing.write({ records: [], deadLetters: [{ key: '{"letter":1}', letter }], progress: null })
      expect([...(await writing.held()).deadLetters.values()]).toEqual(['{"reason":"why","view":null}'])
    })

    test('creates compacted topics, and warns of settings that an existing one does not have', async () => {
      const request = requests.next({ partitions: 3, settings: { 'retention.ms': '-1' } })
      lines.length = 0
      await sinkOpened(request)
      const topics = await source.topics([request.output, `${request.output}.dead-letters`])
      expect(topics.map(({ cleanupPolicy, partitions }) => [cleanupPolicy, partitions.length])).toEqual([
        ['compact', 3],
        ['compact', 3],
      ])
      expect(lines).toEqual([])
      await sinkOpened({ ...request, settings: { 'retention.ms': '5000' } })
      expect(lines.map(line => JSON.parse(line))).toMatchObject([
        { level: 'warn', topic: request.output, settings: ['retention.ms is -1, declared is 5000'] },
      ])
    })
  })

  describe('whose earlier instance left a transaction open', () => {
    test('settles it first: none of its rows, letters or offsets are there, and it cannot commit any more', async () => {
      const request = requests.next()
      await writeAndClose(request, batchOf(['committed'], 4))
      const older = await openTransaction(request, 9)
      expect(await openEnds(request.output)).toBe(true)
      const newer = sink()
      expect(await newer.open(request)).toEqual(progressOf(4, true))
      await expect(older.commit()).rejects.toMatchObject({ type: expect.stringMatching(/EPOCH|FENCED/) })
      await older.close()
      await newer.write(batchOf(['next'], 5))
      const { rows, deadLetters } = await newer.held()
      expect([...rows.keys()].sort()).toEqual([keyOf('committed'), keyOf('next')])
      expect([...deadLetters.keys()].sort()).toEqual(['{"letter":"committed"}', '{"letter":"next"}'])
      expect(await openEnds(request.output)).toBe(false)
    })

    test('reads how far it is only when that one can write no more', async () => {
      const request = requests.next()
      let acknowledged = 0
      for (let round = 0; round < 6; round++) {
        const older = sink()
        await older.open({ ...request, self: gone })
        const writing = (async () => {
          for (let next = acknowledged + 1; ; next++) {
            await older.write(batchOf([`row-${next % 7}`], next))
            acknowledged = next
          }
        })()
        const ended = expect(writing).rejects.toMatchObject({
          code: expect.stringMatching(/job-fenced|output-failed/),
        })
        await vi.waitFor(() => expect(acknowledged).toBeGreaterThan(round * 3), { timeout: 20_000 })
        const newer = sink()
        const progress = await newer.open({ ...request, self: { ...gone, since: started + 1 } })
        const read = progress!.offsets[0]!.next
        await ended
        // Its last batch may have been committed without being acknowledged, but nothing after what was read.
        expect([acknowledged, acknowledged + 1]).toContain(read)
        const { rows } = await newer.held()
        const newest = [...rows.values()].map(row => (JSON.parse(row) as { next: number }).next)
        expect(Math.max(...newest)).toBe(read)
        acknowledged = read
        await newer.close()
        await older.close()
      }
    })
  })

  describe('that another instance holds', () => {
    test('names it: host, process and since when; and does not take over from it', async () => {
      const request = requests.next()
      const holding = sink()
      expect(await holding.holder(request)).toBeNull()
      await holding.open({ ...request, self: elsewhere })
      const waiting = sink()
      const later = { ...request, self: thisProcess(started + 1000) }
      expect(await waiting.holder(later)).toEqual(elsewhere)
      await expect(waiting.open(later)).rejects.toMatchObject({
        code: 'job-held',
        message: expect.stringContaining('another-machine, process 17'),
      })
      await holding.write(batchOf(['still'], 1))
      await waiting.close()
      await holding.close()
      expect(await sink().holder(later)).toBeNull()
    })

    test('does not wait for one whose process is gone', async () => {
      const request = requests.next()
      await sink().open({ ...request, self: gone })
      const next = sink()
      expect(await next.holder(request)).toBeNull()
      const before = Date.now()
      await next.open(request)
      await next.write(batchOf(['a'], 1))
      expect(Date.now() - before).toBeLessThan(8_000)
    })

    test('keeps being seen when others come and go, and while it writes', async () => {
      const request = requests.next()
      const holding = sink()
      await holding.open({ ...request, self: elsewhere })
      for (let visit = 0; visit < 3; visit++) {
        const other = sink()
        const self = thisProcess(started + visit + 1)
        await expect(other.open({ ...request, self })).rejects.toMatchObject({ code: 'job-held' })
        await other.close()
        await holding.write(batchOf(['a'], visit))
      }
      expect(await sink().holder(request)).toEqual(elsewhere)
    })

    test('is seen for longer than a session lasts, and its transactions are taken while it is a member', async () => {
      const request = requests.next()
      const holding = sink()
      await holding.open({ ...request, self: elsewhere })
      const looking = sink()
      const groupId = `obslab.${request.job}`
      const described = async (): Promise<string> =>
        (await administer(stack!.kafka, admin => admin.describeGroups([groupId]))).groups[0]!.state
      await vi.waitFor(async () => expect(await described()).toBe('Stable'), { timeout: 20_000 })
      const until = Date.now() + 12_000
      for (let next = 1; Date.now() < until; next++) {
        await holding.write(batchOf(['a'], next))
        await systemClock.sleep(500)
        expect(await looking.holder(request)).toEqual(elsewhere)
      }
      expect(await described()).toBe('Stable')
    })

    test('of two that start at the same time one alone writes, and the other names it', async () => {
      for (let round = 0; round < 5; round++) {
        const request = requests.next()
        const instances = [1, 2].map(pid => ({ instance: sink(), self: { ...elsewhere, pid } }))
        const ended = await Promise.allSettled(
          instances.map(async ({ instance, self }) => await instance.open({ ...request, self })),
        )
        const written = []
        for (const [at, { instance }] of instances.entries()) {
          const opened = ended[at]!
          if (opened.status === 'rejected') expect(opened.reason).toMatchObject({ code: 'job-held' })
          else written.push(await outcome(instance.write(batchOf(['a'], 1))))
        }
        expect(written.filter(code => code === 'written')).toHaveLength(1)
        expect(written.filter(code => code !== 'written' && code !== 'job-fenced')).toEqual([])
        for (const { instance } of instances) await instance.close()
      }
    })

    test('the one that was taken over from ends with the name of the other', async () => {
      const request = requests.next()
      const older = sink()
      await older.open({ ...request, self: gone })
      await older.write(batchOf(['a'], 1))
      const newer = sink()
      await newer.open({ ...request, self: elsewhere })
      await expect(older.write(batchOf(['b'], 2))).rejects.toMatchObject({
        code: 'job-fenced',
        message: expect.stringContaining('another-machine, process 17'),
      })
      await expect(older.write(batchOf(['b'], 2))).rejects.toThrow('of no use after a failure')
    })
  })

  describe('that writes at least once', () => {
    const delivery = 'at-least-once'

    test('writes rows and letters outside of transactions, and offsets for tools alone', async () => {
      const request = requests.next()
      const writing = sink({ delivery })
      expect(await writing.open(request)).toBeNull()
      let writes = 0
      await vi.waitFor(
        async () => {
          await writing.write(batchOf(['a'], 3))
          writes++
          expect(await committedInput(request)).toBe('3')
        },
        { timeout: 20_000, interval: 200 },
      )
      expect([...(await writing.held()).rows.keys()]).toEqual([keyOf('a')])
      const [output] = await source.topics([request.output])
      // Transactions would have left a marker each.
      expect(output!.partitions.reduce((sum, { end }) => sum + end, 0)).toBe(writes)
      await writing.close()
      expect(await sinkOpened(request, { delivery })).toBeNull()
      expect([writing.delivery, kafkaSink(where).delivery]).toEqual(['at-least-once', 'exactly-once'])
    })
  })

  test('options that it does not have are told', () => {
    expect(() => kafkaSink(where, { delivery: 'once' } as unknown as KafkaSinkOptions)).toThrow(
      expect.objectContaining({ code: 'option-invalid' }),
    )
  })

  async function writeAndClose(request: SinkRequest, ...batches: SinkBatch[]): Promise<void> {
    const writing = kafkaSink(where)
    try {
      await writing.open(request)
      for (const batch of batches) await writing.write(batch)
    } finally {
      await writing.close()
    }
  }

  async function sinkOpened(
    request: SinkRequest,
    options: KafkaSinkOptions = {},
  ): Promise<Awaited<ReturnType<Sink['open']>>> {
    const opened = kafkaSink(where, options)
    try {
      return await opened.open(request)
    } finally {
      await opened.close()
    }
  }

  async function openEnds(topic: string): Promise<boolean> {
    const [found] = await source.topics([topic])
    return found!.partitions.some(({ stable, end }) => stable < end)
  }

  async function committedInput({ job }: SinkRequest): Promise<string> {
    const [fetched] = await administer(stack!.kafka, admin =>
      admin.fetchOffsets({ groupId: `obslab.${job}`, topics: ['input'] }),
    )
    return fetched!.partitions.find(({ partition }) => partition === 0)!.offset
  }
})

function progressOf(next: number, whole: boolean): unknown {
  return { offsets: [{ topic: 'input', partition: 0, next }], whole }
}

function isFatal(error: unknown): boolean {
  return !isRetriable(error)
}

async function outcome(written: Promise<void>): Promise<string> {
  try {
    await written
    return 'written'
  } catch (error) {
    return String(Reflect.get(error as object, 'code'))
  }
}

/** A transaction of an instance that then hangs: a row, a letter and offsets up to `next` are written, not committed. */
async function openTransaction(
  { job, output }: SinkRequest,
  next: number,
): Promise<{ commit(): Promise<void>; close(): Promise<void> }> {
  const cluster = await KafkaCluster.open(config!, systemClock)
  const coordinators = new Coordinators(cluster)
  const id = `obslab.${job}`
  const topics = [output, `${output}.dead-letters`]
  const settle = <T>(request: Parameters<typeof coordinators.settle<T>>[2]): Promise<T> =>
    coordinators.settle('transaction', id, request, 10_000)
  const producer: ProducerIdentity = await settle(initProducerIdRequest(id, 60_000))
  await settle(
    addPartitionsRequest(
      producer,
      topics.map(topic => ({ topic, partitions: [0] })),
    ),
  )
  const batch = writeBatch({
    records: [
      { offset: 0, timestamp: started, key: Buffer.from('pending'), value: Buffer.from('1'), headers: [] },
    ],
    producerId: producer.id,
    producerEpoch: producer.epoch,
    baseSequence: 0,
    transactional: true,
  })
  await cluster.metadata(topics)
  for (const topic of topics)
    taken(
      await cluster.node(
        cluster.leader(topic, 0)!,
        produceRequest(producer, [{ topic, partition: 0, batch }]),
      ),
    )
  await settle(addOffsetsRequest(producer, id))
  const offsets = [
    { topic: 'input', partition: 0, offset: next, metadata: '' },
    { topic: output, partition: 0, offset: next, metadata: '{"whole":true}' },
  ]
  await coordinators.settle('group', id, transactionOffsetsRequest(producer, id, offsets), 10_000)
  return {
    commit: () => coordinators.send('transaction', id, endTransactionRequest(producer, 'commit')),
    close: async () => cluster.close(),
  }
}
