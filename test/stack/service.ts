import { spawn } from 'node:child_process'
import { closeSync, existsSync, openSync, readdirSync, readFileSync } from 'node:fs'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { ensurePortFree, type StackPorts } from './ports.js'

/** What starts a service's process. */
export interface Command {
  program: string
  args: readonly string[]
  environment?: NodeJS.ProcessEnv
}

/**
 * One program of the stack: its own folder with `data/`, configuration, `<name>.log` and `<name>.pid`. The process is
 * detached, so it outlives the one that started it, and any process may stop it by the same folder.
 */
export abstract class Service {
  abstract readonly name: keyof StackPorts
  readonly folder: string
  readonly port: number
  /** How long readiness may take, in milliseconds. */
  protected startDeadline = 90_000
  /** How long SIGTERM may take before SIGKILL, in milliseconds. */
  protected stopDeadline = 30_000

  constructor(folder: string, port: number) {
    this.folder = path.resolve(folder)
    this.port = port
  }

  /** Writes configuration and creates the data folder where they are missing, and says what to start. */
  protected abstract prepare(): Promise<Command>

  /** Whether it answers as its users need it to. */
  protected abstract ready(): Promise<boolean>

  /** What is left to do after its process ended in order. */
  protected async stopped(): Promise<void> {}

  get logFile(): string {
    return path.join(this.folder, `${this.name}.log`)
  }

  private get pidFile(): string {
    return path.join(this.folder, `${this.name}.pid`)
  }

  /**
   * The id of its process until that has let go of its files and ports, or null. The process file also keeps when the
   * process started, so that another one with a recycled id is not taken for it.
   */
  get pid(): number | null {
    if (!existsSync(this.pidFile)) return null
    const [pid, started] = readFileSync(this.pidFile, 'utf8').split(' ').map(Number)
    return pid !== undefined && started !== undefined && startOf(pid) === started ? pid : null
  }

  /** Starts it and resolves once it is ready; does nothing when it runs already. */
  async start(): Promise<void> {
    if (this.pid === null) {
      await ensurePortFree(this.name, this.port)
      await mkdir(this.folder, { recursive: true })
      await this.spawn(await this.prepare())
    }
    const deadline = Date.now() + this.startDeadline
    while (!(await this.ready().catch(() => false))) {
      if (this.pid === null) throw new Error(await this.failure('ended before it was ready'))
      if (Date.now() > deadline)
        throw new Error(await this.failure(`was not ready after ${this.startDeadline / 1000} s`))
      await sleep(50)
    }
  }

  private async spawn(command: Command): Promise<void> {
    const log = openSync(this.logFile, 'a')
    const child = spawn(command.program, command.args, {
      cwd: this.folder,
      detached: true,
      stdio: ['ignore', log, log],
      env: { ...process.env, ...command.environment },
    })
    closeSync(log)
    await new Promise((resolve, reject) => child.once('spawn', resolve).once('error', reject))
    await writeFile(this.pidFile, `${child.pid} ${startOf(child.pid!) ?? 0}`)
    child.unref()
  }

  private async failure(what: string): Promise<string> {
    const log = await readFile(this.logFile, 'utf8').catch(() => '')
    const lines = log.trimEnd().split('\n')
    const errors = lines.filter(line => /ERROR|FATAL|Exception/.test(line))
    const cause = (errors.at(-1) ?? lines.at(-1) ?? '').slice(0, 300)
    return `${this.name} ${what}; its log ${this.logFile} ends with: ${cause}`
  }

  /** SIGTERM, and SIGKILL when it has not ended by the deadline. */
  async stop(): Promise<void> {
    const pid = this.pid
    if (pid === null) return
    signal(pid, 'SIGTERM')
    if (await this.ended(this.stopDeadline)) await this.stopped()
    else await this.kill()
    await rm(this.pidFile, { force: true })
  }

  /** SIGKILL, as a crash: nothing is flushed or told to anyone. */
  async kill(): Promise<void> {
    const pid = this.pid
    if (pid === null) return
    signal(pid, 'SIGKILL')
    if (!(await this.ended(10_000)))
      throw new Error(`${this.name} (process ${pid}) did not end after SIGKILL.`)
  }

  /** SIGKILL at once, waiting for nothing: for the exit of the process that owns a stack. */
  abandon(): void {
    const pid = this.pid
    if (pid !== null) signal(pid, 'SIGKILL')
  }

  private async ended(ms: number): Promise<boolean> {
    const deadline = Date.now() + ms
    while (this.pid !== null) {
      if (Date.now() > deadline) return false
      await sleep(20)
    }
    return true
  }
}

/**
 * When a process started, in clock ticks since the boot; null when it has ended. A killed process whose first thread
 * is gone has not ended as long as others hold its ports.
 */
function startOf(pid: number): number | null {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ')
    if (fields[0] === 'Z' && readdirSync(`/proc/${pid}/task`).length <= 1) return null
    return Number(fields[19])
  } catch {
    return null
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}
