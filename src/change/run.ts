import type { Change, Quarantined, RowChange, SourcePosition, Tombstone, Truncate } from './change.js'
import type { Row } from './column-type.js'
import { comparePositions, isFullSnapshot, logFile, transactionNumber } from './position.js'
import type { PlainData } from './reader-memory.js'
import { rowKey } from './row-key.js'

/** Whether a change counts, or was delivered before and is to be skipped. */
export type Verdict = 'applied' | 'redelivered'

/** What a run after the first begins with: a full snapshot, or another server's log. */
export type RunCause = 'snapshot' | 'server'

/** A stretch of changes of one partition whose source positions compare. */
interface Run {
  /** The servers whose transactions were met in it. */
  servers: Set<string>
  /** The highest position of its changes, or where its snapshot was taken. */
  highest: SourcePosition | null
  /** Where its full snapshot was taken; null once streaming has begun. */
  snapshot: SourcePosition | null
  /**
   * Rows that an incremental snapshot gave again from below the highest position: from there on their changes count
   * again; from anywhere (null) when the row came from another server's log.
   */
  rewound: Map<string, SourcePosition | null>
}

interface Partition {
  run: Run
  runs: number
  /** The newest transaction met of each server, in all runs. */
  newest: Map<string, number>
  /** Keys whose last delete was redelivered and whose tombstone has not come yet. */
  deletes: Set<string>
  onRun: (cause: RunCause) => void
}

/**
 * Redelivered deletes that a partition waits for the tombstones of: a tombstone comes right after its delete, and where the
 * connector writes none (`tombstones.on.delete=false`) those of replayed blocks would add up.
 */
const deletesKept = 1000

/** What a {@link Redelivery} knows of each partition, as plain data. */
export type RedeliveryMemory = readonly PartitionMemory[]

interface PartitionMemory {
  readonly partition: number
  readonly runs: number
  readonly servers: readonly string[]
  readonly highest: PositionMemory | null
  readonly snapshot: PositionMemory | null
  readonly rewound: readonly (readonly [string, PositionMemory | null])[]
  readonly newest: readonly (readonly [string, number])[]
  readonly deletes: readonly string[]
  readonly [name: string]: PlainData
}

type PositionMemory = readonly [
  file: string,
  pos: number,
  row: number,
  serverId: number,
  gtid: string | null,
  snapshot: string,
  time: number,
]

/**
 * Tells changes that were delivered before from those that were not, by one rule that needs no memory of single
 * changes. Feed it every change of one topic; each partition is judged by itself.
 *
 * - In a run the highest source position is kept. A create, update, delete or truncate strictly below it is
 *   redelivered; one equal to it is applied again, since several changes can share a position.
 * - A tombstone, which carries no position, shares the fate of the delete before it. Without one (compacted away) it
 *   applies: a connector that resumes never sends a tombstone again without its delete.
 * - A snapshot row always applies. When it comes from below the highest position, later changes of its row count again
 *   from there on, so that a replayed block of both ends where it did before.
 * - A new run begins with a full snapshot after streaming, with a server that the run has not met, and with a
 *   transaction newer than all of its server whose position goes back all the same (another server's log).
 *   Incremental snapshots begin none.
 *
 * A record that could not be decoded is judged by its position like an update. A change without a source position
 * (unwrapped without `add.fields`) always applies.
 */
export class Redelivery {
  readonly #partitions = new Map<number, Partition>()
  readonly #onRun: (cause: RunCause) => void

  /** `onRun` is told when a partition begins a run after its first, while the change that begins it is judged. */
  constructor(onRun: (cause: RunCause) => void = () => {}) {
    this.#onRun = onRun
  }

  /** Judges the next change of the topic. Call it once for each, in the order of its partition. */
  accept(change: Change): Verdict {
    const partition = this.#partition(change.partition)
    if (change.kind === 'tombstone') return acceptTombstone(partition, change)
    if (change.kind !== 'truncate' && isRead(change)) return acceptRead(partition, change)
    const verdict = change.source === null ? 'applied' : acceptLogged(partition, change, change.source)
    if (change.kind !== 'truncate') noteFate(partition, change, verdict)
    return verdict
  }

  /** How many runs a partition has had: 1 until a snapshot or another server begins a second; 0 before any change. */
  runs(partition: number): number {
    return this.#partitions.get(partition)?.runs ?? 0
  }

  /** What is known so far, as plain data. It grows with partitions, not with changes. */
  dump(): RedeliveryMemory {
    return Array.from(this.#partitions, ([partition, { run, runs, newest, deletes }]) => ({
      partition,
      runs,
      servers: [...run.servers],
      highest: positionMemory(run.highest),
      snapshot: positionMemory(run.snapshot),
      rewound: Array.from(run.rewound, ([key, from]) => [key, positionMemory(from)] as const),
      newest: [...newest],
      deletes: [...deletes],
    }))
  }

  /** Goes on from what {@link dump} gave. To be called before any change. */
  restore(memory: RedeliveryMemory): void {
    for (const { partition, runs, servers, highest, snapshot, rewound, newest, deletes } of memory) {
      const run: Run = {
        servers: new Set(servers),
        highest: positionOf(highest),
        snapshot: positionOf(snapshot),
        rewound: new Map(rewound.map(([key, from]) => [key, positionOf(from)])),
      }
      const onRun = this.#onRun
      this.#partitions.set(partition, {
        run,
        runs,
        newest: new Map(newest),
        deletes: new Set(deletes),
        onRun,
      })
    }
  }

  #partition(number: number): Partition {
    let partition = this.#partitions.get(number)
    if (partition === undefined) {
      const onRun = this.#onRun
      partition = { run: newRun(null), runs: 1, newest: new Map(), deletes: new Set(), onRun }
      this.#partitions.set(number, partition)
    }
    return partition
  }
}

