import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Change } from '../../src/change/change.js'
import type { Row } from '../../src/change/column-type.js'
import { ObslabError } from '../../src/errors.js'
import { asOf } from '../../src/frame/tables.js'
import {
  interleaved,
  type LegalLog,
  legalSteps,
  type PlayedState,
  picks,
  played,
  replayed,
  replayedBlocks,
  type Step,
  withOffsets,
  withUndecoded,
} from '../change/legal-log.js'
import { naiveRows, playedTable, sortedRows } from './tables-of.js'

/** What is left of a log at offsets. */
const upTo = (records: readonly Change[], offsets: Readonly<Record<number, number>>): Change[] =>
  records.filter(({ partition, offset }) => offset < (offsets[partition] ?? Number.POSITIVE_INFINITY))

const endOf = (records: readonly Change[], partition: number): number =>
  records.filter(record => record.partition === partition).length

function delivered(
  log: LegalLog,
  blocks: [number, number][],
  order: number[],
  bad: readonly number[] = [],
): Change[] {
  return interleaved(withOffsets(replayed(withUndecoded(log.records, bad), blocks)), order)
}

/** The rows, or null where nothing is known. */
function known(rows: () => Row[]): Row[] | null {
  try {
    return rows()
  } catch (error) {
    if (error instanceof ObslabError && error.code === 'moment-unknown') return null
    throw error
  }
}

const bad = fc.array(fc.nat(99), { maxLength: 4 })

