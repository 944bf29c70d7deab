import type { Change, Quarantined, RowChange, SourcePosition, Truncate } from '../change/change.js'
import type { Row } from '../change/column-type.js'
import { isDeleted } from '../change/topic.js'
import { ObslabError } from '../errors.js'
import type { OperatorState } from './operator-state.js'
import type { FromNode } from './plan.js'
import { type RowId, type RowSink, rowId } from './row-identity.js'
import { RowVersions } from './row-versions.js'
import { newestOf, type SplitKey, splitKeyCodec } from './split-key.js'
import { TopicLog } from './topic-log.js'
import type { StepContext } from './verb.js'

/**
 * Turns the changes of one topic into the newest versions of its rows: those that a table of the same changes has. It
 * remembers no rows, only of each key which change was its last and where that stood in the database's log, so that rows
 * are found which a snapshot did not read again, which were truncated, or whose keys are in several partitions; of the
 * last, whose order may be told later, the rows are kept.
 *
 * Whoever passes rows on remembers what a row's version before has led to, so that a change without a before-image, a
 * snapshot row or one delivered twice all replace exactly what was there.
 */
export class TopicRows {
  readonly #node: FromNode
  readonly #next: RowSink
  readonly #log = new TopicLog()
  readonly #versions = new RowVersions()
  readonly #split: OperatorState<SplitKey>
  /** Those of which something has changed since they were last looked at. */
  readonly #unsettled = new Set<RowId>()

