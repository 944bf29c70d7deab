import type { SourcePosition } from '../change/change.js'
import { type FullSnapshot, FullSnapshots, type SnapshotPart } from '../change/full-snapshot.js'
import { isFullSnapshot, type LogFile, logFile } from '../change/position.js'
import type { Cell } from './cell.js'
import { comparePlaces, type LogPlace, LogSteps, type StepsMemory } from './log-place.js'
import type { OwnMemory } from './operator-state.js'
import type { RowId } from './row-identity.js'
import type { RowVersion } from './row-versions.js'

/** What is followed of one partition. */
interface PartitionLog {
  /** Its number among those met. */
  readonly id: number
  readonly number: number
  /** The first change of it. */
  readonly start: number
  readonly steps: LogSteps
  /** The server of its last change out of the log; null before one. */
  server: number | null
  /** The snapshot of the rows read last, and where its rows say it was taken. */
  reading: { file: string; pos: number; snapshot: number } | null
  /** The snapshot whose rows are the last that its server is not known by the change after them. */
  awaiting: SnapshotSide | null
}

/** The changes around the rows that one partition has of a snapshot. */
interface SnapshotSide {
  before: number | null
  next: { server: number; time: number } | null
}

interface Truncated {
  readonly partition: number
  readonly seq: number
  readonly place: LogPlace | null
  readonly time: number
}

/** What a {@link TopicLog} follows, as plain data. Snapshots are told by their places in `snapshots`. */
interface LogMemory {
  readonly isCaughtUp: boolean
  readonly isPending: boolean
  readonly seq: number
  readonly snapshots: readonly (Omit<FullSnapshot, 'parts'> & {
    readonly parts: readonly (readonly [partition: number, part: SnapshotPart])[]
  })[]
  readonly open: readonly (readonly [partition: number, snapshot: number])[]
  readonly numbered: readonly number[]
  /** Of each snapshot. */
  readonly sides: readonly (readonly SnapshotSide[])[]
  readonly partitions: readonly PartitionMemory[]
  readonly truncates: readonly Truncated[]
  readonly floors: readonly number[]
}

interface PartitionMemory extends Omit<PartitionLog, 'steps' | 'awaiting'> {
  readonly steps: StepsMemory
  /** The place among the numbered snapshots of the one whose rows its steps took last, −1 for none. */
  readonly stepsSnapshot: number
  /** The place among all sides; −1 for none. */
  readonly awaiting: number
}

/** The last change of a key as it is compared with others. */
export interface PlacedVersion {
  readonly partition: number
  readonly seq: number
  readonly place: LogPlace | null
  /** When it was committed; NaN where that was not kept. */
  readonly time: number
}

/**
 * Follows the changes of one topic that count as far as needed to know which rows are gone without a change of their own:
 * those a full snapshot did not read again, and those from before a truncate.
 *
 * What would have to be taken back once another partition was read further is not concluded before all were
 * read to ends fixed in one round ({@link caughtUp}).
 */
export class TopicLog implements OwnMemory {
  /** Whether rows of snapshots are to be compared with truncates once their servers are known. */
  isPending = false
  #isCaughtUp = false
  /** Whether anything is different from what was kept. */
  #isChanged = false
  /** Files whose names are not kept yet. */
  #newFiles: [id: number, name: string][] = []
  readonly #snapshots = new FullSnapshots()
  #numbered: FullSnapshot[] = []
  readonly #sides = new Map<FullSnapshot, SnapshotSide[]>()
  readonly #partitions: PartitionLog[] = []
  readonly #files: LogFile[] = [logFile('')]
  readonly #fileIds = new Map<string, number>()
  #truncates: Truncated[] = []
  #floors: number[] = []
  #last: PartitionLog | null = null
  #lastFile = ''
  #lastFileId = 0
  /** The place of the last change taken. */
  seq = 0
  /** Of the last change taken: its partition, the place of its file and of its snapshot in lists. */
  partition = 0
  file = 0
  snapshot = 0

