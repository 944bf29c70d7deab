import type { TopicOffsets } from '../source/source.js'
import type { InputOffset } from './sink.js'

/** Positions by partition. A partition that is not named has none. */
export class InputOffsets {
  readonly #next = new Map<string, InputOffset>()

  constructor(offsets: Iterable<InputOffset> = []) {
    for (const offset of offsets) this.set(offset)
  }

  set({ topic, partition, next }: InputOffset): void {
    this.#next.set(nameOf(topic, partition), { topic, partition, next })
  }

  get(topic: string, partition: number): number | undefined {
    return this.#next.get(nameOf(topic, partition))?.next
  }

  list(): InputOffset[] {
    return [...this.#next.values()]
  }
}

/** A partition of an input with its offsets of now. */
export interface InputPartition {
  topic: string
  cleanupPolicy: string
  partition: number
  start: number
  stable: number
}

/** All partitions of the inputs. */
export function partitionsOf(inputs: readonly TopicOffsets[]): InputPartition[] {
  return inputs.flatMap(({ topic, cleanupPolicy, partitions }) =>
    partitions.map(({ partition, start, stable }) => ({ topic, cleanupPolicy, partition, start, stable })),
  )
}

/** A position for each partition of the inputs. */
export function offsetsOf(
  inputs: readonly TopicOffsets[],
  next: (partition: InputPartition) => number,
): InputOffset[] {
  return partitionsOf(inputs).map(one => ({ topic: one.topic, partition: one.partition, next: next(one) }))
}

function nameOf(topic: string, partition: number): string {
  return `${topic}:${partition}`
}
