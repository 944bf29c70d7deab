import { type Clock, systemClock } from '../clock.js'

/** What a line of a log may carry besides its message: counts, names and positions, never values of rows. */
export type LogFields = Readonly<Record<string, string | number | boolean | null | readonly string[]>>

/** Where a job says what it does. */
export interface Log {
  /** What is worth knowing. */
  info(message: string, fields?: LogFields): void
  /** What somebody should look at, though the job goes on. */
  warn(message: string, fields?: LogFields): void
  /** What ends the job. */
  error(message: string, fields?: LogFields): void
}

/** What {@link jsonLog} takes. */
export interface JsonLogOptions {
  /** Takes each line, with its line feed. Default: standard error. */
  write?: (line: string) => void
  /** Default: the machine's. */
  clock?: Clock
}

/** A log of JSON lines: `{"level":"info","time":"2026-03-01T10:00:00.000Z","message":"…", …}`. */
export function jsonLog({ write = toStandardError, clock = systemClock }: JsonLogOptions = {}): Log {
  const at =
    (level: keyof Log) =>
    (message: string, fields: LogFields = {}): void =>
      write(`${JSON.stringify({ level, time: new Date(clock.now()).toISOString(), message, ...fields })}\n`)
  return { info: at('info'), warn: at('warn'), error: at('error') }
}

function toStandardError(line: string): void {
  process.stderr.write(line)
}
