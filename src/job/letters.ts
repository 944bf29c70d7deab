import type { Quarantined, RowChange } from '../change/change.js'
import type { ChangeChunk } from '../change/change-stream.js'
import { isSensitive, mask } from '../change/masking.js'
import type { Clock } from '../clock.js'
import { rowText } from '../pipeline/output.js'
import { type FromNode, type Plan, planTopics } from '../pipeline/plan.js'
import type { SetAsideChanges, SetAsideRow } from '../pipeline/set-aside.js'
import { type DeadLetter, type DeadLetterRecord, deadLetterKey, deadLetterRecord } from './dead-letter.js'
import type { InputOffset } from './sink.js'

/** Makes dead letters of records that could not be decoded and of rows that are set aside, and knows which are owed. */
export class Letters {
  readonly #job: string
  readonly #clock: Clock
  readonly #topics: ReadonlyMap<string, FromNode>
  /** Letters of records that could not be decoded, of those read here. */
  readonly #undecodable = new Map<string, DeadLetterRecord>()
  /** What rows that are set aside look like, by the keys of their letters. */
  readonly #views = new Map<string, string>()
  /** What is to be written next. */
  #owed = new Map<string, DeadLetterRecord>()

  constructor(plan: Plan, clock: Clock) {
    this.#job = plan.name
    this.#clock = clock
    this.#topics = new Map(planTopics(plan.root).map(node => [node.topic, node]))
  }

  /** A record could not be decoded. */
  undecodable({ topic, partition, offset, reason }: Quarantined): void {
    const letter = this.#letter({ topic, partition, offset, step: null, reason, view: null })
    this.#undecodable.set(letter.key, letter)
    this.#owed.set(letter.key, letter)
  }

  /** Rows were set aside or have healed by the changes of a chunk, or by what followed from earlier ones (null). */
  setAside({ added, healed }: SetAsideChanges, chunk: Pick<ChangeChunk, 'changes'> | null): void {
    for (const position of healed) {
      const key = deadLetterKey(position)
      this.#views.delete(key)
      this.#owed.set(key, { key, letter: null })
    }
    for (const row of added) {
      const view = this.#view(row, chunk)
      if (view !== null) this.#views.set(deadLetterKey(row), view)
      const letter = this.#ofRow(row)
      this.#owed.set(letter.key, letter)
    }
  }

  /** Some other letter, or the end of one. */
  owe(letter: DeadLetterRecord): void {
    this.#owed.set(letter.key, letter)
  }

  /** A letter of this job. */
  letter(letter: Omit<DeadLetter, 'job' | 'at'>): DeadLetterRecord {
    return this.#letter(letter)
  }

  /** What is to be written since the last call. */
  take(): DeadLetterRecord[] {
    const owed = [...this.#owed.values()]
    this.#owed = new Map()
    return owed
  }

  /**
   * What turns the letters that an output holds into those that it should: of the rows that are set aside now, of records
   * read since `from` that could not be decoded, and `others`. What could not be decoded before `from` stays.
   */
  difference(
    held: ReadonlyMap<string, string>,
    setAside: readonly SetAsideRow[],
    from: readonly InputOffset[],
    others: readonly DeadLetterRecord[],
  ): DeadLetterRecord[] {
    const letters = [...this.#undecodable.values(), ...setAside.map(row => this.#ofRow(row)), ...others]
    const wanted = new Map(letters.map(letter => [letter.key, letter]))
    const written = [...wanted.values()].filter(({ key, letter }) => !isSame(held.get(key), letter))
    const gone = [...held].filter(([key, letter]) => !wanted.has(key) && !wasUndecodableBefore(letter, from))
    return [...written, ...gone.map(([key]) => ({ key, letter: null }))]
  }

  #ofRow(row: SetAsideRow): DeadLetterRecord {
    const { topic, partition, offset, step, reason } = row
    const view = this.#views.get(deadLetterKey(row)) ?? null
    return this.#letter({ topic, partition, offset, step, reason, view })
  }

  #letter(letter: Omit<DeadLetter, 'job' | 'at'>): DeadLetterRecord {
    return deadLetterRecord({ job: this.#job, ...letter, at: this.#clock.now() })
  }

  #view(
    { topic, partition, offset }: SetAsideRow,
    chunk: Pick<ChangeChunk, 'changes'> | null,
  ): string | null {
    const at = chunk?.changes.find(
      ({ change }) => change.offset === offset && change.partition === partition && change.topic === topic,
    )
    return at?.change.kind === 'row' ? this.#masked(at.change) : null
  }

  #masked({ topic, after }: RowChange): string | null {
    const node = this.#topics.get(topic)
    if (after === null || node === undefined) return null
    const kindOf = new Map(node.columns.map(({ name, kind }) => [name, kind]))
    const masked = Object.entries(after).map(([name, value]) => {
      return [name, isSensitive({ name, kind: kindOf.get(name) }, topic, node) ? mask(value) : value]
    })
    return rowText(Object.fromEntries(masked))
  }
}

/** Whether two letters say the same. When they were written, and what the row looked like, makes no difference. */
function isSame(held: string | undefined, letter: string | null): boolean {
  const [a, b] = [readLetter(held ?? null), readLetter(letter)]
  return a !== null && b !== null && a.step === b.step && a.reason === b.reason
}

function wasUndecodableBefore(held: string, from: readonly InputOffset[]): boolean {
  const letter = readLetter(held)
  if (letter === null || letter.step !== null) return false
  const { topic, partition, offset } = letter
  return from.some(one => one.topic === topic && one.partition === partition && offset < one.next)
}

/** A letter as it was written; null for what is none. */
export function readLetter(letter: string | null): DeadLetter | null {
  if (letter === null) return null
  try {
    return JSON.parse(letter) as DeadLetter | null
  } catch {
    return null
  }
}
