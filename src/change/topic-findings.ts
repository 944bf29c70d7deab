import { formatPosition, type RecordPosition } from '../errors.js'
import type { Finding, FindingEvidence } from '../finding.js'
import { type TopicFindingCode, topicFindingCodes } from './topic-finding-codes.js'

/** Where and in what a surprise was met. */
export interface Met {
  /** The record. Default: the one being read; null when no record is to blame. */
  at?: Pick<RecordPosition, 'partition' | 'offset'> | null
  /** The columns concerned. Default: none. */
  columns?: readonly string[]
  /** How often it was met at once. Default: 1. */
  count?: number
}

interface Gathered {
  count: number
  first: RecordPosition[]
  columns: Set<string>
}

const positionsKept = 3
/** Columns named in a sentence; the evidence has all. */
const columnsTold = 10

/**
 * Gathers what surprises a topic holds: each code of {@link topicFindingCodes} once, with how often it was met, where
 * first, and in which columns. Whoever reads the topic adds what it notices: the {@link ChangeReader} what records and
 * their order tell, decoding what values tell, a table what keys tell. Adding is cheap enough to be done for each value.
 */
export class TopicFindings {
  readonly topic: string
  readonly #gathered = new Map<TopicFindingCode, Gathered>()
  #reading: Pick<RecordPosition, 'partition' | 'offset'> | null = null

  constructor(topic: string) {
    this.topic = topic
  }

  /** Says which record is being read: what is added from now on was met there, unless it says otherwise. */
  reading(at: Pick<RecordPosition, 'partition' | 'offset'>): void {
    this.#reading = at
  }

  /** Adds that a surprise was met, at the record being read unless said otherwise. */
  add(code: TopicFindingCode, { at = this.#reading, columns = [], count = 1 }: Met = {}): void {
    let gathered = this.#gathered.get(code)
    if (gathered === undefined) {
      gathered = { count: 0, first: [], columns: new Set() }
      this.#gathered.set(code, gathered)
    }
    gathered.count += count
    for (const column of columns) gathered.columns.add(column)
    if (at === null || gathered.first.length === positionsKept) return
    const last = gathered.first.at(-1)
    if (last !== undefined && last.partition === at.partition && last.offset === at.offset) return
    const { partition, offset } = at
    gathered.first.push({
      topic: this.topic,
      ...(partition === undefined ? {} : { partition }),
      ...(offset === undefined ? {} : { offset }),
    })
  }

  /** Whether a surprise was met. */
  has(code: TopicFindingCode): boolean {
    return this.#gathered.has(code)
  }

  /** What was found, errors first, then warnings, then information, each in the order first met. */
  get list(): readonly Finding[] {
    const findings = [...this.#gathered].map(([code, gathered]) => findingOf(code, gathered))
    return findings.sort((a, b) => order.indexOf(a.severity) - order.indexOf(b.severity))
  }
}

const order = ['error', 'warning', 'information'] as const

function findingOf(code: TopicFindingCode, { count, first, columns }: Gathered): Finding {
  const { severity, meaning, cure } = topicFindingCodes[code]
  const evidence: FindingEvidence = { count, first: [...first], columns: [...columns] }
  const told = evidenceText(evidence)
  const sentence = `${meaning.slice(0, -1)}${told === '' ? '' : ` (${told})`}. ${cure}`
  return { code, severity, sentence, evidence }
}

function evidenceText({ count, first, columns }: FindingEvidence): string {
  const [at] = first
  const times = `${count.toLocaleString('en')} times`
  const where = at === undefined ? [] : [`${count === 1 ? 'at' : 'first at'} ${formatPosition(at)}`]
  const named = columns.length === 0 ? [] : [`columns ${columns.slice(0, columnsTold).join(', ')}`]
  const more = columns.length <= columnsTold ? [] : [`${columns.length - columnsTold} more`]
  return [...(count === 1 ? [] : [times]), ...where, [...named, ...more].join(' and ')]
    .filter(Boolean)
    .join(', ')
}
