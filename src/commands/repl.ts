import { createInterface, type Interface } from 'node:readline'
import type { Command } from 'commander'
import { interruptForeground } from '../display/foreground.js'
import { connect } from '../lab.js'
import { type SourceOptions, sourceOption } from './command.js'
import { TypeScriptSession } from './typescript-session.js'

const examples = `
It is the notebook's language: TypeScript, checked, with await at the top level. \`lab\` is connected, and everything
obslab exports is there by its name. Ctrl-C ends what runs, Ctrl-D leaves. Needs tslab.

Examples:
  obslab repl
  obslab repl --source kafka://localhost:9092
  echo "show(await lab.topics())" | obslab repl`

/** `obslab repl`: a notebook's language at the prompt, with a lab connected. */
export function replCommand(program: Command): void {
  program
    .command('repl')
    .description('Explore at a prompt: TypeScript as in a notebook, with a lab connected')
    .addOption(sourceOption())
    .addHelpText('after', examples)
    .action(async ({ source }: SourceOptions) => {
      // What is wrong with the source is better told before the compiler is started.
      const lab = await connect(source)
      const { name } = lab
      await lab.close()
      const session = await TypeScriptSession.open()
      try {
        await session.run(await prelude(source))
        await new Conversation(session, `lab reads ${name}`).run()
        await session.run('await lab.close()')
      } finally {
        session.close()
      }
    })
}

/** What the first cell of a notebook would say. */
async function prelude(source: string | undefined): Promise<string> {
  const names = Object.keys(await import('../index.js'))
  const where = source === undefined ? '' : JSON.stringify(source)
  return `import { ${names.join(', ')} } from 'obslab'\nconst lab = await connect(${where})`
}

/** Lines in, cells run one after the other. */
class Conversation {
  readonly #session: TypeScriptSession
  readonly #lines: Interface
  readonly #terminal: boolean
  #cell = ''

  constructor(session: TypeScriptSession, greeting: string) {
    this.#session = session
    this.#terminal = process.stdin.isTTY && process.stdout.isTTY
    if (this.#terminal) process.stdout.write(`${greeting}\n`)
    this.#lines = createInterface({
      input: process.stdin,
      terminal: this.#terminal,
      ...(this.#terminal && { output: process.stdout, completer: this.#complete }),
    })
    this.#lines.on('SIGINT', () => this.#cancelLine())
  }

  async run(): Promise<void> {
    this.#prompt()
    for await (const line of this.#lines) {
      this.#cell += `${line}\n`
      if (line.trim() !== '' && this.#session.needsMore(this.#cell)) {
        this.#prompt()
        continue
      }
      await this.#runCell()
      this.#prompt()
    }
    if (this.#cell.trim() !== '') await this.#runCell()
  }

  async #runCell(): Promise<void> {
    const cell = this.#cell
    this.#cell = ''
    if (cell.trim() === '') return
    // Outside raw mode Ctrl-C is a signal again, which also ends a loop that never waits.
    if (this.#terminal) process.stdin.setRawMode(false)
    const interrupt = (): void => {
      if (!interruptForeground()) this.#session.interrupt()
    }
    process.on('SIGINT', interrupt)
    try {
      const succeeded = await this.#session.run(cell)
      if (!succeeded && !this.#terminal) process.exitCode = 1
    } finally {
      process.off('SIGINT', interrupt)
      if (this.#terminal) process.stdin.setRawMode(true)
    }
  }

  #prompt(): void {
    if (!this.#terminal) return
    this.#lines.setPrompt(this.#cell === '' ? '> ' : '… ')
    this.#lines.prompt()
  }

  #cancelLine(): void {
    process.stdout.write(this.#cell === '' && this.#lines.line === '' ? '\n(Ctrl-D leaves)\n' : '\n')
    this.#cell = ''
    // Deletes what was typed, as readline's own key does.
    this.#lines.write(null, { ctrl: true, name: 'e' })
    this.#lines.write(null, { ctrl: true, name: 'u' })
    this.#prompt()
  }

  readonly #complete = (line: string): [string[], string] => {
    const { candidates, typed } = this.#session.complete(this.#cell + line)
    return [[...candidates], typed]
  }
}
