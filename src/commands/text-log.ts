import { type Clock, systemClock } from '../clock.js'
import type { Log, LogFields } from '../job/log.js'

/** What {@link textLog} takes. */
export interface TextLogOptions {
  /** Takes each line, with its line feed. Default: standard error. */
  write?: (line: string) => void
  /** Default: the machine's. */
  clock?: Clock
}

/**
 * A log for people, `10:00:00  starting  job vitals, topics obs person`: the time is UTC, warnings and errors say so. A
 * program reads JSON lines instead.
 */
export function textLog({ write = toStandardError, clock = systemClock }: TextLogOptions = {}): Log {
  const at =
    (level: string) =>
    (message: string, fields: LogFields = {}): void => {
      const time = new Date(clock.now()).toISOString().slice(11, 19)
      const told = Object.entries(fields).map(([name, value]) => `${name} ${shown(value)}`)
      write(`${time}  ${level}${message}${told.length > 0 ? `  ${told.join(', ')}` : ''}\n`)
    }
  return { info: at(''), warn: at('warning: '), error: at('error: ') }
}

function shown(value: LogFields[string] | undefined): string {
  if (typeof value === 'number') return value.toLocaleString('en', { maximumFractionDigits: 3 })
  if (Array.isArray(value)) return value.join(' ')
  return String(value)
}

function toStandardError(line: string): void {
  process.stderr.write(line)
}
