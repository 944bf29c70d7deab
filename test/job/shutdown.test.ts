import { type ChildProcess, spawn } from 'node:child_process'
import { expect, test } from 'vitest'

interface Stopping {
  child: ChildProcess
  /** Resolves when this is printed. */
  until: (text: string) => Promise<void>
  ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>
}

/** A process that does `onAbort` when it is asked to stop, and otherwise lives on. */
function start(onAbort: string, deadline: number): Stopping {
  const code = `import { shutdownSignal } from './dist/job.js'
    const signal = shutdownSignal({ deadline: ${deadline} })
    signal.addEventListener('abort', () => { ${onAbort} })
    const alive = setInterval(() => {}, 1000)
    console.log('ready')`
  const child = spawn('node', ['--input-type=module', '-e', code], { stdio: ['ignore', 'pipe', 'pipe'] })
  let printed = ''
  child.stdout.on('data', data => {
    printed += data
  })
  const ended: Stopping['ended'] = new Promise(resolve =>
    child.on('close', (code, signal) => resolve({ code, signal })),
  )
  const until = (text: string): Promise<void> =>
    new Promise(resolve => {
      const look = (): void => {
        if (printed.includes(text)) resolve()
      }
      child.stdout.on('data', look)
      look()
    })
  return { child, until, ended }
}

test.each(['SIGTERM', 'SIGINT'] as const)(
  '%s is told to the job, which then ends by itself',
  async signal => {
    const { child, until, ended } = start('clearInterval(alive)', 60_000)
    await until('ready')
    child.kill(signal)
    expect(await ended).toEqual({ code: 0, signal: null })
  },
)

test.each([
  ['SIGTERM', 'SIGTERM'],
  ['SIGTERM', 'SIGINT'],
] as const)('after %s, %s ends the process at once', async (first, second) => {
  const { child, until, ended } = start("console.log('draining')", 60_000)
  await until('ready')
  child.kill(first)
  await until('draining')
  child.kill(second)
  expect(await ended).toEqual({ code: null, signal: second })
})

test('a job that does not drain by the deadline ends with exit code 1', async () => {
  const { child, until, ended } = start('', 20)
  await until('ready')
  child.kill('SIGTERM')
  expect(await ended).toEqual({ code: 1, signal: null })
})
