import type { FollowRequest, ReadRequest, Source, TopicOffsets } from '../source/source.js'

/**
 * A source that ends where it did when it was first asked, so that everything that is proven is proven on the same
 * records while a cluster gets more. It is not to be closed: the source behind it is its owner's.
 */
export async function fixedSource(source: Source): Promise<Source> {
  const fixed = new Map(
    (await source.topics()).map(topic => [topic.topic, { ...topic, partitions: ended(topic) }]),
  )
  return {
    name: source.name,
    growing: false,
    registry: source.registry,
    topics: async names => {
      const unknown = names?.some(name => !fixed.has(name)) ?? false
      // The source's own error names the topics that are near.
      if (unknown) return await source.topics(names)
      return names === undefined ? [...fixed.values()] : names.map(name => fixed.get(name)!)
    },
    offsetsAt: (topic, time) => source.offsetsAt(topic, time),
    read: (request: ReadRequest) => source.read(request),
    follow: (request: FollowRequest) => source.follow(request),
    close: async () => {},
  }
}

function ended({ partitions }: TopicOffsets): TopicOffsets['partitions'] {
  return partitions.map(partition => ({ ...partition, end: partition.stable }))
}
