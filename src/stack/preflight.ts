import type { Finding } from '../finding.js'
import { type DatabaseAddress, openMysql } from '../job/mysql-connection.js'

/** Global variables of a server, by lower-case name. */
export type ServerVariables = ReadonlyMap<string, string>

const names = [
  'version',
  'log_bin',
  'server_id',
  'binlog_format',
  'binlog_row_image',
  'binlog_row_value_options',
  'gtid_mode',
  'enforce_gtid_consistency',
  'binlog_expire_logs_seconds',
  'binlog_expire_logs_auto_purge',
  'expire_logs_days',
] as const

const day = 24 * 60 * 60
/** A connector that fails on a Friday evening is seen on Monday. */
const shortestExpiry = 3 * day

/**
 * Checks that a MySQL or MariaDB server writes the binary log that Debezium needs. It reads global variables, which
 * every user may, and changes nothing. A server that cannot be reached is `database-failed`.
 */
export async function preflight(address: DatabaseAddress): Promise<Finding[]> {
  const connection = await openMysql(address, 'verify')
  try {
    const quoted = names.map(name => `'${name}'`).join(',')
    const [rows] = await connection.query(`SHOW GLOBAL VARIABLES WHERE variable_name IN (${quoted})`)
    const found = rows as { Variable_name: string; Value: string }[]
    return checkVariables(new Map(found.map(row => [row.Variable_name.toLowerCase(), row.Value])))
  } finally {
    await connection.end().catch(() => connection.destroy())
  }
}

/** What a server's variables mean for Debezium: an error where it cannot work, a warning where changes may be lost. */
export function checkVariables(variables: ServerVariables): Finding[] {
  const findings = [...binlogFindings(variables), ...gtidFindings(variables), ...expiryFindings(variables)]
  return findings.length > 0 ? findings : [inOrder(variables)]
}

function binlogFindings(variables: ServerVariables): Finding[] {
  if (variables.get('log_bin') !== 'ON')
    return [
      error('binlog-off', 'The server writes no binary log: start it with --log-bin and a --server-id.'),
    ]
  const findings: Finding[] = []
  const format = variables.get('binlog_format')
  if (format !== 'ROW')
    findings.push(
      error('binlog-format', `The binary log must hold rows, binlog_format is ${format}: set it to ROW.`),
    )
  const image = variables.get('binlog_row_image')
  if (image !== 'FULL')
    findings.push(
      error(
        'binlog-row-image',
        `The binary log must hold whole rows, binlog_row_image is ${image}: set it to FULL, or columns that did not ` +
          'change are missing in before and after.',
      ),
    )
  if (variables.get('binlog_row_value_options')?.includes('PARTIAL_JSON'))
    findings.push(
      error(
        'binlog-partial-json',
        'The binary log holds JSON columns in part, which Debezium does not read: set binlog_row_value_options to nothing.',
      ),
    )
  if (variables.get('server_id') === '0')
    findings.push(
      error(
        'server-id',
        'The server has no id, and no replica may connect to it: set server_id to a number.',
      ),
    )
  return findings
}

/** MariaDB always writes GTIDs. */
function gtidFindings(variables: ServerVariables): Finding[] {
  const mode = variables.get('gtid_mode')
  if (isMariadb(variables) || mode === undefined) return []
  if (mode === 'ON' && variables.get('enforce_gtid_consistency') === 'ON') return []
  return [
    warning(
      'gtid-off',
      `Transactions have no GTIDs (gtid_mode is ${mode}): after a failover neither Debezium nor obslab can tell what was ` +
        'captured before. Set enforce_gtid_consistency and gtid_mode to ON.',
    ),
  ]
}

function expiryFindings(variables: ServerVariables): Finding[] {
  const seconds = expiry(variables)
  if (seconds === null || seconds >= shortestExpiry) return []
  return [
    warning(
      'binlog-expiry',
      `The binary log is kept for ${duration(seconds)}: a connector that is down for longer loses changes and needs a ` +
        'new snapshot. Set binlog_expire_logs_seconds to three days or more.',
    ),
  ]
}

function inOrder(variables: ServerVariables): Finding {
  const seconds = expiry(variables)
  const kept = seconds === null ? 'until it is purged by hand' : `for ${duration(seconds)}`
  const [version = ''] = /^[\d.]+/.exec(variables.get('version') ?? '') ?? []
  const server = `${isMariadb(variables) ? 'MariaDB' : 'MySQL'} ${version}`
  return {
    code: 'database-in-order',
    severity: 'information',
    sentence: `${server} writes whole rows with GTIDs into its binary log and keeps it ${kept}.`,
  }
}

/** How long the binary log is kept, in seconds; null when for ever. */
function expiry(variables: ServerVariables): number | null {
  if (variables.get('binlog_expire_logs_auto_purge') === 'OFF') return null
  const seconds = Number(variables.get('binlog_expire_logs_seconds') ?? 0)
  return seconds || Number(variables.get('expire_logs_days') ?? 0) * day || null
}

function isMariadb(variables: ServerVariables): boolean {
  return variables.get('version')?.includes('MariaDB') ?? false
}

function duration(seconds: number): string {
  const [amount, unit] = seconds >= 2 * day ? [seconds / day, 'days'] : [seconds / 3600, 'hours']
  return `${Number(amount.toFixed(1))} ${unit}`
}

function error(code: string, sentence: string): Finding {
  return { code, severity: 'error', sentence }
}

function warning(code: string, sentence: string): Finding {
  return { code, severity: 'warning', sentence }
}
