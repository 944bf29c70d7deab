const iso =
  /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d+))?)?(?:Z|([+-])(\d\d):?(\d\d))?)?$/i

/**
 * Milliseconds since the epoch of a time in ISO 8601: a date (`2026-03-01`), or a date and, after a T or a blank, a time
 * to the minute, the second or a fraction of it, with a zone (`Z`, `+01:00`) or without. Without a zone it is UTC,
 * wherever the process runs. A fraction beyond milliseconds counts as the next millisecond. Undefined for anything else,
 * days the calendar does not have among them.
 */
export function parseTime(text: string): number | undefined {
  const match = iso.exec(text)
  if (match === null) return undefined
  const field = (group: number): number => Number(match[group] ?? 0)
  const [year, month, day, hour, minute, second] = [1, 2, 3, 4, 5, 6].map(field) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ]
  const local = new Date(0)
  local.setUTCFullYear(year, month - 1, day)
  const isDay = local.getUTCMonth() === month - 1 && local.getUTCDate() === day
  if (!isDay || hour > 23 || minute > 59 || second > 59 || field(9) > 23 || field(10) > 59) return undefined
  const offset = (match[8] === '-' ? -1 : 1) * (field(9) * 60 + field(10))
  return (
    local.getTime() + ((hour * 60 + minute - offset) * 60 + second) * 1_000 + milliseconds(match[7] ?? '')
  )
}

function milliseconds(fraction: string): number {
  return Number(fraction.slice(0, 3).padEnd(3, '0')) + (/[1-9]/.test(fraction.slice(3)) ? 1 : 0)
}
