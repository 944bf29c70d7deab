/**
 * Executes the code cells of a notebook in tslab's own executor, as its Jupyter kernel does but without Jupyter, and
 * prints each cell's outputs as JSON: `tsx test/notebooks/kernel.ts notebooks/01-replay.ipynb [--write]`. With `--write`
 * the outputs go into the notebook instead. A process of its own, because tslab keeps its state in globals.
 */
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, resolve } from 'node:path'
import { inspect } from 'node:util'
import type { Cell, Notebook, Output } from './notebook.js'

interface DisplayData {
  data: Record<string, unknown>
  transient: { display_id?: string }
}

const require = createRequire(import.meta.url)
const { createConverter } = require('tslab/dist/converter') as typeof import('tslab/dist/converter.js')
const { createExecutor } = require('tslab/dist/executor') as typeof import('tslab/dist/executor.js')
const jupyter = require('tslab/dist/jupyter') as {
  lastWriteDisplayData: (data: DisplayData, update: boolean) => void
}

const path = resolve(process.argv[2] ?? '')
const notebook = JSON.parse(readFileSync(path, 'utf8')) as Notebook
process.chdir(dirname(path))

const stdoutWrite = process.stdout.write.bind(process.stdout)
const outputs: Output[] = []
const displays = new Map<string, Output>()

function capture(name: 'stdout' | 'stderr'): typeof process.stdout.write {
  return (chunk: string | Uint8Array): boolean => {
    const text = typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString()
    const last = outputs.at(-1)
    if (last?.output_type === 'stream' && last.name === name) last.text += text
    else outputs.push({ output_type: 'stream', name, text })
    return true
  }
}

process.stdout.write = capture('stdout')
process.stderr.write = capture('stderr')
jupyter.lastWriteDisplayData = ({ data, transient }, update) => {
  const id = transient.display_id
  const shown = update && id !== undefined ? displays.get(id) : undefined
  if (shown?.output_type === 'display_data') {
    shown.data = data
    return
  }
  const output: Output = { output_type: 'display_data', data, metadata: {} }
  if (id !== undefined) displays.set(id, output)
  outputs.push(output)
}

const converter = createConverter({ isJS: false, isBrowser: false })
const executor = createExecutor(
  process.cwd(),
  { node: converter, browser: converter, close: () => converter.close() },
  {
    log: (...args) =>
      process.stdout.write(`${args.map(arg => (typeof arg === 'string' ? arg : inspect(arg))).join(' ')}\n`),
    error: (...args) =>
      process.stderr.write(`${args.map(arg => (typeof arg === 'string' ? arg : inspect(arg))).join(' ')}\n`),
  },
)

const executed: Cell[] = []
let failed = false
for (const cell of notebook.cells) {
  if (cell.cell_type !== 'code' || failed) {
    executed.push(cell)
    continue
  }
  outputs.length = 0
  failed = !(await executor.execute(cell.source.join('')))
  executed.push({
    ...cell,
    execution_count: executed.filter(c => c.cell_type === 'code').length + 1,
    outputs: [...outputs],
  })
}
executor.close()
process.stdout.write = stdoutWrite

if (process.argv.includes('--write') && !failed) {
  writeFileSync(`${path}.new`, `${JSON.stringify({ ...notebook, cells: executed }, null, 1)}\n`)
  renameSync(`${path}.new`, path)
} else {
  // A pipe takes large outputs in parts, and leaving does not wait for them.
  await new Promise<void>(done => stdoutWrite(JSON.stringify({ failed, cells: executed }), () => done()))
}
process.exit(failed ? 1 : 0)