function positionMemory(position: SourcePosition | null): PositionMemory | null {
  if (position === null) return null
  const { file, pos, row, serverId, gtid, snapshot, time } = position
  return [file, pos, row, serverId, gtid, snapshot, time]
}

function positionOf(memory: PositionMemory | null): SourcePosition | null {
  if (memory === null) return null
  const [file, pos, row, serverId, gtid, snapshot, time] = memory
  return { file, pos, row, serverId, gtid, snapshot, time }
}

function newRun(snapshot: SourcePosition | null): Run {
  return { servers: new Set(), highest: snapshot, snapshot, rewound: new Map() }
}

function beginRun(partition: Partition, snapshot: SourcePosition | null): Run {
  const { run } = partition
  if (run.highest !== null) {
    partition.runs++
    partition.onRun(snapshot === null ? 'server' : 'snapshot')
  }
  partition.run = newRun(snapshot)
  return partition.run
}

function acceptTombstone(partition: Partition, change: Tombstone): Verdict {
  const key = keyText(change.key)
  return partition.deletes.delete(key) ? 'redelivered' : 'applied'
}

/** Old connectors write the rows of a snapshot as creates, and of a quarantined record only the position is known. */
function isRead(change: RowChange | Quarantined): boolean {
  const isOther = change.kind === 'row' && change.op !== 'r' && change.op !== 'c'
  if (isOther) return false
  return (
    (change.kind === 'row' && change.op === 'r') ||
    (change.source !== null && change.source.snapshot !== 'false')
  )
}

function acceptRead(partition: Partition, change: RowChange | Quarantined): Verdict {
  const { source } = change
  const key = keyText(change.key)
  partition.deletes.delete(key)
  if (source === null) return 'applied'
  const { run } = partition
  if (isFullSnapshot(source)) {
    const goesOn = run.snapshot?.file === source.file && run.snapshot.pos === source.pos
    if (!goesOn) beginRun(partition, source)
  } else if (run.highest !== null) {
    if (!run.servers.has(transactionNumber(source).server)) run.rewound.set(key, null)
    else if (comparePositions(source, run.highest) < 0) run.rewound.set(key, source)
  }
  return 'applied'
}

/** A change out of the server's log: a create, update, delete, truncate, or one that could not be decoded. */
type LoggedChange = RowChange | Truncate | Quarantined

function acceptLogged(partition: Partition, change: LoggedChange, source: SourcePosition): Verdict {
  const { server, number } = transactionNumber(source)
  const newest = partition.newest.get(server)
  const isNewest = number !== null && (newest === undefined || number > newest)
  if (number !== null && isNewest) partition.newest.set(server, number)

  const run = continues(partition.run, source, server, isNewest) ? partition.run : beginRun(partition, null)
  run.snapshot = null
  run.servers.add(server)
  if (run.highest === null || comparePositions(source, run.highest) >= 0) {
    run.highest = source
    run.rewound.clear()
    return 'applied'
  }
  return acceptBelow(run, change, source)
}

/** Whether a change's position compares with those of the run. */
function continues(run: Run, source: SourcePosition, server: string, isNewest: boolean): boolean {
  if (run.highest === null) return true
  const { file } = run.highest
  if (file !== source.file && logFile(file).base !== logFile(source.file).base) return false
  const goesBack = comparePositions(source, run.highest) < 0
  if (run.servers.has(server)) return !(goesBack && isNewest)
  const isFirst = run.servers.size === 0
  return !goesBack && (isNewest || isFirst)
}

function acceptBelow(run: Run, change: LoggedChange, source: SourcePosition): Verdict {
  if (change.kind === 'truncate' || run.rewound.size === 0) return 'redelivered'
  const key = keyText(change.key)
  const from = run.rewound.get(key)
  if (from === undefined || (from !== null && comparePositions(source, from) < 0)) return 'redelivered'
  run.rewound.set(key, source)
  return 'applied'
}

/**
 * Remembers a delete's fate for its tombstone; any other change that applies ends the wait for one. What could not be
 * decoded may have been a delete.
 */
function noteFate(partition: Partition, change: RowChange | Quarantined, verdict: Verdict): void {
  const { deletes } = partition
  const isDelete = change.kind === 'quarantined' || change.op === 'd'
  if (verdict === 'applied') {
    if (deletes.size > 0) deletes.delete(keyText(change.key))
    return
  }
  if (!isDelete) return
  const key = keyText(change.key)
  deletes.delete(key)
  deletes.add(key)
  if (deletes.size > deletesKept) deletes.delete(deletes.values().next().value!)
}

function keyText(key: Row | null): string {
  return key === null ? '' : rowKey(key, Object.keys(key))
}
