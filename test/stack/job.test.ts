import { Kafka, logLevel } from 'kafkajs'
import { createConnection } from 'mysql2/promise'
import { afterAll, beforeAll, describe, expect, inject, test, vi } from 'vitest'
import { connect, type Lab } from '../../src/lab.js'
import { RecordReader } from '../../src/source/record.js'
import { type Simulation, simulate } from '../../src/stack/simulate.js'
import { waitUntilCaptured } from './captured.js'
import { type ConnectorOptions, deleteConnector, registerConnector, waitForSnapshot } from './connector.js'
import { type Ended, JobProcess } from './job-process.js'
import { mysqlUsers } from './mysql.js'
import { vitalsBySql } from './vitals-sql.js'

const stack = inject('stack')
const database = 'worked'
const connector: ConnectorOptions = { prefix: database, database, serverId: 184_400 }
const obs = `${database}.${database}.obs`

describe.skipIf(stack === null)('a job on a live topic, killed three times', () => {
  let lab: Lab
  let drained: Ended
  let killed: Ended[]
  let vanished: { whileDown: string; whileRunning: string }
  const started: JobProcess[] = []

  function startJob(...more: string[]): JobProcess {
    const source = `kafka://${stack!.kafka}`
    const job = new JobProcess('test/stack/jobs/vitals.ts', '--source', source, '--prefix', database, ...more)
    started.push(job)
    return job
  }

  beforeAll(async () => {
    const life = {
      url: `${stack!.mysql}/${database}`,
      password: mysqlUsers.openmrs.password,
      seed: 23,
      patients: 12,
    }
    await simulate({ ...life, phases: ['schema', 'population'] })
    await registerConnector(stack!, connector)
    await waitForSnapshot(stack!, database)
    lab = await connect(`kafka://${stack!.kafka}`)

    const progress = new Progress()
    const played = simulate({
      ...life,
      changes: 1_500,
      rate: 200,
      phases: ['life'],
      onProgress: ({ rows }) => progress.reached(rows),
    })
    killed = [await killDuringBackfill(startJob)]
    killed.push(await killFollowing(startJob, progress, 500))
    killed.push(await killFollowing(startJob, progress, 1_000))
    checkLife(await played)
    const encounters = [...(await outputTopic(lab)).rows.keys()]
    vanished = { whileDown: encounters.at(0)!, whileRunning: encounters.at(-1)! }
    await voidEncounter(vanished.whileDown)
    await waitUntilCaptured(stack!, connector)
    const job = startJob()
    await job.until('the output is up to date')
    await voidEncounter(vanished.whileRunning)
    await waitUntilCaptured(stack!, connector)
    await deleteConnector(stack!, database)
    await committedToTheEnd()
    drained = await job.stop('SIGTERM')
  })
  afterAll(async () => {
    for (const job of started) await job.stop('SIGKILL')
    await lab?.close()
  })

  test('each was killed on the way', () => {
    expect(killed.map(({ signal }) => signal)).toEqual(['SIGKILL', 'SIGKILL', 'SIGKILL'])
    expect(killed.flatMap(({ lines }) => lines).filter(({ level }) => level !== 'info')).toEqual([])
  })

  test('the output topic ends with the rows that SQL gives', async () => {
    const { rows } = await outputTopic(lab)
    const sorted = [...rows.values()].map(row => JSON.parse(row)).sort(byKey)
    expect(sorted).toEqual(await vitalsBySql(stack!.mysql, database))
    expect(sorted.length).toBeGreaterThan(50)
    for (const [key, row] of rows) expect(row).toContain(key.slice(0, -1))
  })

  test('an encounter that vanished has a tombstone and no row, whether the job ran or was down then', async () => {
    const { rows, tombstones } = await outputTopic(lab)
    for (const key of Object.values(vanished))
      expect([tombstones.has(key), rows.has(key)]).toEqual([true, false])
  })

  test('SIGTERM drains and ends with exit code 0', () => {
    expect(drained).toMatchObject({ code: 0, signal: null })
    expect(drained.lines.map(({ level, message }) => [level, message])).toEqual([
      ['info', 'starting'],
      ['info', 'read to the end'],
      ['info', 'the output is up to date'],
      ['info', 'draining'],
      ['info', 'stopped'],
    ])
  })

  test('the output topic is compacted, with as many partitions as the input, keyed as the input is', async () => {
    const [output] = await lab.source.topics(['vitals'])
    expect([output?.cleanupPolicy, output?.partitions.length]).toEqual(['compact', 3])
  })

  test('a job that starts again writes nothing that is there already', async () => {
    const before = await lab.source.topics(['vitals'])
    const { code, out } = await startJob('--until-end', '--json').ended
    const { changes, upserts, tombstones, unchanged, rows } = JSON.parse(out)
    expect([code, upserts, tombstones, unchanged]).toEqual([0, 0, 0, rows])
    const { counts } = await lab.replay(obs, { columns: [], progress: false })
    expect(changes).toBe(counts.records)
    const records = (topics: typeof before): number[] => topics.flatMap(t => t.partitions.map(p => p.end))
    expect(records(await lab.source.topics(['vitals']))).toEqual(records(before))
  })

  async function voidEncounter(key: string): Promise<void> {
    const { encounter_id } = JSON.parse(key) as { encounter_id: number }
    const { hostname: host, port } = new URL(stack!.mysql)
    const connection = await createConnection({ host, port: Number(port), database, ...mysqlUsers.openmrs })
    await connection.query('UPDATE obs SET voided = 1 WHERE encounter_id = ?', [encounter_id])
    await connection.end()
  }

  function checkLife(simulation: Simulation): void {
    expect(simulation.rows.life).toBeGreaterThanOrEqual(1_500)
    expect(simulation.steps.delete).toBeGreaterThan(0)
  }

  /** The group that ordinary tools read the lag from says that everything is in the output. */
  async function committedToTheEnd(): Promise<void> {
    const admin = new Kafka({ brokers: [stack!.kafka], logLevel: logLevel.NOTHING }).admin()
    await admin.connect()
    try {
      await vi.waitFor(
        async () => {
          const [committed] = await admin.fetchOffsets({ groupId: 'obslab.vitals', topics: [obs] })
          const at = new Map(committed?.partitions.map(({ partition, offset }) => [partition, offset]))
          const ends = await admin.fetchTopicOffsets(obs)
          expect(at).toEqual(new Map(ends.map(({ partition, high }) => [partition, high])))
        },
        { timeout: 30_000, interval: 100 },
      )
    } finally {
      await admin.disconnect()
    }
  }
})

