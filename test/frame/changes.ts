import type { Quarantined, RowChange, SourcePosition, Tombstone, Truncate } from '../../src/change/change.js'
import type { Row } from '../../src/change/column-type.js'

let offset = 0

function at(partition: number): { topic: string; partition: number; offset: number; timestamp: number } {
  return { topic: 'dbserver1.openmrs.t', partition, offset: offset++, timestamp: 1_767_261_600_000 }
}

/** A source position at byte `pos` of the one binlog of server 1. */
export function position(pos: number): SourcePosition {
  return { file: 'mysql-bin.000001', pos, row: 0, serverId: 1, gtid: null, snapshot: 'false', time: 1000 }
}

/** A change as the reader would give it, with made-up offsets that ascend. */
export function change(
  op: 'c' | 'u' | 'd' | 'r',
  key: Row | null,
  after: Row | null,
  before: Row | null = null,
  where: { partition?: number; source?: SourcePosition } = {},
): RowChange {
  const source = where.source ?? null
  return {
    kind: 'row',
    ...at(where.partition ?? 0),
    op,
    key,
    before,
    after,
    source,
    transaction: null,
    processedAt: null,
    newKey: null,
    oldKey: null,
    headers: [],
  }
}

export function tombstone(key: Row | null, partition = 0): Tombstone {
  return { kind: 'tombstone', ...at(partition), key }
}

export function truncate(source: SourcePosition | null = null, partition = 0): Truncate {
  return { kind: 'truncate', ...at(partition), source }
}

export function quarantined(reason: string): Quarantined {
  return { kind: 'quarantined', ...at(0), reason, key: null, source: null }
}
