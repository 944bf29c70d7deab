import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import type { Change } from '../../src/change/change.js'
import { Redelivery } from '../../src/change/run.js'
import { topic } from '../../src/change/topic.js'
import { ObslabError } from '../../src/errors.js'
import type { Table } from '../../src/frame/table.js'
import { connect } from '../../src/lab.js'
import type { CellRow } from '../../src/pipeline/cell.js'
import { Engine } from '../../src/pipeline/engine.js'
import { rowText } from '../../src/pipeline/output.js'
import { pipeline } from '../../src/pipeline/pipeline.js'
import { bindPlan } from '../../src/pipeline/plan-changes.js'
import {
  interleaved,
  legalSteps,
  type PlayedRow,
  picks,
  played,
  replayed,
  replayedBlocks,
  topicOf,
  withOffsets,
  withUndecoded,
} from '../change/legal-log.js'
import { playedTable } from '../frame/tables-of.js'

const definition = topic<PlayedRow>(topicOf(0), z.custom<PlayedRow>(), { key: ['id'], deleted: 'voided' })
const { plan } = pipeline('p').from(definition).to('p')

/** The output of an engine, or the error by which it refuses one. */
function outcome(lines: () => Iterable<string>): string[] | string {
  try {
    return [...lines()].sort()
  } catch (error) {
    if (error instanceof ObslabError) return error.code
    throw error
  }
}

function shownBy(records: readonly Change[], whole = true): string[] | string {
  return outcome(() =>
    playedTable(records, 0, whole)
      .current()
      .rows()
      .map(row => rowText(row as CellRow)),
  )
}

/** An engine fed with records, those delivered before left out as they are. */
class Fed {
  readonly engine: Engine = new Engine(plan)
  readonly #rule = new Redelivery()

  take(records: readonly Change[]): this {
    for (const record of records) if (this.#rule.accept(record) === 'applied') this.engine.apply([record])
    return this
  }

  lines(isAtEnd: boolean): string[] | string {
    return outcome(() => {
      if (isAtEnd) this.engine.caughtUp()
      this.engine.flush()
      return this.engine.output.values()
    })
  }
}

const bad = fc.array(fc.nat(99), { maxLength: 4 })
const cuts = fc.array(fc.nat(99), { maxLength: 4 })

/** The output at the end, taken before at some places too. */
function endOf(records: readonly Change[], cuts: readonly number[]): string[] | string {
  const fed = new Fed()
  const at = new Set(cuts.map(cut => cut % (records.length + 1)))
  records.forEach((record, i) => {
    fed.take([record])
    if (at.has(i)) fed.engine.flush()
  })
  return fed.lines(true)
}

/** The log as it is where the number of partitions was changed: from a record on, keys go to others. */
function repartitioned(records: readonly Change[], from: number, by: number): Change[] {
  return records.map((record, i) =>
    i < from || record.kind === 'truncate' ? record : { ...record, partition: (record.partition + by) % 3 },
  )
}

describe('on legal logs, the rows of a pipeline are those that the table shows', () => {
  test('in the end, whatever was lost before snapshots, sent again, unreadable, and read first', () => {
    fc.assert(
      fc.property(
        legalSteps({ losing: true }),
        fc.boolean(),
        replayedBlocks,
        picks,
        bad,
        cuts,
        (steps, gtids, blocks, order, bad, cuts) => {
          const log = withUndecoded(played(steps, { gtids }).records, bad)
          const records = interleaved(withOffsets(replayed(log, blocks)), order)
          expect(endOf(records, cuts)).toEqual(shownBy(records))
        },
      ),
      { numRuns: 400 },
    )
  })

  test('in the end, when the table is truncated and snapshots are sent again too', () => {
    fc.assert(
      fc.property(
        legalSteps({ losing: true, truncating: true }),
        fc.boolean(),
        replayedBlocks,
        picks,
        cuts,
        (steps, snapshots, blocks, order, cuts) => {
          const log = replayed(played(steps).records, blocks, { snapshots })
          const records = interleaved(withOffsets(log), order)
          expect(endOf(records, cuts)).toEqual(shownBy(records))
        },
      ),
      { numRuns: 400 },
    )
  })

  test('after each record of a single partition', () => {
    fc.assert(
      fc.property(
        legalSteps({ losing: true, truncating: true }),
        replayedBlocks,
        bad,
        (steps, blocks, bad) => {
          const log = withUndecoded(played(steps, { partitions: 1 }).records, bad)
          const records = withOffsets(replayed(log, blocks))
          const fed = new Fed()
          records.forEach((record, i) => {
            const lines = fed.take([record]).lines(false)
            expect(lines).toEqual(shownBy(records.slice(0, i + 1), false))
          })
        },
      ),
      { numRuns: 60 },
    )
  })

  test('in the end, when keys are in several partitions: the same rows, or refused by both', () => {
    fc.assert(
      fc.property(
        legalSteps({ losing: true }),
        replayedBlocks,
        picks,
        bad,
        cuts,
        fc.nat(99),
        fc.integer({ min: 1, max: 2 }),
        (steps, blocks, order, bad, cuts, from, by) => {
          const log = replayed(withUndecoded(played(steps).records, bad), blocks)
          const parts = repartitioned(log, from % (log.length + 1), by)
          const records = interleaved(withOffsets(parts), order)
          expect(endOf(records, cuts)).toEqual(shownBy(records))
        },
      ),
      { numRuns: 400 },
    )
  })
})

/** A row without the types of its values: a table gives all rows of a column whose type was altered the wider one. */
function valuesText(row: CellRow): string {
  const given = JSON.parse(rowText(row)) as Record<string, unknown>
  return JSON.stringify(
    Object.entries(given).map(([name, value]) => [name, value === null ? null : String(value)]),
  )
}

describe.each([
  ...['plain', 'schema', 'modes', 'unwrapped', 'whole', 'rewritten', 'maria', 'bare', 'partial'].map(
    name => `test/change/recordings/${name}`,
  ),
  'datasets/openmrs',
])('%s', folder => {
  test('has the rows in pipelines that its tables show', async () => {
    const lab = await connect(folder)
    const names = (await lab.source.topics())
      .map(({ topic }) => topic)
      .filter(name => /\.\w+\.\w+$/.test(name))
    for (const name of names) {
      const table = (await lab.replay(name, { progress: false })) as Table
      const columns = table
        .changes()
        .columns.map(column => column.name)
        .filter(column => !column.startsWith('_'))
      if (columns.length === 0) continue
      const ownKey = table.key.length === 0 ? columns.slice(0, 1) : [...table.key]
      const key = name.endsWith('.visit_log') ? ['day', 'ward'] : ownKey
      const schema = z.looseObject(Object.fromEntries(columns.map(column => [column, z.any().nullable()])))
      const definition = topic(name, schema, { key })
      const bound = await bindPlan(
        lab.source,
        pipeline('p')
          .from(definition)
          .select(...columns)
          .to('p').plan,
      )
      const engine = new Engine(bound.plan)
      for await (const { changes } of bound.changes) {
        engine.apply(changes.filter(({ redelivered }) => !redelivered).map(({ change }) => change))
        engine.flush()
      }
      engine.caughtUp()
      engine.flush()
      const shown = (await lab.replay(definition, { progress: false })).current().rows()
      const lines = shown.map(row => valuesText(row as CellRow)).sort()
      const rows = [...engine.output.values()].map(text => valuesText(JSON.parse(text) as CellRow))
      expect([name, rows.sort()]).toEqual([name, lines])
    }
    await lab.close()
  })
})
