import { rm } from 'node:fs/promises'
import path from 'node:path'
import { type Ended, JobProcess, type JobProgram } from './job-process.js'

/** One of the jobs under chaos: a pipeline and where its rows go. */
export interface ChaosJobOptions {
  pipeline: 'vitals' | 'flat_obs'
  sink: 'kafka' | 'mysql'
  /** The folder of its state; null for a job that keeps none. */
  state: string | null
  program: JobProgram
  /** What comes after the file: `--source …`. */
  args: readonly string[]
}

/** An end that nobody asked for. */
export interface UnexpectedEnd {
  job: string
  code: number | null
  /** The last lines it logged. */
  lines: readonly string[]
}

const files = { vitals: 'test/stack/jobs/vitals.ts', flat_obs: 'test/stack/jobs/flat-obs.ts' }

/** A job that is killed and started again; one that ends by itself is noted, and started again as well. */
export class ChaosJob {
  readonly name: string
  readonly options: ChaosJobOptions
  readonly unexpected: UnexpectedEnd[] = []
  /** Starts that ended at once, and said so, because nothing answered where the inputs are. */
  refusedStarts = 0
  kills = 0
  #process: JobProcess | null = null

  constructor(options: ChaosJobOptions) {
    this.options = options
    this.name = `${options.pipeline} to ${options.sink}`
  }

  /** Starts it. */
  start(): void {
    const process = this.#begin()
    this.#process = process
    void process.ended.then(ended => {
      if (this.#process !== process) return
      if (isRefused(ended)) this.refusedStarts++
      else this.unexpected.push(this.#unexpected(ended))
      // As a supervisor does, though not at once: what ends by itself would keep the machine busy with starts.
      setTimeout(() => this.#process === process && this.start(), 1000)
    })
  }

  /** Kills it by -9, and has it forget its state where it is to be lost. */
  async kill({ losesState = false }: { losesState?: boolean } = {}): Promise<void> {
    const process = this.#process
    this.#process = null
    this.kills++
    await process?.stop('SIGKILL')
    if (losesState && this.options.state !== null)
      await rm(this.options.state, { recursive: true, force: true })
  }

  /** Resolves when it has logged something; false when it ends before, or does not in time. */
  async until(message: string, ms: number): Promise<boolean> {
    const process = this.#process
    if (process === null) return false
    const late = new Promise<boolean>(resolve => setTimeout(() => resolve(false), ms).unref())
    const logged = process.until(message).then(
      () => true,
      () => false,
    )
    return await Promise.race([logged, late])
  }

  /** Drains it: SIGTERM, and the end it comes to. */
  async drain(): Promise<Ended> {
    const process = this.#process ?? this.#begin()
    this.#process = null
    return await process.stop('SIGTERM')
  }

  /** Runs it to the end that its inputs have now. */
  async runToEnd(): Promise<Ended> {
    return await this.#begin('--until-end', '--json').ended
  }

  #begin(...more: string[]): JobProcess {
    const { pipeline, state, program, args } = this.options
    const kept = state === null ? [] : ['--state', state]
    return new JobProcess(program, path.resolve(files[pipeline]), ...args, ...kept, ...more)
  }

  #unexpected({ code, lines }: Ended): UnexpectedEnd {
    return { job: this.name, code, lines: lines.slice(-4).map(line => JSON.stringify(line)) }
  }
}

/** A job that has never reached its source ends: the address may be wrong. One that has rides out what comes. */
function isRefused({ lines }: Ended): boolean {
  const hasStarted = lines.some(({ message }) => message === 'starting')
  return !hasStarted && (lines.at(-1)?.message.includes('[broker-unreachable]') ?? false)
}
