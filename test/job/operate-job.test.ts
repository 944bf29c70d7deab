import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { JobObserver, JobStage, ReadEvent } from '../../src/job/job-observer.js'
import { jsonLog } from '../../src/job/log.js'
import { operateJob } from '../../src/job/operate-job.js'
import { runJob } from '../../src/job/run-job.js'
import type { SinkBatch } from '../../src/job/sink.js'
import { vitals } from '../../src/openmrs/vitals.js'
import { openSource } from '../../src/source/open-source.js'
import { MemorySink } from './memory-sink.js'

/** A sink that looks at the job's server while it writes. */
class LookingSink extends MemorySink {
  port = 0
  readonly seen: { path: string; status: number; body: string }[] = []

  override async write(batch: SinkBatch): Promise<void> {
    if (this.seen.length === 0) {
      for (const path of ['/metrics', '/healthz', '/readyz']) {
        const response = await fetch(`http://127.0.0.1:${this.port}${path}`)
        this.seen.push({ path, status: response.status, body: await response.text() })
      }
    }
    await super.write(batch)
  }
}

test('metrics and health are served while the job runs, and no longer', async () => {
  const source = await openSource('datasets/openmrs')
  const sink = new LookingSink()
  const log = jsonLog({
    write: line => {
      sink.port = JSON.parse(line).port ?? sink.port
    },
  })
  const summary = await operateJob(vitals, { source, sink, log, port: 0 })
  const [metrics, health, readiness] = sink.seen
  expect([metrics?.status, health?.status, readiness?.status]).toEqual([200, 200, 503])
  expect(metrics?.body).toMatch(new RegExp(`^obslab_records_total ${summary.changes}$`, 'm'))
  expect(metrics?.body).toMatch(/^obslab_stage{stage="emitting"} 1$/m)
  expect(JSON.parse(readiness!.body)).toEqual({ status: 'not ready', stage: 'emitting' })
  await expect(fetch(`http://127.0.0.1:${sink.port}/healthz`)).rejects.toThrow()
  await source.close()
})

test('a port that is taken ends the job before it has touched its output', async () => {
  const taken = createServer()
  await new Promise<void>(resolve => taken.listen(0, resolve))
  const source = await openSource('datasets/openmrs')
  const sink = new MemorySink()
  const { port } = taken.address() as AddressInfo
  const run = operateJob(vitals, { source, sink, log: jsonLog({ write: () => {} }), port })
  await expect(run).rejects.toMatchObject({ code: 'port-in-use' })
  expect(sink.calls).toEqual([])
  taken.close()
  await source.close()
})

test('without a port nothing is served', async () => {
  const source = await openSource('datasets/openmrs')
  const messages: string[] = []
  const log = jsonLog({ write: line => messages.push(JSON.parse(line).message) })
  await operateJob(vitals, { source, sink: new MemorySink(), log, port: null })
  expect(messages).not.toContain('serving metrics and health')
  expect(messages.at(-1)).toBe('stopped')
  await source.close()
})

test('a job that goes on with nothing left to read tells where it is, so that its lag is known', async () => {
  const source = await openSource('datasets/openmrs')
  const sink = new MemorySink()
  const state = mkdtempSync(join(tmpdir(), 'obslab-operate-'))
  const told: (ReadEvent | JobStage)[] = []
  const observer: JobObserver = { read: event => told.push(event), stage: stage => told.push(stage) }
  try {
    const options = { source, sink, state, log: jsonLog({ write: () => {} }) }
    await runJob(vitals, options)
    await runJob(vitals, { ...options, observer })
  } finally {
    rmSync(state, { recursive: true })
    await source.close()
  }
  const before = told.slice(0, told.indexOf('following')).filter(one => typeof one === 'object')
  expect(before.map(({ partition, records, next }) => [partition, records, next])).toEqual(
    (sink.progress?.offsets ?? []).map(({ partition, next }) => [partition, 0, next]),
  )
  expect(before).toHaveLength(3)
})
