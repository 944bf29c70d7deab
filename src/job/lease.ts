import { mkdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '../clock.js'
import { ObslabError } from '../errors.js'
import { type Holder, isGone } from './holder.js'

/** How often a live holder shows that it is there, milliseconds. */
const renewEvery = 5_000
/** After how long without that a holder on another machine counts as gone, milliseconds. */
const silentAfter = 30_000

/**
 * Who uses a state folder, in a file of it, `holder.json`. It is a courtesy, so that a second instance can name the first
 * and need not be killed by it: what keeps two from writing is checked where they write.
 */
export class Lease {
  readonly #file: string
  readonly #self: Holder
  readonly #clock: Clock
  #stop: AbortController | null = null

  constructor(folder: string, self: Holder, clock: Clock) {
    this.#file = join(folder, 'holder.json')
    this.#self = self
    this.#clock = clock
  }

  /** The live instance that has the folder; null when there is none but this. */
  async holder(): Promise<Holder | null> {
    return await leaseHolder(this.#file, this.#clock, this.#self)
  }

  /** Says that this instance has the folder, which is made where it is missing, until {@link release}. */
  async take(): Promise<void> {
    if (this.#stop !== null) return
    await onFolder(this.#file, async () => {
      await mkdir(join(this.#file, '..'), { recursive: true, mode: 0o700 })
      const whole = `${this.#file}.${process.pid}`
      await writeFile(whole, `${JSON.stringify(this.#self)}\n`, { mode: 0o600 })
      await rename(whole, this.#file)
      await this.#renew()
    })
    this.#stop = new AbortController()
    void this.#keep(this.#stop.signal)
  }

  async release(): Promise<void> {
    if (this.#stop === null) return
    this.#stop.abort()
    this.#stop = null
    if (isSame(await read(this.#file), this.#self)) await rm(this.#file, { force: true })
  }

  async #keep(signal: AbortSignal): Promise<void> {
    try {
      for (;;) {
        await this.#clock.sleep(renewEvery, signal)
        await this.#renew()
      }
    } catch {
      // Released, or the folder is gone: the next write to the state tells.
    }
  }

  async #renew(): Promise<void> {
    const now = this.#clock.now() / 1000
    await utimes(this.#file, now, now)
  }
}

/** The live instance that has a state folder; null when there is none. */
export async function stateHolder(folder: string, clock: Clock): Promise<Holder | null> {
  return await leaseHolder(join(folder, 'holder.json'), clock, null)
}

async function leaseHolder(file: string, clock: Clock, self: Holder | null): Promise<Holder | null> {
  const holder = await read(file)
  if (holder === null || isGone(holder) || isSame(holder, self)) return null
  // In a container every process is number 1 of a host of the same name: one of our own number was there before.
  const isEarlier = self !== null && holder.host === self.host && holder.pid === self.pid
  const renewed = await stat(file).catch(() => null)
  const silent = renewed === null ? Number.POSITIVE_INFINITY : clock.now() - renewed.mtimeMs
  return silent > silentAfter || (isEarlier && silent > renewEvery * 2) ? null : holder
}

async function read(file: string): Promise<Holder | null> {
  try {
    const { host, pid, since } = JSON.parse(await readFile(file, 'utf8')) as Partial<Holder>
    const isHolder = typeof host === 'string' && Number.isInteger(pid) && Number.isFinite(since)
    return isHolder ? ({ host, pid, since } as Holder) : null
  } catch {
    return null
  }
}

function isSame(a: Holder | null, b: Holder | null): boolean {
  return a !== null && b !== null && a.host === b.host && a.pid === b.pid && a.since === b.since
}

async function onFolder(file: string, use: () => Promise<void>): Promise<void> {
  try {
    await use()
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? ` (${cause.code})` : ''
    throw new ObslabError('disk-failed', `The state folder of ${file} could not be written${code}.`, {
      cause,
    })
  }
}
