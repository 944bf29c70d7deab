import type { SourcePosition } from '../change/change.js'
import { type LogFile, logFile } from '../change/position.js'
import type { ChangeLog } from './change-log.js'

/** Grows the arrays of a {@link ChangeLog} change by change. */
export class ChangeArrays {
  readonly #partitionIdOf = new Map<number, number>()
  readonly #partitions: number[] = []
  readonly #starts: number[] = []
  readonly #ends: number[] = []
  readonly #fileIdOf = new Map<string, number>()
  readonly #files: LogFile[] = [logFile('')]
  #keyIds: Int32Array = new Int32Array(1024)
  #effects: Uint8Array = new Uint8Array(1024)
  #partitionIds: Uint16Array = new Uint16Array(1024)
  #fileIds: Uint16Array = new Uint16Array(1024)
  #length = 0

  /** How many changes there are. */
  get length(): number {
    return this.#length
  }

  /** Bytes held. */
  get byteLength(): number {
    return this.#effects.length * 9
  }

  /** The place of a partition among those met. */
  partitionId(partition: number): number {
    let id = this.#partitionIdOf.get(partition)
    if (id === undefined) {
      id = this.#partitions.push(partition) - 1
      this.#partitionIdOf.set(partition, id)
    }
    return id
  }

  /** Appends a change. */
  append(partitionId: number, source: SourcePosition | null, keyId: number, does: number): void {
    const row = this.#length++
    if (row === this.#effects.length) this.#grow()
    this.#starts[partitionId] ??= row
    this.#ends[partitionId] = row + 1
    this.#keyIds[row] = keyId
    this.#effects[row] = does
    this.#partitionIds[row] = partitionId
    this.#fileIds[row] = source === null ? 0 : this.#fileId(source.file)
  }

  /** The arrays of all changes appended. */
  finish(): Pick<
    ChangeLog,
    'keyIds' | 'effects' | 'partitionIds' | 'fileIds' | 'partitions' | 'files' | 'starts' | 'ends'
  > {
    return {
      keyIds: this.#keyIds.slice(0, this.#length),
      effects: this.#effects.slice(0, this.#length),
      partitionIds: this.#partitionIds.slice(0, this.#length),
      fileIds: this.#fileIds.slice(0, this.#length),
      partitions: this.#partitions,
      files: this.#files,
      starts: Int32Array.from(this.#partitions, (_, p) => this.#starts[p] ?? 0),
      ends: Int32Array.from(this.#partitions, (_, p) => this.#ends[p] ?? 0),
    }
  }

  #fileId(name: string): number {
    let id = this.#fileIdOf.get(name)
    if (id === undefined) {
      id = this.#files.push(logFile(name)) - 1
      this.#fileIdOf.set(name, id)
    }
    return id
  }

  #grow(): void {
    const length = this.#effects.length * 2
    this.#keyIds = grown(this.#keyIds, new Int32Array(length))
    this.#effects = grown(this.#effects, new Uint8Array(length))
    this.#partitionIds = grown(this.#partitionIds, new Uint16Array(length))
    this.#fileIds = grown(this.#fileIds, new Uint16Array(length))
  }
}

function grown<T extends Int32Array | Uint8Array | Uint16Array>(from: T, to: T): T {
  to.set(from)
  return to
}
