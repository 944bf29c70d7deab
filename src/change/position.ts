import type { SourcePosition } from './change.js'

/** The part of a source position that orders it within the log of one server. */
export type LogPosition = Pick<SourcePosition, 'file' | 'pos' | 'row'>

/** A binlog file's name taken apart: `mysql-bin.000003` is base `mysql-bin` and number 3. */
export interface LogFile {
  base: string
  /** 0 when the name has no number. */
  number: number
}

/** Takes a binlog file's name apart. */
export function logFile(name: string): LogFile {
  const match = /^(.*)\.(\d+)$/.exec(name)
  return match === null ? { base: name, number: 0 } : { base: match[1] as string, number: Number(match[2]) }
}

/**
 * Orders two source positions of one run: by the number of the binlog file, then the byte position, then the row.
 * Negative when `a` is first, 0 when they are equal. Positions of different servers do not compare; see
 * {@link Redelivery}.
 */
export function comparePositions(a: LogPosition, b: LogPosition): number {
  if (a.file !== b.file) {
    const order = logFile(a.file).number - logFile(b.file).number
    if (order !== 0) return order
  }
  return a.pos - b.pos || a.row - b.row
}

/** A place in the database's log as text, `mysql-bin.000003:4711`, with the row where it is not the first. */
export function formatLogPosition({ file, pos, row }: LogPosition): string {
  return `${file}:${pos}${row === 0 ? '' : ` row ${row}`}`
}

/** Whether a position is of a row that a full snapshot read: not an incremental one, not the stream. */
export function isFullSnapshot(position: SourcePosition): boolean {
  return position.snapshot !== 'false' && position.snapshot !== 'incremental'
}

/** Which server wrote a transaction, and the transaction's number there. */
export interface TransactionNumber {
  server: string
  /** Null without GTIDs. */
  number: number | null
}

/**
 * The server and number in a position's GTID: `<uuid>:<n>` on MySQL (with a tag between them from 8.3),
 * `<domain>-<server>-<n>` on MariaDB. Without a GTID the server is the position's `serverId`.
 */
export function transactionNumber(position: Pick<SourcePosition, 'gtid' | 'serverId'>): TransactionNumber {
  const { gtid } = position
  if (gtid !== null) {
    const cut = Math.max(gtid.lastIndexOf(':'), gtid.lastIndexOf('-'))
    const number = gtid.slice(cut + 1)
    if (cut > 0 && /^\d+$/.test(number)) return { server: gtid.slice(0, cut), number: Number(number) }
  }
  return { server: `#${position.serverId}`, number: null }
}
