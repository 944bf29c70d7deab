import type { RowChange, SourcePosition } from './change.js'
import type { TransactionMark } from './message.js'
import { comparePositions } from './position.js'

/**
 * What is known of a transaction:
 *
 * | status | meaning |
 * | --- | --- |
 * | `complete` | every event that its END announces was found |
 * | `incomplete` | its END announces events that are not in the topics read |
 * | `unread` | events are missing, of tables alone whose topics were not read or do not tell transactions |
 * | `open` | it has begun, and its END has not come yet |
 * | `ddl` | a DDL statement: it begins a transaction that has no events and never ends |
 * | `unended` | others have begun since, and its END is not there: it was DDL, or its END was lost |
 * | `unmarked` | its events name it, and neither its BEGIN nor its END is there |
 */
export type TransactionStatus = 'complete' | 'incomplete' | 'unread' | 'open' | 'ddl' | 'unended' | 'unmarked'

/** Where a mark of a transaction is. */
export type MarkPlace = Pick<TransactionMark, 'topic' | 'partition' | 'offset' | 'timestamp'>

/** One transaction, as far as its marks and its events tell. */
export interface TransactionSummary {
  /** The connector's prefix. */
  prefix: string
  id: string
  status: TransactionStatus
  /** Commit time in the database, milliseconds; null where nothing tells it. */
  time: number | null
  /** Its first BEGIN and its first END; null where there is none. */
  begin: MarkPlace | null
  end: MarkPlace | null
  /** Events found, each counted once however often it was delivered. */
  events: number
  /** Events that its END announces; null without one. */
  announced: number | null
  /** Events found of each table, those announced of it, most first. `openmrs.obs`. */
  tables: readonly { name: string; events: number; announced: number | null }[]
  /** How often an event was delivered again. */
  redelivered: number
  /** Where in the log its first and its last event stand; null without events. */
  first: SourcePosition | null
  last: SourcePosition | null
}

/** What a {@link TransactionLog} may be told besides marks and events. */
export interface TransactionLogOptions {
  /** Whether the events of a table, `openmrs.obs`, were looked for. */
  isRead(prefix: string, table: string): boolean
  /** Whether a GTID is that of a DDL statement. */
  isDdl(id: string): boolean
}

interface Entry {
  prefix: string
  id: string
  begin: MarkPlace | null
  end: MarkPlace | null
  time: number | null
  announced: Map<string, number> | null
  found: Map<string, number>
  events: Set<string>
  redelivered: number
  first: SourcePosition | null
  last: SourcePosition | null
}

/**
 * The transaction of a change: what its transaction block names, else its GTID, which is the same where there are GTIDs;
 * null for snapshot rows, and where the record does not say.
 */
export function transactionId({ op, transaction, source }: RowChange): string | null {
  if (transaction !== null) return transaction.id
  return op === 'r' ? null : (source?.gtid ?? null)
}

/**
 * Joins the BEGINs and ENDs of a transaction topic to the changes that name their transactions. Both may come more than
 * once, in any order: a connector that was killed writes a block of them again. What is delivered again counts once; an
 * event is known by its table, its position in the log and its op. A connector that resumes in the middle of a
 * transaction counts in its new END only what followed, so of several ENDs each table's greatest number holds.
 *
 * It keeps about 200 bytes for each event.
 */
export class TransactionLog {
  readonly #options: TransactionLogOptions
  readonly #entries = new Map<string, Entry>()
  /** The last transaction that each partition of a transaction topic speaks of. */
  readonly #latest = new Map<string, Entry>()
  /** Tables with changes that do not tell their transaction. */
  readonly #silent = new Set<string>()

  constructor(options: TransactionLogOptions) {
    this.#options = options
  }

  /** Takes a BEGIN or END. Those of one partition in order. */
  addMark(prefix: string, mark: TransactionMark): void {
    const entry = this.#entry(prefix, mark.id)
    const { topic, partition, offset, timestamp } = mark
    const place = { topic, partition, offset, timestamp }
    this.#latest.set(`${topic}:${partition}`, entry)
    entry.time ??= mark.time
    if (mark.status === 'BEGIN') {
      entry.begin ??= place
      return
    }
    entry.end ??= place
    entry.announced ??= new Map()
    for (const { name, eventCount } of mark.tables)
      entry.announced.set(name, Math.max(entry.announced.get(name) ?? 0, eventCount))
  }

  /** Takes a change of a table, `openmrs.obs`. Whether it is an event of a transaction that was not met before. */
  addEvent(prefix: string, table: string, change: RowChange): boolean {
    const id = transactionId(change)
    if (id === null) {
      if (change.op !== 'r') this.#silent.add(`${prefix}\0${table}`)
      return false
    }
    const { transaction, source, op } = change
    const entry = this.#entry(prefix, id)
    const at =
      source === null ? `${transaction?.totalOrder}` : `${source.file}:${source.pos}:${source.row}:${op}`
    const event = `${table}\0${at}`
    if (entry.events.has(event)) {
      entry.redelivered++
      return false
    }
    entry.events.add(event)
    entry.found.set(table, (entry.found.get(table) ?? 0) + 1)
    if (source === null) return true
    entry.time ??= source.time
    if (entry.first === null || comparePositions(source, entry.first) < 0) entry.first = source
    if (entry.last === null || comparePositions(source, entry.last) > 0) entry.last = source
    return true
  }

  /** The transactions met, in no particular order. */
  get summaries(): TransactionSummary[] {
    const latest = new Set(this.#latest.values())
    return [...this.#entries.values()].map(entry => {
      const { prefix, id, time, begin, end, redelivered, first, last, announced } = entry
      return {
        ...{ prefix, id, time, begin, end, redelivered, first, last },
        status: this.#status(entry, latest.has(entry)),
        events: entry.events.size,
        announced: announced === null ? null : sum(announced.values()),
        tables: tablesOf(entry),
      }
    })
  }

  #status({ prefix, id, begin, announced, found }: Entry, isLatest: boolean): TransactionStatus {
    if (announced === null) {
      if (begin === null) return 'unmarked'
      if (found.size === 0 && this.#options.isDdl(id)) return 'ddl'
      return isLatest ? 'open' : 'unended'
    }
    const missing = [...announced].filter(([table, events]) => (found.get(table) ?? 0) < events)
    if (missing.length === 0) return 'complete'
    const isLooked = (table: string): boolean =>
      this.#options.isRead(prefix, table) && !this.#silent.has(`${prefix}\0${table}`)
    return missing.some(([table]) => isLooked(table)) ? 'incomplete' : 'unread'
  }

  #entry(prefix: string, id: string): Entry {
    const name = `${prefix}\0${id}`
    let entry = this.#entries.get(name)
    if (entry === undefined) {
      entry = {
        ...{ prefix, id, begin: null, end: null, time: null, announced: null, redelivered: 0 },
        ...{ found: new Map(), events: new Set(), first: null, last: null },
      }
      this.#entries.set(name, entry)
    }
    return entry
  }
}

function tablesOf({ found, announced }: Entry): TransactionSummary['tables'] {
  return [...new Set([...found.keys(), ...(announced?.keys() ?? [])])]
    .map(name => ({
      name,
      events: found.get(name) ?? 0,
      announced: announced === null ? null : (announced.get(name) ?? 0),
    }))
    .sort((a, b) => b.events - a.events || (a.name < b.name ? -1 : 1))
}

function sum(numbers: Iterable<number>): number {
  let total = 0
  for (const number of numbers) total += number
  return total
}
