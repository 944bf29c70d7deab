import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { promisify } from 'node:util'
import { Kafka, logLevel } from 'kafkajs'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { readOutput } from '../../src/job/output-topic.js'
import { connect, type Lab } from '../../src/lab.js'
import { simulate } from '../../src/stack/simulate.js'
import type { Cell } from '../notebooks/notebook.js'
import { waitUntilCaptured } from './captured.js'
import { type ConnectorOptions, deleteConnector, registerConnector, waitForSnapshot } from './connector.js'
import { mysqlUsers } from './mysql.js'
import { vitalsBySql } from './vitals-sql.js'

const stack = inject('stack')
const database = 'exported'
const connector: ConnectorOptions = { prefix: database, database, serverId: 184_700 }
const signs = ['weight', 'height', 'temperature', 'spo2', 'systolic', 'diastolic', 'pulse']

/** The cells of the notebook, executed against the cluster. */
async function executed(): Promise<{ failed: boolean; cells: Cell[] }> {
  const args = ['node_modules/tsx/dist/cli.mjs', 'test/notebooks/kernel.ts', 'notebooks/07-export.ipynb']
  const env = { ...process.env, OBSLAB_KAFKA_URL: `kafka://${stack!.kafka}`, OBSLAB_PREFIX: database }
  const run = promisify(execFile)(process.execPath, args, { env, maxBuffer: 256 << 20 })
  const { stdout } = await run.catch((failure: { stdout: string }) => failure)
  return JSON.parse(stdout)
}

describe.skipIf(stack === null)('notebooks/07-export.ipynb on a cluster', () => {
  let lab: Lab
  let failed: boolean
  let printed: Map<string, string>

  beforeAll(async () => {
    const life = {
      url: `${stack!.mysql}/${database}`,
      password: mysqlUsers.openmrs.password,
      seed: 41,
      patients: 12,
    }
    await simulate({ ...life, phases: ['schema', 'population'] })
    await registerConnector(stack!, connector)
    await waitForSnapshot(stack!, database)
    await simulate({ ...life, changes: 800, phases: ['life'] })
    await waitUntilCaptured(stack!, connector)
    await deleteConnector(stack!, database)
    lab = await connect(`kafka://${stack!.kafka}`)
    await deleteOutput()
    const run = await executed()
    failed = run.failed
    printed = new Map(
      run.cells.map(({ id, outputs = [] }) => [
        id,
        outputs.map(output => (output.output_type === 'stream' ? output.text : '')).join(''),
      ]),
    )
  }, 600_000)
  afterAll(async () => {
    await lab?.close()
    await deleteOutput()
  })

  test('no cell fails', () => {
    expect(failed, JSON.stringify([...printed])).toBe(false)
  })

  test('the job is installed, tested and built', () => {
    expect(printed.get('build')).toBe('npm ci passed\nnpm test passed\nnpm run build passed\n')
  })

  test('it is killed twice, and nothing is missing or wrong', () => {
    expect(printed.get('run')).toMatch(
      /^killed at 'starting'\nkilled at 'read to the end'\nstopped\n\d+ rows\n$/,
    )
    expect(printed.get('parity')).toMatch(/^stopped\nall \d+ rows are there, and right\n$/)
  })

  test('the output topic has the rows that SQL gives', async () => {
    const rows = await readOutput(lab.source, 'vitals')
    const expected = (await vitalsBySql(stack!.mysql, database)) as Record<string, unknown>[]
    const asExported = expected.map(row => pick(row, ['encounter_id', 'person_id', ...signs, 'bmi']))
    const given = [...rows.values()].map(row => JSON.parse(row) as Record<string, unknown>)
    expect(given.sort(byEncounter)).toEqual(asExported.sort(byEncounter))
    expect(given.length).toBeGreaterThan(30)
  })

  test('the code that runs is the author’s', () => {
    expect(readFileSync('out/jobs/vitals/src/vitals.ts', 'utf8')).toContain(
      '// One row for each encounter: of several answers to a question the latest counts.',
    )
  })
})

/** Other tests have a job of this name, too. */
async function deleteOutput(): Promise<void> {
  const admin = new Kafka({ brokers: [stack!.kafka], logLevel: logLevel.NOTHING }).admin()
  await admin.connect()
  try {
    const there = await admin.listTopics()
    await admin.deleteTopics({
      topics: ['vitals', 'vitals.dead-letters'].filter(topic => there.includes(topic)),
    })
  } finally {
    await admin.disconnect()
  }
}

function pick(row: Record<string, unknown>, columns: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(columns.map(column => [column, row[column]]))
}

function byEncounter(a: Record<string, unknown>, b: Record<string, unknown>): number {
  return Number(a.encounter_id) - Number(b.encounter_id) || Number(a.person_id) - Number(b.person_id)
}
