/**
 * A kernel as far as interrupts are concerned: executes the cells given as JSON in tslab's executor and hands SIGINT to
 * it as tslab's kernel does. Tells its parent after each cell whether it succeeded, and of every display. A process of its
 * own, because signals are a process's.
 */
import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)
const { createConverter } = require('tslab/dist/converter') as typeof import('tslab/dist/converter.js')
const { createExecutor } = require('tslab/dist/executor') as typeof import('tslab/dist/executor.js')
const jupyter = require('tslab/dist/jupyter') as {
  lastWriteDisplayData: (data: { transient: { display_id?: string } }, update: boolean) => void
}

const tell = (message: object): void => {
  process.send?.(message)
}
jupyter.lastWriteDisplayData = ({ transient }, update) => tell({ display: transient.display_id, update })

const converter = createConverter({ isJS: false, isBrowser: false })
const executor = createExecutor(
  process.cwd(),
  { node: converter, browser: converter, close: () => converter.close() },
  console,
)
process.on('SIGINT', () => executor.interrupt())
for (const cell of JSON.parse(process.argv[2] ?? '[]') as string[])
  tell({ cell, ok: await executor.execute(cell) })
executor.close()
process.exit(0)
