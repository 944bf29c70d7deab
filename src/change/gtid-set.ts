import { ObslabError } from '../errors.js'
import { foundText } from '../options.js'

/** Who writes GTIDs: MySQL `<uuid>:<n>`, MariaDB `<domain>-<server>-<n>`. */
export type GtidForm = 'mysql' | 'mariadb'

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
const tag = /^[a-z_][a-z0-9_]{0,31}$/
const interval = /^(\d+)(?:-(\d+))?$/
const position = /^(\d+)-(\d+)-(\d+)$/

/**
 * The set of transactions that a server has executed: MySQL's `gtid_executed` (`<uuid>:1-5:7,<uuid>:1-3`, from 8.3 with
 * tags), or MariaDB's `gtid_binlog_pos` (`0-223344-703`), which means all of a domain up to that number.
 */
export class GtidSet {
  readonly form: GtidForm
  /** Of each server (with its tag) or domain, the numbers it has: from, to, from, to, …, both ends included. */
  readonly #numbers: ReadonlyMap<string, readonly number[]>

  private constructor(form: GtidForm, numbers: ReadonlyMap<string, readonly number[]>) {
    this.form = form
    this.#numbers = numbers
  }

  /** Reads a set as the server prints it, line feeds included. What is none is an `option-invalid` error. */
  static parse(text: string): GtidSet {
    const entries = text
      .toLowerCase()
      .split(',')
      .map(entry => entry.replaceAll(/\s/g, ''))
      .filter(entry => entry !== '')
    const form: GtidForm = entries.every(entry => position.test(entry)) ? 'mariadb' : 'mysql'
    const numbers = new Map<string, number[]>()
    const isSet = entries.every(entry => (form === 'mysql' ? addServer : addDomain)(numbers, entry))
    if (entries.length === 0 || !isSet) throw notASet(text)
    return new GtidSet(form, numbers)
  }

  /** The test for transactions of `server`, as `transactionNumber` names it: whether one of a number is in the set. */
  of(server: string): (number: number) => boolean {
    const numbers = this.#numbers.get(this.form === 'mysql' ? server : domainOf(server)) ?? []
    return number => {
      for (let i = 0; i < numbers.length; i += 2) {
        if (number >= numbers[i]! && number <= numbers[i + 1]!) return true
      }
      return false
    }
  }

  /** Whether transaction `number` of `server` is in the set. */
  has(server: string, number: number): boolean {
    return this.of(server)(number)
  }
}

/** Which form the GTIDs of a server have, as `transactionNumber` names it; null for a server without GTIDs. */
export function gtidForm(server: string): GtidForm | null {
  if (server.startsWith('#')) return null
  return /^\d+-\d+$/.test(server) ? 'mariadb' : 'mysql'
}

function addServer(numbers: Map<string, number[]>, entry: string): boolean {
  const [server = '', ...parts] = entry.split(':')
  if (!uuid.test(server) || parts.length === 0) return false
  let name = server
  return parts.every((part, i) => {
    if (tag.test(part)) {
      name = `${server}:${part}`
      return i < parts.length - 1
    }
    const match = interval.exec(part)
    if (match === null) return false
    const from = Number(match[1])
    const to = Number(match[2] ?? from)
    numbers.set(name, [...(numbers.get(name) ?? []), from, to])
    return from > 0 && to >= from
  })
}

function addDomain(numbers: Map<string, number[]>, entry: string): boolean {
  const [, domain, , number] = position.exec(entry) as unknown as [string, string, string, string]
  const known = numbers.get(domain)?.[1] ?? 0
  numbers.set(domain, [0, Math.max(known, Number(number))])
  return true
}

function domainOf(server: string): string {
  return server.slice(0, server.indexOf('-'))
}

function notASet(text: string): ObslabError {
  return new ObslabError(
    'option-invalid',
    `Expected a GTID set, found ${foundText(text)}. On MySQL it is what SELECT @@gtid_executed gives ` +
      '(<uuid>:1-5:7,<uuid>:1-3), on MariaDB what SELECT @@gtid_binlog_pos gives (0-223344-703).',
  )
}
