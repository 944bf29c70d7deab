import { rm } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, inject, test, vi } from 'vitest'
import { type Clock, systemClock } from '../../src/clock.js'
import { kafkaSink } from '../../src/job/kafka-sink.js'
import { isRetriable } from '../../src/job/retriable.js'
import { KafkaService } from './kafka.js'
import { freePorts } from './ports.js'
import { administer, batchOf, elsewhere, keyOf, SinkRequests } from './sink-requests.js'
import { installSoftware } from './software.js'
import { stackFolder } from './stack.js'

const requests = new SinkRequests({})
const unavailable = inject('stackUnavailable')

describe.skipIf(unavailable !== null)('a Kafka sink whose broker is killed', () => {
  let broker: KafkaService
  let url: string
  const folder = path.join(stackFolder, `sink-${process.pid}`)

  beforeAll(async () => {
    await rm(folder, { recursive: true, force: true })
    const { kafka, controller } = await freePorts()
    broker = new KafkaService(await installSoftware(stackFolder), folder, kafka, controller)
    process.once('exit', () => broker.abandon())
    await broker.start()
    url = `kafka://${broker.bootstrap}`
    const topics = [{ topic: 'input', numPartitions: 2 }]
    await administer(broker.bootstrap, admin => admin.createTopics({ topics }))
  })
  afterAll(async () => {
    await broker?.stop()
    await rm(folder, { recursive: true, force: true })
  })

  test('fails in a way that may be tried again, and opened again goes on where the last whole batch was', async () => {
    const request = requests.next({ source: url })
    const writing = kafkaSink(url)
    await writing.open(request)
    let acknowledged = 0
    const failed = (async () => {
      for (let next = 1; ; next++) {
        await writing.write(batchOf(['a', 'b', 'c', 'd'], next))
        acknowledged = next
      }
    })()
    failed.catch(() => {})
    await vi.waitFor(() => expect(acknowledged).toBeGreaterThan(20), { timeout: 20_000 })
    await broker.kill()
    await expect(failed).rejects.toSatisfy(isRetriable)
    await writing.close()
    await expect(kafkaSink(url).holder(request)).rejects.toSatisfy(isRetriable)
    await broker.start()
    try {
      const progress = await writing.open(request)
      const read = progress!.offsets[0]!.next
      expect([acknowledged, acknowledged + 1]).toContain(read)
      expect(new Set((await writing.held()).rows.values())).toEqual(
        new Set(['a', 'b', 'c', 'd'].map(name => JSON.stringify({ name, next: read }))),
      )
      await writing.write(batchOf(['e'], read + 1))
      expect((await writing.held()).rows.size).toBe(5)
    } finally {
      await writing.close()
    }
  })

  test('rides out a restart that does not take longer than it waits, and is seen again after it', async () => {
    const request = requests.next({ source: url })
    const writing = kafkaSink(url, {}, patient())
    try {
      await writing.open({ ...request, self: elsewhere })
      await writing.write(batchOf(['a'], 1))
      await broker.stop()
      const written = writing.write(batchOf(['b'], 2))
      await broker.start()
      await written
      expect([...(await writing.held()).rows.keys()].sort()).toEqual([keyOf('a'), keyOf('b')])
      await vi.waitFor(async () => expect(await kafkaSink(url).holder(request)).toEqual(elsewhere), {
        timeout: 20_000,
        interval: 200,
      })
    } finally {
      await writing.close()
    }
  })
})

/** A clock on which time passes a tenth as fast, so that a slow machine does not decide what is too long. */
function patient(): Clock {
  const start = Date.now()
  return { now: () => start + Math.floor((Date.now() - start) / 10), sleep: systemClock.sleep }
}
