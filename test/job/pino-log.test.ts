import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { jsonLog, type Log } from '../../src/job/log.js'
import { logLevels, pinoLog } from '../../src/job/pino-log.js'

const clock = { now: (): number => Date.UTC(2026, 2, 1, 10), sleep: async (): Promise<void> => {} }

function say(log: Log): void {
  log.info('starting', {
    job: 'vitals',
    topics: ['obs', 'a "quoted" one'],
    partition: 0,
    sink: null,
    kept: true,
  })
  log.warn('two\nlines and \u0001, ü and \u2028')
  log.error('ended', { offset: 7, ms: 0.5 })
}

test('lines are byte for byte those of the plain log', async () => {
  const [plain, lines]: [string[], string[]] = [[], []]
  say(jsonLog({ write: line => plain.push(line), clock }))
  say(await pinoLog({ write: line => lines.push(line), clock }))
  expect(lines.join('')).toBe(plain.join(''))
  expect(lines[0]).toBe(
    '{"level":"info","time":"2026-03-01T10:00:00.000Z","message":"starting","job":"vitals","topics":["obs","a \\"quoted\\" one"],"partition":0,"sink":null,"kept":true}\n',
  )
})

test.each([
  ['debug', ['info', 'warn', 'error']],
  ['info', ['info', 'warn', 'error']],
  ['warn', ['warn', 'error']],
  ['error', ['error']],
  ['silent', []],
] as const)('at LOG_LEVEL %s there is %j', async (level, written) => {
  const lines: string[] = []
  say(await pinoLog({ level, write: line => lines.push(line) }))
  expect(logLevels).toContain(level)
  expect(lines.map(line => JSON.parse(line).level)).toEqual(written)
})

test('the last line before an exit is on standard error', () => {
  const code = `import { pinoLog } from './dist/job/pino-log.js'
    const log = await pinoLog()
    for (let i = 0; i < 5000; i++) log.info('x'.repeat(100), { i })
    log.error('the last')
    process.exit(3)`
  const { status, stderr } = spawnSync('node', ['--input-type=module', '-e', code], {
    encoding: 'utf8',
    maxBuffer: 8 << 20,
  })
  const lines = stderr.trim().split('\n')
  expect([status, lines.length, JSON.parse(lines.at(-1)!).message]).toEqual([3, 5001, 'the last'])
})
