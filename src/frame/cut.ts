import { ObslabError } from '../errors.js'
import { type ChangeLog, effect, effectBits, lengthOf, metaNumbers } from './change-log.js'
import { isoTime } from './format.js'
import { gtidMembers } from './gtid-members.js'
import { momentText, type ParsedMoment } from './moment.js'
import { sourceTimeLimits } from './source-time.js'

/** Which changes of a log count at a moment. */
export interface Cut {
  /** Of each partition, the first row that does not count, nor do those after it. */
  readonly limits: Int32Array
  /** 1 for each row that counts, of those below the limits; null when all of them do. */
  readonly members: Uint8Array | null
}

/** Whether a change counts. */
export function counts(log: ChangeLog, { limits, members }: Cut, row: number): boolean {
  return row < limits[log.partitionIds[row]!]! && (members === null || members[row] === 1)
}

/** The cut after all changes. */
export function endCut(log: ChangeLog): Cut {
  return { limits: new Int32Array(log.partitions.length).fill(lengthOf(log)), members: null }
}

/**
 * The cuts of several topics at one moment. A moment from before anything is known of one of them is a `moment-unknown`
 * error, and so is one by a clock that its records do not have.
 */
export function cutsAt(logs: readonly ChangeLog[], moment: ParsedMoment): Cut[] {
  const cuts = cutsBy(logs, moment)
  logs.forEach((log, i) => {
    requireKnown(log, cuts[i]!, moment)
  })
  return cuts
}

function cutsBy(logs: readonly ChangeLog[], moment: ParsedMoment): Cut[] {
  switch (moment.clock) {
    case 'offsets': {
      const [log] = logs
      if (log === undefined || logs.length > 1) throw offsetsOfSeveral()
      requirePartitions(log, moment.named)
      const offsets = metaNumbers(log, '_offset')
      const to = log.partitions.map(moment.of)
      return [{ limits: limitsBy(log, (row, p) => offsets.at(row) >= to[p]!), members: null }]
    }
    case 'time':
      return logs.map(log => {
        const timestamps = metaNumbers(log, '_timestamp')
        return { limits: limitsBy(log, row => timestamps.at(row) > moment.at), members: null }
      })
    case 'sourceTime':
      return sourceTimeLimits(logs, moment.at).map(limits => ({ limits, members: null }))
    case 'gtid':
      return logs.map(log => ({ limits: endCut(log).limits, members: gtidMembers(log, moment.set) }))
  }
}

/** Of each partition, the first row that is after the moment: a prefix, whatever is said of the rows behind it. */
function limitsBy(log: ChangeLog, isAfter: (row: number, partitionId: number) => boolean): Int32Array {
  const length = lengthOf(log)
  const { limits } = endCut(log)
  let open = limits.length
  for (let row = 0; row < length && open > 0; row++) {
    const p = log.partitionIds[row]!
    if (limits[p] !== length || !isAfter(row, p)) continue
    limits[p] = row
    open--
  }
  return limits
}

function requireKnown(log: ChangeLog, cut: Cut, moment: ParsedMoment): void {
  let isKnown = false
  for (let row = 0; row < lengthOf(log) && !isKnown; row++) {
    const tells = moment.clock === 'offsets' || (log.effects[row]! & effectBits) !== effect.none
    isKnown = tells && counts(log, cut, row)
  }
  if (!isKnown) throw unknown(log, moment)
  if (moment.clock === 'time') requireWholeSnapshot(log, cut, moment)
}

/** Until the first snapshot was read whole, a table is a part of itself, and nothing says which. */
function requireWholeSnapshot(log: ChangeLog, { limits }: Cut, moment: ParsedMoment): void {
  const [first] = log.snapshots
  if (first === undefined) return
  const parts = [...first.parts]
  const beginsTopic = parts.every(([p, part]) => firstRow(log, p) === part.first)
  if (!beginsTopic || parts.every(([p, { last }]) => last < limits[p]!)) return
  const timestamps = metaNumbers(log, '_timestamp')
  const read = Math.max(...parts.map(([, { last }]) => timestamps.at(last)))
  throw new ObslabError(
    'moment-unknown',
    `At ${momentText(moment)} the first snapshot of ${log.topic} was still being read, until ${isoTime(read, 'Z')}: what ` +
      'the whole table held is not known. Ask for that time or a later one, or give the offsets to see what had been read.',
    { position: { topic: log.topic } },
  )
}

function firstRow({ partitionIds }: ChangeLog, partitionId: number): number {
  return partitionIds.indexOf(partitionId)
}

function unknown(log: ChangeLog, moment: ParsedMoment): ObslabError {
  const first = firstTime(log, moment)
  const since = first === null ? 'Ask for a later moment.' : `Ask for ${isoTime(first, 'Z')} or later.`
  return new ObslabError(
    'moment-unknown',
    lengthOf(log) === 0
      ? `No change of ${log.topic} was read, so nothing is known of its table at any moment.`
      : `Nothing is known of ${log.topic} as of ${momentText(moment)}: what was read of it begins later. ${since}`,
    { position: { topic: log.topic } },
  )
}

/** When the first change that says something was, by the moment's clock. */
function firstTime(log: ChangeLog, moment: ParsedMoment): number | null {
  if (moment.clock !== 'time' && moment.clock !== 'sourceTime') return null
  const times = metaNumbers(log, moment.clock === 'time' ? '_timestamp' : '_source_time')
  const row = log.effects.findIndex(
    (bits, i) => (bits & effectBits) !== effect.none && !Number.isNaN(times.at(i)),
  )
  return row < 0 ? null : times.at(row)
}

function requirePartitions({ topic, read, partitions }: ChangeLog, named: readonly number[]): void {
  const there = read ?? partitions
  const missing = named.find(partition => !there.includes(partition))
  if (missing === undefined) return
  throw new ObslabError(
    'option-invalid',
    `offsets: expected the partitions of ${topic} that were read, ${[...there].sort((a, b) => a - b).join(', ')}, found ` +
      `${missing}.`,
  )
}

function offsetsOfSeveral(): ObslabError {
  return new ObslabError(
    'option-invalid',
    'Offsets are those of one topic: expected a moment that several tables share, { time }, { sourceTime } or { gtid }. ' +
      'Or ask each table by its own offsets: table.asOf({ offsets }).',
  )
}