  /** Whether all partitions were read to ends that were fixed in one round. */
  get isCaughtUp(): boolean {
    return this.#isCaughtUp
  }

  /** They were. */
  caughtUp(): void {
    this.#isCaughtUp = true
    this.#isChanged = true
  }

  /** Entries that are kept, at least. */
  get size(): number {
    return this.#files.length
  }

  /**
   * What is followed of partitions and snapshots, as one cell; the names of files and the steps of partitions apart, for
   * there are more of them and few change.
   */
  *changes(): Generator<[RowId, Cell | undefined]> {
    if (!this.#isChanged) return
    this.#isChanged = false
    const files = this.#newFiles
    this.#newFiles = []
    for (const [id, name] of files) yield [`file:${id}`, name]
    for (const { id, steps } of this.#partitions)
      for (const [chunk, cell] of steps.changes()) yield [`steps:${id}:${chunk}`, cell]
    yield ['log', this.#dump() as unknown as Cell]
  }

  /** Goes on from what {@link changes} gave, in any order. To be called first. */
  restore(kept: Iterable<readonly [RowId, Cell]>): void {
    const entries = new Map(kept)
    const log = entries.get('log')
    if (log === undefined) return
    for (let id = 1; entries.has(`file:${id}`); id++) {
      const name = entries.get(`file:${id}`) as string
      this.#files.push(logFile(name))
      this.#fileIds.set(name, id)
    }
    this.#restore(log as unknown as LogMemory, entries)
  }

  /** Takes the next change. `isRead` says whether a snapshot read it. */
  take(number: number, source: SourcePosition | null, isRead: boolean): void {
    this.#isChanged = true
    const seq = ++this.seq
    const part = this.#last !== null && this.#last.number === number ? this.#last : this.#partitionOf(number)
    this.#last = part
    this.partition = part.id
    this.file = 0
    this.snapshot = 0
    if (source === null) return
    this.file = source.file === this.#lastFile ? this.#lastFileId : this.#fileId(source.file)
    if (isRead && isFullSnapshot(source)) {
      this.#read(part, source)
      return
    }
    if (!isRead) this.#logged(part, source)
    part.server = source.serverId
    part.steps.logged(seq, source.time, source.serverId, this.#files[this.file]!, source.pos)
  }

  /** Takes a truncate. */
  truncate(number: number, source: SourcePosition | null): void {
    this.take(number, source, false)
    const { partition, seq } = this
    const place = source === null ? null : this.#placeOf(source, this.file)
    const one = { partition, seq, place, time: source?.time ?? Number.NaN }
    this.#truncates = [...this.#truncates.filter(other => !isCovered(other, one)), one]
  }

  /** How many partitions were met. */
  get partitions(): number {
    return this.#partitions.length
  }

  get hasTruncates(): boolean {
    return this.#truncates.length > 0
  }

  /** What is known of a key's last change, to compare it with others. */
  placed({ partition, seq, file, pos, row, server, snapshot }: RowVersion): PlacedVersion {
    const read = snapshot === 0 ? null : this.#numbered[snapshot - 1]!
    const place =
      read !== null
        ? this.#placeOfSnapshot(read)
        : file === 0
          ? null
          : { server, file: this.#files[file]!, pos, row, snapshot: null }
    return { partition, seq, place, time: read?.time ?? Number.NaN }
  }

  /** Whether a truncate emptied the table after a change. */
  isBeforeTruncate(version: PlacedVersion): boolean {
    return this.#truncates.some(truncate => isBefore(version, truncate))
  }

  /** Whether a completed snapshot did not read a row again. */
  isSwept({ partition, seq }: { partition: number; seq: number }): boolean {
    return seq < (this.#floors[partition] ?? 0)
  }

  /** The changes that partitions begin anew with by completed snapshots, if they are others than before; else null. */
  newFloors(isAtEnd: boolean): readonly number[] | null {
    const { list } = this.#snapshots
    let isNew = false
    for (const snapshot of list) {
      if (!this.#isCompleted(snapshot)) continue
      for (const part of this.#partitions) {
        const floor = this.#floorOf(snapshot, part, isAtEnd)
        if (floor <= part.start || floor <= (this.#floors[part.id] ?? 0)) continue
        this.#floors[part.id] = floor
        this.#isChanged = true
        isNew = true
      }
    }
    return isNew ? this.#floors : null
  }

  #dump(): LogMemory {
    const { list, open } = this.#snapshots
    return {
      isCaughtUp: this.#isCaughtUp,
      isPending: this.isPending,
      seq: this.seq,
      snapshots: list.map(snapshot => ({ ...snapshot, parts: partsCell(snapshot) })),
      open,
      numbered: this.#numbered.map(snapshot => list.indexOf(snapshot)),
      sides: list.map(snapshot => (this.#sides.get(snapshot) ?? []).map(side => ({ ...side }))),
      partitions: this.#partitions.map(part => this.#partitionMemory(part)),
      truncates: this.#truncates,
      floors: Array.from(this.#floors, floor => floor ?? 0),
    }
  }

  #partitionMemory({ steps, awaiting, ...about }: PartitionLog): PartitionMemory {
    const sides = this.#snapshots.list.flatMap(snapshot => this.#sides.get(snapshot) ?? [])
    return {
      ...about,
      awaiting: awaiting === null ? -1 : sides.indexOf(awaiting),
      steps: steps.dump(),
      stepsSnapshot: steps.snapshot === null ? -1 : this.#numbered.indexOf(steps.snapshot),
    }
  }

  #restore(log: LogMemory, entries: ReadonlyMap<RowId, Cell>): void {
    const snapshots = log.snapshots.map(({ parts, ...about }) => ({
      ...about,
      parts: new Map(parts.map(([id, part]) => [id, { ...part }])),
    }))
    this.#isCaughtUp = log.isCaughtUp
    this.isPending = log.isPending
    this.seq = log.seq
    this.#snapshots.restore(snapshots, log.open)
    this.#numbered = log.numbered.map(at => snapshots[at]!)
    const sides = log.sides.map(some => some.map(side => ({ ...side })))
    for (const [i, some] of sides.entries()) if (some.length > 0) this.#sides.set(snapshots[i]!, some)
    this.#truncates = [...log.truncates]
    this.#floors = [...log.floors]
    for (const { steps, stepsSnapshot, awaiting, ...about } of log.partitions) {
      const restored = new LogSteps()
      restored.restore(steps, chunksOf(about.id, entries), this.#numbered[stepsSnapshot] ?? null)
      this.#partitions.push({ ...about, awaiting: sides.flat()[awaiting] ?? null, steps: restored })
    }
  }

  #read(part: PartitionLog, source: SourcePosition): void {
    const { seq } = this
    this.#snapshots.read(part.id, seq, source)
    const { file, pos } = source
    if (part.reading === null || part.reading.file !== file || part.reading.pos !== pos)
      part.reading = { file, pos, snapshot: this.#snapshotNumber(part) }
    this.snapshot = part.reading.snapshot
    part.steps.read(seq, source.time, this.#numbered[this.snapshot - 1]!)
  }

  /** The number of the snapshot that the rows now read are of. */
  #snapshotNumber(part: PartitionLog): number {
    const firstOf = ({ parts }: FullSnapshot): number => parts.get(part.id)?.first ?? -1
    const snapshot = this.#snapshots.list.reduce((a, b) => (firstOf(b) > firstOf(a) ? b : a))
    if (firstOf(snapshot) === this.seq) {
      part.awaiting = { before: part.server, next: null }
      this.#sides.set(snapshot, [...(this.#sides.get(snapshot) ?? []), part.awaiting])
    }
    const known = this.#numbered.indexOf(snapshot)
    return known < 0 ? this.#numbered.push(snapshot) : known + 1
  }

  #logged(part: PartitionLog, { serverId, time }: SourcePosition): void {
    this.#snapshots.logged(part.id, this.seq)
    if (part.awaiting === null) return
    part.awaiting.next = { server: serverId, time }
    part.awaiting = null
  }

  #isCompleted({ marked, ended, parts }: FullSnapshot): boolean {
    if (marked) return ended >= 0
    const past = [...parts.values()].filter(one => one.past >= 0).length
    return this.isCaughtUp ? past > 0 : past === this.#partitions.length
  }

  #floorOf(snapshot: FullSnapshot, { id, steps }: PartitionLog, isAtEnd: boolean): number {
    const part = snapshot.parts.get(id)
    if (part !== undefined) return isAtEnd || part.past >= 0 ? part.first : 0
    if (!this.isCaughtUp) return 0
    const end = this.seq + 1
    const after = steps.firstAfter(snapshot.time, this.#placeOfSnapshot(snapshot), end)
    return after === end && !isAtEnd ? 0 : after
  }

  #placeOf({ serverId, pos, row }: SourcePosition, file: number): LogPlace {
    return { server: serverId, file: this.#files[file]!, pos, row, snapshot: null }
  }

  /**
   * The rows of a snapshot do not say which server they were read from: the changes around them do, where they agree.
   * Where the server changed between them, nobody knows.
   */
  #placeOfSnapshot(snapshot: FullSnapshot): LogPlace {
    const { file, pos } = snapshot
    let first: SnapshotSide | null = null
    for (const side of this.#sides.get(snapshot) ?? []) {
      if (side.next !== null && (first === null || side.next.time < first.next!.time)) first = side
    }
    const server = first?.next?.server ?? null
    const isKnown = first !== null && (first.before === null || first.before === server)
    return { server: isKnown ? server : null, file: logFile(file), pos, row: 0, snapshot }
  }

  #partitionOf(number: number): PartitionLog {
    const known = this.#partitions.find(one => one.number === number)
    if (known !== undefined) return known
    const part: PartitionLog = {
      id: this.#partitions.length,
      number,
      start: this.seq,
      steps: new LogSteps(),
      server: null,
      reading: null,
      awaiting: null,
    }
    this.#partitions.push(part)
    return part
  }

  #fileId(name: string): number {
    let id = this.#fileIds.get(name)
    if (id === undefined) {
      id = this.#files.push(logFile(name)) - 1
      this.#fileIds.set(name, id)
      this.#newFiles.push([id, name])
    }
    this.#lastFile = name
    this.#lastFileId = id
    return id
  }
}

function partsCell({ parts }: FullSnapshot): [number, SnapshotPart][] {
  return Array.from(parts, ([id, part]) => [id, { ...part }])
}

function chunksOf(id: number, entries: ReadonlyMap<RowId, Cell>): Map<number, Uint8Array> {
  const prefix = `steps:${id}:`
  const chunks = new Map<number, Uint8Array>()
  for (const [name, cell] of entries) {
    if (typeof name === 'string' && name.startsWith(prefix))
      chunks.set(Number(name.slice(prefix.length)), cell as Uint8Array)
  }
  return chunks
}

/**
 * Whether a change came before a truncate: in one partition as read, across partitions by place where both compare. One
 * read later may have come before it all the same, where a block of changes was sent again.
 */
function isBefore(version: PlacedVersion, truncate: Truncated): boolean {
  const isSame = version.partition === truncate.partition
  if (isSame && version.seq < truncate.seq) return true
  const order = comparePlaces(version.place, truncate.place)
  if (!isSame) return order === null ? version.seq < truncate.seq : order < 0
  return order !== null && order < 0 && version.time <= truncate.time
}

/** Whether what an earlier truncate took away a later one does too. */
function isCovered(earlier: Truncated, later: Truncated): boolean {
  if (earlier.partition !== later.partition) return false
  if (earlier.place === null) return true
  const order = comparePlaces(earlier.place, later.place)
  return order !== null && order <= 0 && earlier.time <= later.time
}
