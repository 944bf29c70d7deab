import { type Clock, systemClock } from '../clock.js'
import { loadPackage } from '../optional-package.js'
import type { Log, LogFields } from './log.js'

/** The levels that LOG_LEVEL may name: what is below the one it names is not written. */
export const logLevels = ['debug', 'info', 'warn', 'error', 'silent'] as const

/** What {@link pinoLog} takes. */
export interface PinoLogOptions {
  /** The least that is written, one of debug, info, warn, error, silent. Default: info. */
  level?: (typeof logLevels)[number]
  /** Takes each line, with its line feed. Default: standard error, each line written before the call returns. */
  write?: (line: string) => void
  /** Default: the machine's. */
  clock?: Clock
}

/**
 * A log of JSON lines by pino, of the same bytes as {@link jsonLog}'s. Each line is written before the call returns, so
 * that the last one before an exit is not lost. Without the package pino it is a `package-missing` error.
 */
export async function pinoLog({
  level = 'info',
  write,
  clock = systemClock,
}: PinoLogOptions = {}): Promise<Log> {
  const { pino } = await loadPackage('pino', "A job's log", () => import('pino'))
  const options = {
    level,
    base: null,
    timestamp: () => `,"time":"${new Date(clock.now()).toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label }) },
  }
  const logger = pino(options, write === undefined ? pino.destination({ dest: 2, sync: true }) : { write })
  // As a field the message comes first, as a message it would come last.
  const at =
    (name: keyof Log) =>
    (message: string, fields: LogFields = {}): void =>
      logger[name]({ message, ...fields })
  return { info: at('info'), warn: at('warn'), error: at('error') }
}
