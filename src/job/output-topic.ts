import { ObslabError } from '../errors.js'
import { RecordReader } from '../source/record.js'
import type { Source } from '../source/source.js'
import type { Log } from './log.js'

/** What an output topic holds after compaction, of committed records: encoded key to encoded row. */
export async function readOutput(source: Source, name: string, log: Log): Promise<Map<string, string>> {
  const [topic] = await source.topics([name])
  const { partitions, cleanupPolicy } = topic!
  if (cleanupPolicy !== 'compact') {
    log.warn(
      'the output topic forgets rows that did not change for long: set its cleanup.policy to compact',
      {
        topic: name,
        cleanupPolicy,
      },
    )
  }
  const ranges = partitions.map(({ partition, start, stable }) => ({
    topic: name,
    partition,
    from: start,
    to: stable,
  }))
  const readers = new Map(
    ranges.map(range => [range.partition, new RecordReader(name, range.partition, range)]),
  )
  const held = new Map<string, string>()
  for await (const chunk of source.read({ ranges })) {
    for (const { key, value, partition, offset } of readers.get(chunk.partition)?.read(chunk) ?? []) {
      if (key === null) throw withoutKey(name, partition, offset)
      if (value === null) held.delete(textOf(key))
      else held.set(textOf(key), textOf(value))
    }
  }
  return held
}

function withoutKey(topic: string, partition: number, offset: number): ObslabError {
  return new ObslabError(
    'output-foreign',
    'Expected the output topic to hold rows of this job, found a record without a key. Name another topic in .to(…).',
    { position: { topic, partition, offset } },
  )
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString()
}
