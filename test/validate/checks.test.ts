import { expect, test } from 'vitest'
import type { Change } from '../../src/change/change.js'
import type { TopicEvent } from '../../src/change/message.js'
import { Engine } from '../../src/pipeline/engine.js'
import type { EncodedUpsert } from '../../src/pipeline/output-records.js'
import type { Pipeline } from '../../src/pipeline/pipeline.js'
import { recompute } from '../../src/pipeline/recompute.js'
import { checkFaults, type FaultResult } from '../../src/validate/checks.js'
import { CurrentTables } from '../../src/validate/current-tables.js'
import { Judge } from '../../src/validate/delivery.js'
import { compactOutput } from '../../src/validate/parity.js'
import type { Runner } from '../../src/validate/run-delivery.js'
import { FakeClock } from '../fake-clock.js'
import { logOf, perBox, reading, tombstone } from './log.js'

/** Two partitions; rows that come, change, move between boxes, go, and come again. */
const recorded: Change[] = Array.from({ length: 60 }, (_, i) => {
  const [id, pos] = [(i * 7) % 20, i + 1]
  const partition = id % 2
  const row = { id, box: Math.floor(i / 2) % 3, at: i, value: i }
  if (i < 20) return [reading('c', row, pos, partition)]
  if (i % 9 === 0) return [reading('d', { id }, pos, partition), tombstone(id, partition)]
  return [reading('u', row, pos, partition)]
}).flat()

async function checked(newRunner: () => Runner, changes: readonly Change[] = recorded): Promise<FaultResult> {
  const log = logOf(perBox as Pipeline<never>, changes)
  const tables = new CurrentTables(log.topics)
  const judge = new Judge()
  for (const change of changes) if (judge.counts(change)) tables.apply(change)
  const final = compactOutput(recompute(perBox.plan, tables.rows))
  const proof = { plan: perBox.plan, laneOf: log.laneOf, newRunner }
  return await checkFaults(proof, log, { seed: 1, final, clock: new FakeClock(), shrinkFor: 1000 })
}

const codes = ({ findings }: FaultResult): string[] => findings.map(({ code }) => code)

/** The engine, with something done to the changes it is given. */
class Bent implements Runner {
  readonly engine: Engine = new Engine(perBox.plan)
  readonly bend: (change: Change) => readonly Change[]

  constructor(bend: (change: Change) => readonly Change[]) {
    this.bend = bend
  }

  apply(changes: Iterable<TopicEvent>): void {
    for (const change of changes) this.engine.apply(this.bend(change as Change))
  }

  flush(): readonly EncodedUpsert[] {
    return this.engine.flush()
  }
}

test('the engine passes every check, and the report says what was done', async () => {
  const { report, findings, shrunk } = await checked(() => new Engine(perBox.plan))
  expect(findings).toEqual([])
  expect(shrunk).toBeNull()
  expect(report.map(({ check, result }) => [check, result])).toEqual([
    ['law', 'passed'],
    ['replayed blocks', 'passed'],
    ['interleavings', 'passed'],
    ['crash and resume', 'passed'],
    ['re-snapshot', 'passed'],
    ['lost tombstones', 'passed'],
    ['compaction', 'passed'],
  ])
})

test('what is passed on late is caught at a cut', async () => {
  class Late extends Bent {
    #waiting: readonly EncodedUpsert[] = []
    override flush(): readonly EncodedUpsert[] {
      const ready = this.#waiting
      this.#waiting = this.engine.flush()
      return ready
    }
  }
  const { findings, shrunk } = await checked(() => new Late(change => [change]))
  expect(findings.map(({ code }) => code)).toContain('law-broken')
  expect(shrunk!.delivery.length).toBe(1)
})

test('a record that changes nothing is caught', async () => {
  class Talkative extends Bent {
    #last: readonly EncodedUpsert[] = []
    override flush(): readonly EncodedUpsert[] {
      const fresh = this.engine.flush()
      const keys = new Set(fresh.map(({ keyText }) => keyText))
      const again = this.#last.filter(({ keyText }) => !keys.has(keyText))
      this.#last = fresh
      return [...fresh, ...again]
    }
  }
  const { findings, shrunk } = await checked(() => new Talkative(change => [change]))
  expect(findings[0]).toMatchObject({ code: 'law-broken', severity: 'error' })
  expect(findings[0]!.sentence).toContain('records are written that change nothing')
  expect(shrunk!.delivery.length).toBeLessThan(5)
})

