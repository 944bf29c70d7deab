import { expect, test } from 'vitest'
import { type JobHealth, jobHealth } from '../../src/job/health.js'
import type { JobStage } from '../../src/job/job-observer.js'
import { FakeClock } from '../fake-clock.js'

const changes = (count: number) => ({
  topic: 'obs',
  partition: 0,
  records: 1,
  changes: count,
  redelivered: 0,
  quarantined: 0,
  next: 1,
  times: null,
})
const commit = { upserts: 1, tombstones: 0, deadLetters: 0, offsets: [], sinkMs: 1, stateMs: 1, at: 0 }

function at(stage: JobStage): { health: JobHealth; clock: FakeClock } {
  const clock = new FakeClock()
  const health = jobHealth({ clock, stuckAfter: 1_000 })
  health.stage?.(stage)
  return { health, clock }
}

test.each([
  ['starting', false],
  ['backfilling', false],
  ['emitting', false],
  ['following', true],
  ['retrying', false],
  ['stopped', false],
] as const)('a job that is %s is ready: %s', (stage, ready) => {
  expect(at(stage).health.report()).toEqual({ live: true, ready, stage, stuckMs: 0 })
})

test('a job that waits for input for days is live', () => {
  const { health, clock } = at('following')
  health.read?.(changes(0))
  clock.time += 86_400_000
  expect(health.report()).toMatchObject({ live: true, stuckMs: 0 })
})

test('a write that is not acknowledged within the bound is stuck, until it is', () => {
  const { health, clock } = at('following')
  health.read?.(changes(1))
  clock.time += 600
  health.read?.(changes(1))
  clock.time += 400
  expect(health.report()).toMatchObject({ live: true, stuckMs: 1_000 })
  clock.time += 1
  expect(health.report()).toMatchObject({ live: false, stuckMs: 1_001 })
  health.committed?.(commit)
  expect(health.report()).toMatchObject({ live: true, stuckMs: 0 })
})

test('each batch of a backfill has the bound to itself', () => {
  const { health, clock } = at('emitting')
  for (let i = 0; i < 5; i++) {
    clock.time += 900
    health.committed?.(commit)
  }
  expect(health.report().live).toBe(true)
  clock.time += 1_001
  expect(health.report().live).toBe(false)
})

test('a job that retries is live, however long its output is away', () => {
  const { health, clock } = at('following')
  health.read?.(changes(1))
  health.stage?.('retrying')
  clock.time += 86_400_000
  expect(health.report()).toMatchObject({ live: true, ready: false })
})