/** Lets a test go on when the simulated life has got to some row. */
class Progress {
  #waiting: { rows: number; go: () => void }[] = []
  #rows = 0

  reached(rows: number): void {
    this.#rows = rows
    for (const { rows: at, go } of this.#waiting) if (rows >= at) go()
  }

  async until(rows: number): Promise<void> {
    if (this.#rows >= rows) return
    await new Promise<void>(go => this.#waiting.push({ rows, go }))
  }
}

async function killDuringBackfill(start: () => JobProcess): Promise<Ended> {
  const job = start()
  await job.until('read to the end')
  return await job.stop('SIGKILL')
}

async function killFollowing(start: () => JobProcess, progress: Progress, rows: number): Promise<Ended> {
  const job = start()
  await job.until('the output is up to date')
  await progress.until(rows)
  return await job.stop('SIGKILL')
}

interface Output {
  rows: ReadonlyMap<string, string>
  tombstones: ReadonlySet<string>
}

async function outputTopic({ source }: Lab): Promise<Output> {
  const [topic] = await source.topics(['vitals'])
  const ranges = topic!.partitions.map(({ partition, start, stable }) => ({
    topic: 'vitals',
    partition,
    from: start,
    to: stable,
  }))
  const rows = new Map<string, string>()
  const tombstones = new Set<string>()
  const readers = new Map(
    ranges.map(range => [range.partition, new RecordReader('vitals', range.partition, range)]),
  )
  for await (const chunk of source.read({ ranges })) {
    for (const { key, value } of readers.get(chunk.partition)!.read(chunk)) {
      const name = Buffer.from(key!).toString()
      if (value === null) {
        tombstones.add(name)
        rows.delete(name)
      } else rows.set(name, Buffer.from(value).toString())
    }
  }
  return { rows, tombstones }
}

function byKey(a: Record<string, number>, b: Record<string, number>): number {
  return a.encounter_id! - b.encounter_id! || a.person_id! - b.person_id!
}
