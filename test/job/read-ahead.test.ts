import { expect, test } from 'vitest'
import { ReadAhead } from '../../src/job/read-ahead.js'
import { writeBatch } from '../../src/log/batch-writer.js'
import { RecordReader } from '../../src/source/record.js'
import type { BatchChunk, FollowRequest, Source } from '../../src/source/source.js'
import { record } from '../log/batches.js'

const partition = { topic: 't', partition: 0 }
const big = 'x'.repeat(3 * 1024 * 1024)

function chunkOf(...offsets: number[]): BatchChunk {
  const batches = offsets.map(offset => writeBatch({ records: [record(offset, '{}', big)] }))
  return { ...partition, bytes: Buffer.concat(batches), aborted: [] }
}

/** A source that gives these chunks, and then what `end` says: nothing, a failure, or nothing ever. */
class Following {
  given = 0
  readonly #chunks: BatchChunk[]
  readonly #end: 'ends' | 'fails' | 'waits'

  constructor(chunks: BatchChunk[], end: 'ends' | 'fails' | 'waits') {
    this.#chunks = chunks
    this.#end = end
  }

  async *follow({ signal }: FollowRequest): AsyncGenerator<BatchChunk> {
    for (const chunk of this.#chunks) {
      this.given++
      yield chunk
    }
    if (this.#end === 'fails') throw new Error('away')
    if (this.#end === 'waits')
      await new Promise<void>(resolve => signal.addEventListener('abort', () => resolve()))
  }
}

function following(source: Following): {
  ahead: ReadAhead
  chunks: AsyncIterator<BatchChunk>
  stop: AbortController
} {
  const stop = new AbortController()
  const ahead = new ReadAhead(source as unknown as Source)
  const chunks = ahead.follow({ positions: [{ ...partition, from: 0 }], signal: stop.signal })
  return { ahead, chunks, stop }
}

test('what comes is handed over in order and whole, in pieces of whole batches', async () => {
  const { chunks } = following(new Following([chunkOf(0, 1), chunkOf(2)], 'ends'))
  const reader = new RecordReader('t', 0)
  const pieces: number[][] = []
  for (let next = await chunks.next(); !next.done; next = await chunks.next())
    pieces.push(reader.read(next.value).map(({ offset }) => offset))
  expect(pieces).toEqual([[0], [1], [2]])
})

test('no more is read ahead than some bytes, and on it goes when those are taken', async () => {
  const source = new Following(
    [chunkOf(0), chunkOf(1), chunkOf(2), chunkOf(3), chunkOf(4), chunkOf(5)],
    'ends',
  )
  const { chunks } = following(source)
  await chunks.next()
  await new Promise(resolve => setTimeout(resolve, 20))
  const given = source.given
  expect(given).toBeLessThan(6)
  let count = 1
  for (let next = await chunks.next(); !next.done; next = await chunks.next()) count++
  expect(count).toBe(6)
})

test('it tells what is at hand, and can be waited for', async () => {
  const { ahead, chunks, stop } = following(new Following([chunkOf(0), chunkOf(1)], 'waits'))
  expect(ahead.isAtHand).toBe(false)
  await chunks.next()
  await ahead.ready()
  expect(ahead.isAtHand).toBe(true)
  await chunks.next()
  expect(ahead.isAtHand).toBe(false)
  let isReady = false
  const waiting = ahead.ready().then(() => {
    isReady = true
  })
  await new Promise(setImmediate)
  expect(isReady).toBe(false)
  stop.abort()
  await waiting
  expect(await chunks.next()).toMatchObject({ done: true })
})

test('a failure comes after what was read before it', async () => {
  const { chunks } = following(new Following([chunkOf(0)], 'fails'))
  expect(await chunks.next()).toMatchObject({ done: false })
  await expect(chunks.next()).rejects.toThrow('away')
})

test('who leaves ends the reading', async () => {
  let isEnded = false
  const source = {
    async *follow({ signal }: FollowRequest): AsyncGenerator<BatchChunk> {
      yield chunkOf(0)
      await new Promise<void>(resolve => signal.addEventListener('abort', () => resolve()))
      isEnded = true
    },
  }
  const { chunks } = following(source as Following)
  await chunks.next()
  await chunks.return?.()
  await expect.poll(() => isEnded).toBe(true)
})