  /** `memories` opens what it remembers. Default: it is gone with the process. */
  constructor(node: FromNode, next: RowSink, memories: Pick<StepContext, 'state' | 'keep'> = forgotten) {
    this.#node = node
    this.#next = next
    this.#split = memories.state('split-keys', splitKeyCodec)
    const versions = memories.keep('versions', this.#versions)
    if (versions !== null) this.#versions.restore(versions)
    this.#log.restore(memories.keep('log', this.#log) ?? [])
  }

  apply(change: Change): void {
    switch (change.kind) {
      case 'row':
        this.#applyRow(change)
        break
      case 'tombstone':
        if (!holds(change.key, this.#node.key)) return
        this.#log.take(change.partition, null, false)
        this.#update(rowId(change.key, this.#node.key), null, null)
        break
      case 'quarantined':
        this.#applyQuarantined(change)
        break
      case 'truncate':
        this.#truncate(change)
        break
    }
  }

  /** Concludes what can be said of rows that snapshots did not read again and of keys in several partitions. */
  settle(): void {
    this.#sweep(false)
    this.#settleSplit()
  }

  /**
   * All partitions were read to ends that were fixed for all in one round: what depends on the order of changes in several
   * of them is decided now, and from now on with each call of {@link settle}. An `order-unknown` error where it cannot be.
   */
  caughtUp(): void {
    this.#log.caughtUp()
    this.#sweep(true)
    if (this.#log.isPending) this.#takeTruncated()
    this.#log.isPending = false
    this.#unsettleAll()
    this.#settleSplit()
  }

  #applyRow(change: RowChange): void {
    const { op, key, before, after, source } = change
    const { key: names } = this.#node
    const isRead = op === 'r' || (op === 'c' && source !== null && source.snapshot !== 'false')
    this.#log.take(change.partition, source, isRead)
    const isKeyed = holds(key, names)
    const id = isKeyed ? rowId(key, names) : this.#identityOf(change, op === 'd' ? (before ?? key) : after)
    if (!isKeyed && op === 'u' && holds(before, names)) {
      const left = rowId(before, names)
      if (left !== id) this.#update(left, null, source)
    }
    const isGone = op === 'd' || after === null || isDeleted(this.#node, after)
    this.#update(id, isGone ? null : withKey(after, key, names), source)
  }

  /** What the row holds now is not known, and what it held is the past. */
  #applyQuarantined({ key, partition, source }: Quarantined): void {
    if (!holds(key, this.#node.key)) return
    this.#log.take(partition, source, source !== null && source.snapshot !== 'false')
    this.#update(rowId(key, this.#node.key), null, source)
  }

  /** The row of a key is another now, or gone (null), by the change the log has taken last. */
  #update(id: RowId, row: Row | null, source: SourcePosition | null): void {
    const { partition, seq, file, snapshot } = this.#log
    const isSplit = this.#split.size > 0 && this.#split.get(id) !== undefined
    if (isSplit || !this.#versions.set(id, partition, seq, row !== null, file, source, snapshot)) {
      this.#updateSplit(id, row, source)
    } else if (row === null || (this.#log.hasTruncates && this.#isTruncated(id, source))) {
      this.#next.remove(id)
    } else {
      this.#next.put(id, row)
    }
  }

  /** Whether a row read just now is one from before a truncate all the same. */
  #isTruncated(id: RowId, source: SourcePosition | null): boolean {
    if (this.#log.snapshot > 0 && !this.#log.isCaughtUp) {
      this.#log.isPending = true
      return false
    }
    const version = this.#log.placed(this.#versions.get(id)!)
    if (!this.#log.isBeforeTruncate({ ...version, time: source?.time ?? Number.NaN })) return false
    this.#versions.delete(id)
    return true
  }

  #truncate({ partition, source }: Truncate): void {
    this.#log.truncate(partition, source)
    if (this.#log.partitions === 1) {
      this.#versions.clear()
      this.#next.clear('')
      return
    }
    const gone: RowId[] = []
    let isAll = this.#split.size === 0
    for (const [id, version] of this.#versions.entries()) {
      const isUncertain =
        version.snapshot > 0 && version.partition !== this.#log.partition && !this.#log.isCaughtUp
      if (isUncertain) this.#log.isPending = true
      if (!isUncertain && this.#log.isBeforeTruncate(this.#log.placed(version))) gone.push(id)
      else if (version.puts) isAll = false
    }
    if (isAll) this.#next.clear('')
    for (const id of gone) {
      this.#versions.delete(id)
      if (!isAll) this.#next.remove(id)
    }
    this.#unsettleAll()
  }

  #takeTruncated(): void {
    const read = [...this.#versions.entries()].filter(([, { snapshot }]) => snapshot > 0)
    for (const [id, version] of read) {
      if (!this.#log.isBeforeTruncate(this.#log.placed(version))) continue
      this.#versions.delete(id)
      this.#next.remove(id)
    }
  }

  #sweep(isAtEnd: boolean): void {
    const floors = this.#log.newFloors(isAtEnd)
    if (floors === null) return
    for (const id of this.#versions.before(floors)) {
      this.#versions.empty(id)
      this.#next.remove(id)
    }
    this.#unsettleAll()
  }

  #updateSplit(id: RowId, row: Row | null, source: SourcePosition | null): void {
    const { partition, seq, file, snapshot } = this.#log
    let split = this.#split.get(id)
    if (split === undefined) {
      const first = this.#versions.get(id)!
      split = { versions: [{ ...first, time: Number.NaN, held: null }], shown: first.puts ? first.seq : -1 }
      this.#versions.delete(id)
    }
    const before = split.versions.find(one => one.partition === partition)
    const placed = source ?? before
    const versions = [
      {
        partition,
        seq,
        puts: row !== null,
        file: source === null ? (before?.file ?? 0) : file,
        pos: placed?.pos ?? 0,
        row: placed?.row ?? 0,
        server: source?.serverId ?? before?.server ?? 0,
        snapshot: source === null ? (before?.snapshot ?? 0) : snapshot,
        time: source?.time ?? Number.NaN,
        held: row,
      },
      ...split.versions.filter(one => one !== before),
    ]
    this.#split.set(id, { versions, shown: split.shown })
    this.#unsettled.add(id)
  }

  #settleSplit(): void {
    if (this.#unsettled.size === 0) return
    for (const id of this.#unsettled) {
      const split = this.#split.get(id)!
      const newest = newestOf(split, this.#log)
      if (newest === 'unknown') {
        if (this.#log.isCaughtUp) throw orderUnknown(this.#node.topic)
        continue
      }
      const seq = newest?.puts ? newest.seq : -1
      // A row that another took the place of is not kept: it is the newest again only while a block is sent again.
      const isLost = newest?.puts === true && newest.held === null
      if (seq === split.shown || isLost) continue
      if (newest?.held) this.#next.put(id, newest.held)
      else this.#next.remove(id)
      this.#split.set(id, { ...split, shown: seq })
    }
    this.#unsettled.clear()
  }

  #unsettleAll(): void {
    for (const [id] of this.#split.entries()) this.#unsettled.add(id)
  }

  #identityOf(change: RowChange, row: Row | null): RowId {
    const { key, topic } = this.#node
    if (row === null) throw keyMissing(topic, key, 'key', change)
    for (const column of key) if (!(column in row)) throw keyMissing(topic, key, column, change)
    return rowId(row, key)
  }
}

const forgotten: Pick<StepContext, 'state' | 'keep'> = { state: () => new Map(), keep: () => null }

function holds(row: Row | null, names: readonly string[]): row is Row {
  if (row === null) return false
  for (const name of names) if (!(name in row)) return false
  return true
}

/** The row with the key columns that it lacks. */
function withKey(row: Row, key: Row | null, names: readonly string[]): Row {
  if (key === null) return row
  for (const name of names) if (!(name in row) && name in key) return { ...key, ...row }
  return row
}

function keyMissing(topic: string, key: readonly string[], missing: string, change: Change): ObslabError {
  return new ObslabError(
    'key-missing',
    `${topic} is keyed by ${key.join(', ')}, but a record has no ${missing}. ` +
      'Declare the key its records carry: topic(name, schema, { key: [...] }).',
    { position: { topic: change.topic, partition: change.partition, offset: change.offset } },
  )
}

function orderUnknown(topic: string): ObslabError {
  return new ObslabError(
    'order-unknown',
    `Records of one key of ${topic} are in several partitions, and their places in the logs of different servers do not ` +
      'say which is newer. Take a new snapshot into a topic that has its partitions from the start; changes() has all.',
    { position: { topic } },
  )
}