test('an output that follows the order of arrival is caught by another interleaving', async () => {
  let arrived = 0
  const { findings, shrunk } = await checked(
    () =>
      new Bent(change => {
        arrived++
        // In the order recorded `at` is that of arrival.
        if (change.kind !== 'row' || change.after === null) return [change]
        return [{ ...change, after: { ...change.after, at: arrived } }]
      }),
  )
  expect(findings.map(({ code }) => code)).toContain('interleavings-broken')
  expect(findings.map(({ code }) => code)).not.toContain('law-broken')
  expect(shrunk!.check).toBe('interleavings')
  expect(shrunk!.delivery.length).toBe(2)
})

test('state that a new process does not have is caught by a crash', async () => {
  const boxes = new Map<unknown, unknown>()
  const { findings } = await checked(
    () =>
      new Bent(change => {
        if (change.kind !== 'row' || change.after === null || change.op !== 'c') return [change]
        const first = boxes.get(change.after.id) ?? change.after.box
        boxes.set(change.after.id, 99)
        return [{ ...change, after: { ...change.after, box: first } }] as Change[]
      }),
    recorded.slice(0, 10),
  )
  expect(findings.map(({ code }) => code)).toContain('crash-and-resume-broken')
})

/** Ignores what it is not told by a create: it takes a row's comings and goings for what they are called. */
function byName(): Runner {
  const known = new Set<unknown>()
  return new Bent(change => {
    if (change.kind !== 'row') return [change]
    if (change.op === 'c') known.add(change.key!.id)
    return change.op === 'r' && known.has(change.key!.id)
      ? [{ ...change, after: { ...change.after!, box: 99 } }]
      : change.op === 'u' && !known.has(change.key!.id)
        ? []
        : [change]
  })
}

test('snapshot rows that are not taken for the rows they are, are caught by a second snapshot', async () => {
  expect(codes(await checked(byName))).toContain('re-snapshot-broken')
})

test('updates that need their create are caught by compaction', async () => {
  expect(codes(await checked(byName))).toContain('compaction-broken')
})

test('deletes that wait for their tombstones are caught where those are lost', async () => {
  const result = await checked(
    () => new Bent(change => (change.kind === 'row' && change.op === 'd' ? [] : [change])),
    [reading('c', { id: 1 }, 1), reading('c', { id: 2 }, 2), reading('d', { id: 1 }, 3), tombstone(1)],
  )
  expect(codes(result)).toContain('lost-tombstones-broken')
  const one = result.findings.find(({ code }) => code === 'lost-tombstones-broken')!
  expect(one.sentence).toMatch(/when deletes come without tombstones/)
})

test('changes that count twice when they come twice are caught by a replayed block', async () => {
  // Without positions nothing tells that a change was delivered before.
  const unplaced = recorded.map(change =>
    'source' in change ? { ...change, source: null } : change,
  ) as Change[]
  const result = await checked(() => {
    const created = new Set<unknown>()
    return new Bent(change => {
      if (change.kind !== 'row' || change.op !== 'c') return [change]
      const again = created.has(change.key!.id)
      created.add(change.key!.id)
      return again ? [{ ...change, after: { ...change.after!, box: 77 } }] : [change]
    })
  }, unplaced)
  expect(codes(result)).toContain('replayed-blocks-broken')
})

test('an engine that throws is a finding, not an error', async () => {
  const { findings } = await checked(
    () =>
      new Bent(() => {
        throw new Error('boom of row 7')
      }),
  )
  expect(findings[0]!.sentence).toContain('the run fails')
  expect(findings[0]!.sentence).not.toContain('row 7')
})

test('the shrunk changes are told as positions', async () => {
  const { findings, shrunk } = await checked(
    () => new Bent(change => (change.kind === 'row' && change.op === 'd' ? [] : [change])),
    recorded.filter(({ kind }) => kind !== 'tombstone'),
  )
  expect(shrunk!.delivery.map(({ change }) => change.kind === 'row' && change.op)).toEqual(['c', 'd'])
  const [created, deleted] = shrunk!.delivery.map(({ change }) => change)
  expect(findings[0]!.sentence).toContain(
    `2 changes show it: readings:${created!.partition}:${created!.offset}, readings:${deleted!.partition}:${deleted!.offset}.`,
  )
})

test('a check that can say nothing of a log says why', async () => {
  const { report } = await checked(() => new Engine(perBox.plan), [reading('c', { id: 1 }, 1)])
  const skipped = report.filter(({ result }) => result === 'skipped')
  expect(skipped.map(({ check, did }) => [check, did])).toEqual([
    ['interleavings', 'there is one partition, which has one order'],
    ['lost tombstones', 'the recording has no tombstone'],
  ])
})
