import { hostname } from 'node:os'

/** An instance of a job: where it runs and since when. */
export interface Holder {
  host: string
  pid: number
  /** When it started, milliseconds since the epoch. */
  since: number
}

/** This process. */
export function thisProcess(now: number): Holder {
  return { host: hostname(), pid: process.pid, since: now }
}

/** Whether a process of this machine is gone; false for one of another machine, of which nothing is known. */
export function isGone({ host, pid }: Holder): boolean {
  if (host !== hostname()) return false
  try {
    process.kill(pid, 0)
    return false
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'ESRCH'
  }
}

/** `host, process 4711, since 2026-03-01T10:00:00.000Z`. */
export function holderText({ host, pid, since }: Holder): string {
  return `${host}, process ${pid}, since ${new Date(since).toISOString()}`
}
