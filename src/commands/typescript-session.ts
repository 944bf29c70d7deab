import { createRequire } from 'node:module'
import { join } from 'node:path'
import { ObslabError } from '../errors.js'
import { loadPackage } from '../optional-package.js'

interface Converter {
  close(): void
}

interface Executor {
  execute(source: string): Promise<boolean>
  complete(source: string, position: number): { start: number; end: number; candidates: string[] }
  interrupt(): void
  close(): void
}

interface Converters {
  createConverter(options: { isJS: boolean; isBrowser: boolean }): Converter
  isCompleteCode(source: string): { completed: boolean }
}

interface Executors {
  createExecutor(
    folder: string,
    converters: { node: Converter; browser: Converter; close(): void },
    console: Pick<Console, 'log' | 'error'>,
  ): Executor
}

/** What Tab can put in place of the end of a text. */
export interface Completion {
  candidates: readonly string[]
  /** The part of the text that they replace. */
  typed: string
}

/** A notebook's language without a notebook: tslab runs one cell after the other in this process. */
export class TypeScriptSession {
  readonly #executor: Executor
  readonly #isComplete: (source: string) => boolean

  private constructor(executor: Executor, isComplete: (source: string) => boolean) {
    this.#executor = executor
    this.#isComplete = isComplete
  }

  /**
   * Starts it in the current folder, where packages are looked for. Needs tslab (`package-missing`) and takes some
   * seconds: the compiler reads the types of what is installed.
   */
  static async open(): Promise<TypeScriptSession> {
    const require = createRequire(import.meta.url)
    await loadPackage('tslab', 'obslab repl', async () => require('tslab'))
    requireObslab()
    const { createConverter, isCompleteCode } = require('tslab/dist/converter') as Converters
    const { createExecutor } = require('tslab/dist/executor') as Executors
    const node = createConverter({ isJS: false, isBrowser: false })
    const converters = { node, browser: node, close: () => node.close() }
    const executor = createExecutor(process.cwd(), converters, console)
    return new TypeScriptSession(executor, source => isCompleteCode(source).completed)
  }

  /** Whether more lines must follow before it can run. */
  needsMore(source: string): boolean {
    return !this.#isComplete(source)
  }

  /** Runs a cell: prints its value or its errors. False when it failed. */
  async run(source: string): Promise<boolean> {
    return await this.#executor.execute(source)
  }

  /** What could follow. */
  complete(source: string): Completion {
    const { start, end, candidates } = this.#executor.complete(source, source.length)
    return { candidates, typed: source.slice(start, end) }
  }

  /** Ends the cell that runs, as far as it waits for something. */
  interrupt(): void {
    this.#executor.interrupt()
  }

  /** Lets go of the compiler. */
  close(): void {
    this.#executor.close()
  }
}

/** Cells resolve packages from the current folder, as a notebook's do from its own. */
function requireObslab(): void {
  try {
    createRequire(join(process.cwd(), 'cell.js')).resolve('obslab')
  } catch (cause) {
    throw new ObslabError(
      'package-missing',
      'obslab repl imports obslab from the current folder, where it is not installed: npm install obslab, or go to ' +
        'where it is.',
      { cause },
    )
  }
}