describe('on legal logs', () => {
  test('the final table is the database’s, whatever was lost before snapshots, sent again and read first', () => {
    const steps = legalSteps({ losing: true })
    fc.assert(
      fc.property(steps, fc.boolean(), replayedBlocks, picks, (steps, gtids, blocks, order) => {
        const log = played(steps, { gtids })
        const table = playedTable(delivered(log, blocks, order))
        const rows = sortedRows(log.tables[0]!.values())
        expect(table.current({ includeDeleted: true }).rows()).toEqual(rows)
        expect(table.current().rows()).toEqual(rows.filter(({ voided }) => voided === 0))
      }),
      { numRuns: 1500 },
    )
  })

  test('the final table is the database’s when tables of one partition are truncated too', () => {
    fc.assert(
      fc.property(legalSteps({ truncating: true }), replayedBlocks, (steps, blocks) => {
        const log = played(steps, { partitions: 1 })
        const table = playedTable(delivered(log, blocks, [0]))
        expect(table.current({ includeDeleted: true }).rows()).toEqual(sortedRows(log.tables[0]!.values()))
      }),
      { numRuns: 500 },
    )
  })

  test('as of every offset of one partition, the table equals a re-run up to there', () => {
    fc.assert(
      fc.property(
        legalSteps({ losing: true, truncating: true }),
        replayedBlocks,
        bad,
        (steps, blocks, bad) => {
          const truncates = steps.some(step => step.do === 'truncate')
          const records = delivered(played(steps, { partitions: 1 }), truncates ? [] : blocks, [0], bad)
          const table = playedTable(records)
          for (let offset = 1; offset <= records.length; offset++) {
            const rows = table.asOf({ offsets: { 0: offset } }, { includeDeleted: true }).rows()
            expect(rows).toEqual(naiveRows(records.slice(0, offset), () => offset === records.length))
          }
        },
      ),
      { numRuns: 200 },
    )
  })

  test('as of any offsets of several partitions, the table equals a re-run up to there, in any order', () => {
    const cuts = fc.array(fc.tuple(fc.nat(60), fc.nat(60)), { minLength: 1, maxLength: 8 })
    fc.assert(
      fc.property(
        legalSteps({ losing: true }),
        replayedBlocks,
        picks,
        bad,
        cuts,
        (steps, blocks, order, bad, cuts) => {
          const records = delivered(played(steps), blocks, order, bad)
          const table = playedTable(records)
          const ends = [0, 1].map(partition => endOf(records, partition))
          for (const [a, b] of cuts) {
            const offsets = { 0: a % (ends[0]! + 1), 1: b % (ends[1]! + 1) }
            const rows = known(() => table.asOf({ offsets }, { includeDeleted: true }).rows())
            const prefix = upTo(records, offsets)
            expect(rows).toEqual(
              prefix.length === 0 ? null : naiveRows(prefix, p => offsets[p as 0 | 1] >= ends[p]!),
            )
          }
        },
      ),
      { numRuns: 500 },
    )
  })

  test('as of the end, by any clock, the table is the current one', () => {
    fc.assert(
      fc.property(legalSteps({ losing: true }), replayedBlocks, picks, (steps, blocks, order) => {
        const log = played(steps)
        const records = delivered(log, blocks, order)
        fc.pre(records.length > 0)
        const table = playedTable(records)
        const rows = table.current().rows()
        const moments = [
          { offsets: 10_000 },
          { time: 1e13 },
          { sourceTime: 1e13 },
          ...(log.states.length > 0 ? [{ gtid: log.states.at(-1)!.gtids }] : []),
        ]
        for (const moment of moments.filter(moment => !('gtid' in moment) || hasGtids(records)))
          expect(table.asOf(moment).rows()).toEqual(rows)
      }),
      { numRuns: 500 },
    )
  })

  test('as of a GTID set, the table is what the database held when that was executed', () => {
    fc.assert(
      fc.property(legalSteps({ tables: 2 }), replayedBlocks, picks, (steps, blocks, order) => {
        const log = played(steps, { tables: 2 })
        const records = delivered(log, blocks, order)
        const tables = [0, 1].map(table => playedTable(records, table))
        for (const state of log.states) {
          if (state.gtids === '') continue
          for (const [t, table] of tables.entries()) {
            const rows = known(() => table.asOf({ gtid: state.gtids }, { includeDeleted: true }).rows())
            expect(rows ?? []).toEqual(sortedRows(state.tables[t]!.values()))
          }
        }
      }),
      { numRuns: 500 },
    )
  })

  test('as of a source time, tables that share it are what the database held before the first later transaction', () => {
    fc.assert(
      fc.property(
        legalSteps({ tables: 2 }),
        fc.boolean(),
        replayedBlocks,
        picks,
        (steps, gtids, blocks, order) => {
          const log = played(steps.slice(1).some(isSnapshot) ? onTime(steps) : steps, { tables: 2, gtids })
          const records = delivered(log, blocks, order)
          const tables = [0, 1]
            .map(table => playedTable(records, table))
            .filter(table => table.counts.records > 0)
          fc.pre(tables.length > 0)
          for (const sourceTime of log.states.flatMap(({ time }) => [time - 1, time])) {
            const state = stateAt(log.states, sourceTime)
            const frames = known(() =>
              asOf(tables, { sourceTime }, { includeDeleted: true }).flatMap((frame, i) =>
                frame.rows().map(row => ({ ...row, topic: tables[i]!.topic })),
              ),
            )
            const rowsOf = (topic: string) => sortedRows(state?.tables[Number(topic.at(-1))]?.values() ?? [])
            if (frames === null) {
              expect(tables.some(({ topic }) => rowsOf(topic).length === 0)).toBe(true)
              continue
            }
            const rows = tables.flatMap(({ topic }) => rowsOf(topic).map(row => ({ ...row, topic })))
            expect(frames).toEqual(rows)
          }
        },
      ),
      { numRuns: 500 },
    )
  })

  test('as of a time, each partition counts up to its first record with a later timestamp', () => {
    const steps = legalSteps({ streaming: true })
    fc.assert(
      fc.property(steps, picks, fc.array(fc.nat(5)), (steps, order, jitter) => {
        const records = delivered(played(steps), [], order).map((record, i) => ({
          ...record,
          timestamp: record.timestamp + 30 * (jitter[i % jitter.length] ?? 0),
        }))
        const table = playedTable(records)
        for (const { timestamp: time } of records) {
          const first = (partition: number): number =>
            records.find(record => record.partition === partition && record.timestamp > time)?.offset ??
            endOf(records, partition)
          const offsets = { 0: first(0), 1: first(1) }
          expect(known(() => table.asOf({ time }).rows())).toEqual(
            known(() => table.asOf({ offsets }).rows()),
          )
        }
      }),
      { numRuns: 300 },
    )
  })
})

function hasGtids(records: readonly Change[]): boolean {
  return (
    records.some(record => record.kind === 'row' && record.source?.gtid != null) || !records.some(isLogged)
  )
}

function isLogged(record: Change): boolean {
  return record.kind === 'row' && record.op !== 'r'
}

/** The state before the first that was reached later than `time`. */
function stateAt(states: readonly PlayedState[], time: number): PlayedState | undefined {
  const later = states.findIndex(state => state.time > time)
  return later < 0 ? states.at(-1) : states[later - 1]
}

function isSnapshot(step: Step): boolean {
  return step.do === 'snapshot'
}

/** The steps with clocks that do not go back: which transactions a snapshot has is then told by time too. */
function onTime(steps: readonly Step[]): Step[] {
  return steps.map(step => (step.do === 'transaction' ? { ...step, skew: 0 } : step))
}
