import { type ChildProcessByStdio, spawn } from 'node:child_process'
import type { Readable } from 'node:stream'
import type { LogFields } from '../../src/job/log.js'

/** A line that a job logged. */
export type LogLine = LogFields & { level: string; message: string }

/** How a process ended, and what it wrote. */
export interface Ended {
  code: number | null
  signal: NodeJS.Signals | null
  out: string
  lines: readonly LogLine[]
}

/** Which obslab a job runs on, and what its environment has besides this process's. */
export interface JobProgram {
  /** The compiled command line. */
  cli: string
  environment: Readonly<Record<string, string>>
}

const built: JobProgram = { cli: 'dist/cli.js', environment: {} }

/** `obslab run` as a process of its own. */
export class JobProcess {
  readonly lines: LogLine[] = []
  /** Resolves when the process has ended. */
  readonly ended: Promise<Ended>
  readonly #child: ChildProcessByStdio<null, Readable, Readable>
  #waiting: { message: string; found: () => void }[] = []

  /** Starts it with arguments; the first may say which program it is. */
  constructor(...args: (string | JobProgram)[]) {
    const { cli, environment } = args.find(arg => typeof arg === 'object') ?? built
    const told = args.filter(arg => typeof arg === 'string')
    this.#child = spawn('node', [cli, 'run', ...told], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...environment },
    })
    let out = ''
    let left = ''
    this.#child.stdout.on('data', data => {
      out += data
    })
    this.#child.stderr.on('data', data => {
      const lines = `${left}${data}`.split('\n')
      left = lines.pop() ?? ''
      for (const line of lines) this.#take(line)
    })
    this.ended = new Promise(resolve => {
      this.#child.on('close', (code, signal) => resolve({ code, signal, out, lines: this.lines }))
    })
  }

  /** The process's id. */
  get pid(): number {
    return this.#child.pid!
  }

  /** Resolves when this was logged; rejects when the process ends before. */
  async until(message: string): Promise<void> {
    if (this.lines.some(line => line.message === message)) return
    const found = new Promise<void>(resolve => this.#waiting.push({ message, found: resolve }))
    const early = this.ended.then(({ code, lines }) => {
      throw new Error(`The job ended with ${code} before '${message}': ${JSON.stringify(lines.slice(-3))}`)
    })
    await Promise.race([found, early])
  }

  /** Sends a signal and waits for the end. */
  async stop(signal: NodeJS.Signals): Promise<Ended> {
    this.#child.kill(signal)
    return await this.ended
  }

  #take(text: string): void {
    const line = text.startsWith('{') ? JSON.parse(text) : { level: 'error', message: text }
    this.lines.push(line)
    for (const { message, found } of this.#waiting) if (message === line.message) found()
    this.#waiting = this.#waiting.filter(({ message }) => message !== line.message)
  }
}
