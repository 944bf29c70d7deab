import { z } from 'zod'
import type { Change, SourcePosition } from '../../src/change/change.js'
import { rowKey } from '../../src/change/row-key.js'
import { type TypedTopic, topic } from '../../src/change/topic.js'
import { count, last } from '../../src/pipeline/aggregate.js'
import { type Pipeline, pipeline } from '../../src/pipeline/pipeline.js'
import { planTopics } from '../../src/pipeline/plan.js'
import { keyOf } from '../../src/validate/current-tables.js'
import { lanesOf } from '../../src/validate/delivery.js'
import type { RecordedLog } from '../../src/validate/faults.js'

/** A row of the constructed topic. */
export interface Reading {
  id: number
  box: number
  at: number
  value: number
}

export const readings: TypedTopic<Reading> = topic<Reading>('readings', z.custom<Reading>(), { key: ['id'] })

/** How many readings each box has, and its newest value. */
export const perBox: Pipeline<{ box: number; readings: number; newest: number | null }> = pipeline('per-box')
  .from(readings)
  .groupBy(row => ({ box: row.box }))
  .aggregate({ readings: count(), newest: last(row => row.value, { by: row => row.at }) })
  .to('per-box')

/** A constructed change at position `pos` of the database's log, or without a position where it is null. */
export function reading(
  op: 'c' | 'u' | 'd' | 'r',
  row: Pick<Reading, 'id'> & Partial<Reading>,
  pos: number | null = null,
  partition = 0,
): Change {
  const source: SourcePosition | null =
    pos === null
      ? null
      : { file: 'log.000001', pos, row: 0, serverId: 1, gtid: null, snapshot: 'false', time: pos }
  return {
    kind: 'row',
    ...{ topic: 'readings', partition, offset: pos ?? 0, timestamp: 0 },
    op,
    key: { id: row.id },
    before: null,
    after: op === 'd' ? null : { box: 1, at: row.id, value: 0, ...row },
    source,
    transaction: null,
    newKey: null,
    oldKey: null,
    processedAt: null,
    headers: [],
  }
}

export function tombstone(id: number, partition = 0): Change {
  return { kind: 'tombstone', topic: 'readings', partition, offset: 0, timestamp: 0, key: { id } }
}

/** Changes as a log of a pipeline's topics. */
export function logOf({ plan }: Pipeline<never>, changes: readonly Change[]): RecordedLog {
  const topics = planTopics(plan.root)
  const { laneOf } = lanesOf(changes, change => {
    const definition = topics.find(one => one.topic === change.topic)!
    const key = keyOf(change, definition)
    return key === null ? null : rowKey(key, definition.key)
  })
  return { changes, topics, laneOf }
}
