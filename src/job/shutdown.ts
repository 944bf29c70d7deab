import { jsonLog, type Log } from './log.js'

/** What {@link shutdownSignal} takes. */
export interface ShutdownOptions {
  /** Milliseconds to drain in; after them the process ends with exit code 1. Default 10,000. */
  deadline?: number
  /** Default: JSON lines on standard error. */
  log?: Log
}

/**
 * A signal that the first SIGTERM or Ctrl-C aborts, so that a job drains: it finishes the records in hand, writes, commits
 * and leaves. A second one ends the process at once, as it would without, and so does the deadline.
 */
export function shutdownSignal({ deadline = 10_000, log = jsonLog() }: ShutdownOptions = {}): AbortSignal {
  const controller = new AbortController()
  const drain = (signal: NodeJS.Signals): void => {
    for (const other of signals) process.off(other, drain)
    log.info('draining', { signal, deadline })
    controller.abort(new Error(`asked to stop by ${signal}`))
    setTimeout(() => {
      log.error('not drained in time', { deadline })
      process.exit(1)
    }, deadline).unref()
  }
  for (const signal of signals) process.on(signal, drain)
  return controller.signal
}

const signals = ['SIGTERM', 'SIGINT'] as const
