import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'

const folder = mkdtempSync(join(tmpdir(), 'obslab-start-job-'))
afterAll(() => rmSync(folder, { recursive: true }))

interface Ended {
  code: number | null
  out: string
  lines: readonly { level: string; message: string; [field: string]: unknown }[]
}

/** An exported job's program, with this environment and these arguments. */
function start(
  env: Record<string, string>,
  ...argv: string[]
): { child: ChildProcess; ended: Promise<Ended> } {
  const code = `import { startJob, vitals } from './dist/job.js'; await startJob(vitals, { argv: process.argv.slice(1) })`
  const child = spawn('node', ['--input-type=module', '-e', code, '--', ...argv], {
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let [out, err] = ['', '']
  child.stdout.on('data', data => {
    out += data
  })
  child.stderr.on('data', data => {
    err += data
  })
  const ended = new Promise<Ended>(resolve => {
    child.on('close', code => {
      const lines =
        err.trim() === ''
          ? []
          : err
              .trim()
              .split('\n')
              .map(line => JSON.parse(line))
      resolve({ code, out, lines })
    })
  })
  return { child, ended }
}

const run = (env: Record<string, string>, ...argv: string[]): Promise<Ended> => start(env, ...argv).ended
const recording = 'datasets/openmrs'

test('a job runs by its environment alone, and ends with its recording', async () => {
  const rows = join(folder, 'rows.jsonl')
  const { code, lines } = await run({ OBSLAB_SOURCE: recording, OBSLAB_SINK: rows, OBSLAB_STATE: 'none' })
  expect(code).toBe(0)
  expect(lines.at(-1)).toMatchObject({ level: 'info', message: 'stopped', job: 'vitals', tombstones: 0 })
  expect(readFileSync(rows, 'utf8').trim().split('\n')).toHaveLength(Number(lines.at(-1)!.rows))
})

test('a flag goes before its variable, and LOG_LEVEL holds', async () => {
  const env = { OBSLAB_SOURCE: '/nowhere', OBSLAB_STATE: 'none', LOG_LEVEL: 'error' }
  const { code, out, lines } = await run(env, '--source', recording, '--until-end')
  expect([code, lines]).toEqual([0, []])
  expect(out).toMatch(/^{"key":{"encounter_id":\d+,"person_id":\d+},"row":{/)
})

test('what went wrong is the last line of the log, with exit code 1 and no credentials', async () => {
  const { code, lines } = await run({ OBSLAB_SOURCE: 'kafka://me:secret@localhost:9092' })
  expect(code).toBe(1)
  expect(lines.at(-1)).toMatchObject({ level: 'error', code: 'option-invalid' })
  expect(JSON.stringify(lines)).not.toContain('secret')
})

test('a setting that cannot be understood is told before anything is opened', async () => {
  const { code, lines } = await run({ OBSLAB_SOURCE: '/nowhere' }, '--prot', '1')
  expect([code, lines.map(({ message }) => message)]).toEqual([
    1,
    ['There is no flag --prot: did you mean --port? --help shows what there is.'],
  ])
})

test('a variable that nobody reads is a warning', async () => {
  const { lines } = await run({ OBSLAB_SOURCE: '/nowhere', OBSLAB_SYNC: 'x' })
  expect(lines[0]).toMatchObject({
    level: 'warn',
    message: 'The variable OBSLAB_SYNC is read by nobody: did you mean OBSLAB_SINK?',
  })
})

test('--help names the topics, the output and every setting, and runs nothing', async () => {
  const { code, out, lines } = await run({}, '--help')
  expect([code, lines]).toEqual([0, []])
  expect(out).toContain('The job vitals reads obs and writes vitals.')
  expect(out).toContain('OBSLAB_DEAD_LETTER_LIMIT')
})

test('an error that nobody expected is told by where it was thrown, never by its message', async () => {
  const file = join(folder, 'broken.mjs')
  const job = new URL('../../dist/job.js', import.meta.url).href
  writeFileSync(
    file,
    `import { startJob, vitals } from '${job}'
     const plan = { ...vitals.plan, get name() { throw new RangeError('patient 4711') } }
     await startJob({ plan }, { argv: ['--source', '${recording}', '--state', 'none'] })`,
  )
  const child = spawn('node', [file], { stdio: ['ignore', 'ignore', 'pipe'] })
  let err = ''
  child.stderr.on('data', data => {
    err += data
  })
  const code = await new Promise(resolve => child.on('close', resolve))
  const last = JSON.parse(err.trim().split('\n').at(-1)!)
  expect([code, last.error, last.at[0]]).toEqual([1, 'RangeError', expect.stringContaining('broken.mjs:2:')])
  expect(err).not.toContain('4711')
})
