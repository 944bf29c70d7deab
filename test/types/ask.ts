/**
 * Asks tslab's executor, as its kernel does, in the folder given: executes cells, and asks what Tab and Shift-Tab ask at
 * the `|` of a text. Prints an answer for each as JSON, with the milliseconds it took. A process of its own, because
 * tslab keeps its state in globals.
 */
import { createRequire } from 'node:module'

/** What is asked: a cell to run, or a text with a `|` where Tab or Shift-Tab is pressed. */
export interface Question {
  ask: 'execute' | 'complete' | 'inspect'
  text: string
}

/** What came back: whether a cell succeeded, what Tab offers, what Shift-Tab shows; errors are in `told`. */
export interface Answer {
  ok?: boolean
  candidates?: string[]
  shown?: string
  told: string[]
  ms: number
}

interface Parts {
  text: string
}

interface Executor {
  execute(source: string): Promise<boolean>
  complete(source: string, position: number): { candidates: string[] }
  inspect(source: string, position: number): { displayParts: Parts[]; documentation: Parts[] } | undefined
  close(): void
}

if (process.argv[2] !== undefined) await main(process.argv[2], process.argv[3] ?? '[]')

async function main(folder: string, asked: string): Promise<void> {
  const require = createRequire(import.meta.url)
  const { createConverter } = require('tslab/dist/converter') as typeof import('tslab/dist/converter.js')
  const { createExecutor } = require('tslab/dist/executor') as typeof import('tslab/dist/executor.js')
  process.chdir(folder)
  const told: string[] = []
  const tell = (...args: unknown[]): void => {
    told.push(require('node:util').format(...args))
  }
  const converter = createConverter({ isJS: false, isBrowser: false })
  const executor: Executor = createExecutor(
    process.cwd(),
    { node: converter, browser: converter, close: () => converter.close() },
    { log: tell, error: tell },
  ) as unknown as Executor
  const answers: Answer[] = []
  for (const question of JSON.parse(asked) as Question[]) {
    told.length = 0
    const start = performance.now()
    const answer = await answerTo(executor, question)
    answers.push({ ...answer, told: [...told], ms: Math.round(performance.now() - start) })
  }
  executor.close()
  process.stdout.write(JSON.stringify(answers), () => process.exit(0))
}

async function answerTo(executor: Executor, { ask, text }: Question): Promise<Partial<Answer>> {
  if (ask === 'execute') return { ok: await executor.execute(text) }
  const at = text.indexOf('|')
  const source = text.slice(0, at) + text.slice(at + 1)
  if (ask === 'complete') return { candidates: executor.complete(source, at).candidates }
  const info = executor.inspect(source, at)
  const parts = [...(info?.displayParts ?? []), { text: '\n' }, ...(info?.documentation ?? [])]
  return { shown: parts.map(({ text }) => text).join('') }
}
