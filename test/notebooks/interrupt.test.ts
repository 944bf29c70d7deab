import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, test } from 'vitest'

type Message = { running: true } | { cell: string; ok: boolean } | { display: string; update: boolean }

/** Runs cells in a kernel-like process and interrupts it each time a cell says that it is running. */
async function execute(cells: readonly string[]): Promise<{ messages: Message[]; out: string }> {
  const args = ['--import', 'tsx', 'test/notebooks/interruptible.ts', JSON.stringify(cells)]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe', 'ipc'] })
  const messages: Message[] = []
  let out = ''
  child.stdout!.on('data', chunk => {
    out += chunk
  })
  child.stderr!.on('data', () => {})
  child.on('message', message => {
    messages.push(message as Message)
    if ('running' in (message as Message)) child.kill('SIGINT')
  })
  await once(child, 'close')
  return { messages, out }
}

test('an interrupt ends a running forEach, its cell succeeds and keeps its names, and the next interrupt is the kernel’s', {
  timeout: 90_000,
}, async () => {
  const running = 'setImmediate(() => process.send({ running: true }))'
  const { messages, out } = await execute([
    "import { connect } from 'obslab'\nconst lab = await connect()",
    `let visited = 0
const live = await lab.tail('visit', { speed: 0.01 })
await live.forEach(() => { if (visited++ === 0) ${running} })
const after = visited`,
    'console.log(after > 0, after === visited, live.state, live.frame().length > 0)',
    `${running}
await new Promise(resolve => setTimeout(resolve, 60000))`,
    'live.show()\nlive.stop()',
  ])
  const cells = messages.flatMap(message => ('cell' in message ? [message.ok] : []))
  expect(cells).toEqual([true, true, true, false, true])
  expect(out).toBe('true true interrupted true\n')
  const displays = messages.flatMap(message => ('display' in message ? [message] : []))
  expect(new Set(displays.map(({ display }) => display)).size).toBe(1)
  expect(displays.filter(({ update }) => !update)).toHaveLength(2)
})
