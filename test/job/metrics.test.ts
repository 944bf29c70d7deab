import { expect, test } from 'vitest'
import { type JobMetrics, jobMetrics, metricDescriptions } from '../../src/job/metrics.js'
import { FakeClock } from '../fake-clock.js'

const obs = { topic: 'clinic.openmrs.obs', partition: 0 }

/** A job that has read two stretches, written one of them and knows the ends. */
function play(metrics: JobMetrics, clock: FakeClock): void {
  metrics.stage?.('backfilling')
  metrics.state?.([{ operator: '2:aggregate', entries: 7 }], 4096)
  metrics.read?.({ ...obs, records: 5, changes: 4, redelivered: 1, quarantined: 1, next: 5, times: null })
  metrics.stage?.('following')
  clock.time = 10_250
  const times = { database: 10_000, debezium: 10_040, kafka: 10_100 }
  metrics.read?.({ ...obs, records: 2, changes: 2, redelivered: 0, quarantined: 0, next: 7, times })
  metrics.ends?.([{ ...obs, next: 10 }])
  const [upserts, tombstones, deadLetters] = [3, 1, 2]
  const offsets = [{ ...obs, next: 7 }]
  metrics.committed?.({ upserts, tombstones, deadLetters, offsets, sinkMs: 20, stateMs: 5, at: 10_280 })
  clock.time = 12_100
}

/** The samples of the text format that are not zero, without buckets. */
async function samples(metrics: JobMetrics): Promise<string[]> {
  const lines = (await metrics.text()).split('\n')
  return lines.filter(line => /^obslab_/.test(line) && !line.includes('_bucket') && !line.endsWith(' 0'))
}

test('what a job did is told in the text format of Prometheus', async () => {
  const clock = new FakeClock(0)
  const metrics = await jobMetrics({ clock, process: false })
  play(metrics, clock)
  expect(await samples(metrics)).toEqual([
    'obslab_records_total 7',
    'obslab_changes_total{topic="clinic.openmrs.obs"} 6',
    'obslab_redelivered_total 1',
    'obslab_quarantined_total 1',
    'obslab_rows_total{kind="upsert"} 3',
    'obslab_rows_total{kind="tombstone"} 1',
    'obslab_dead_letters_total 2',
    'obslab_lag_records{topic="clinic.openmrs.obs",partition="0"} 3',
    'obslab_lag_seconds{topic="clinic.openmrs.obs",partition="0"} 2',
    'obslab_state_entries{operator="2:aggregate"} 7',
    'obslab_state_bytes 4096',
    'obslab_stage{stage="following"} 1',
    'obslab_hop_seconds_sum{hop="database_debezium"} 0.04',
    'obslab_hop_seconds_count{hop="database_debezium"} 1',
    'obslab_hop_seconds_sum{hop="debezium_kafka"} 0.06',
    'obslab_hop_seconds_count{hop="debezium_kafka"} 1',
    'obslab_hop_seconds_sum{hop="kafka_job"} 0.15',
    'obslab_hop_seconds_count{hop="kafka_job"} 1',
    'obslab_hop_seconds_sum{hop="job_sink"} 0.03',
    'obslab_hop_seconds_count{hop="job_sink"} 1',
    'obslab_commit_seconds_sum{part="sink"} 0.02',
    'obslab_commit_seconds_count{part="sink"} 1',
    'obslab_commit_seconds_sum{part="state"} 0.005',
    'obslab_commit_seconds_count{part="state"} 1',
  ])
})

test('old records of a backfill are no latency', async () => {
  const metrics = await jobMetrics({ clock: new FakeClock(99_000_000), process: false })
  metrics.stage?.('backfilling')
  const times = { database: 1, debezium: 2, kafka: 3 }
  metrics.read?.({ ...obs, records: 1, changes: 1, redelivered: 0, quarantined: 0, next: 1, times })
  expect((await samples(metrics)).filter(line => line.includes('hop'))).toEqual([])
})

test('every metric has its help sentence and type, and the process is told too', async () => {
  const text = await (await jobMetrics()).text()
  for (const { name, type, help } of Object.values(metricDescriptions)) {
    expect(text).toContain(`# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`)
    expect(help).toMatch(/^[A-Z].*\.$/)
  }
  expect(text).toContain('process_resident_memory_bytes')
  expect(text).toContain('nodejs_eventloop_lag_seconds')
})

test('names follow the conventions of Prometheus: totals of counters, base units, snake case', () => {
  for (const { name, type } of Object.values(metricDescriptions)) {
    expect(name).toMatch(/^obslab(_[a-z]+)+$/)
    expect(name.endsWith('_total')).toBe(type === 'counter')
    if (type === 'histogram') expect(name).toMatch(/_seconds$/)
  }
})

test('two jobs of one process do not mix', async () => {
  const [one, other] = [await jobMetrics({ process: false }), await jobMetrics({ process: false })]
  one.read?.({ ...obs, records: 1, changes: 1, redelivered: 0, quarantined: 0, next: 1, times: null })
  expect(await samples(other)).toEqual(['obslab_stage{stage="starting"} 1'])
})
