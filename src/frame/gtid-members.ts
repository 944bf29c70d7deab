import { type GtidSet, gtidForm } from '../change/gtid-set.js'
import { transactionNumber } from '../change/position.js'
import { ObslabError } from '../errors.js'
import { BinlogPlaces, comparePlaces } from './binlog-place.js'
import { type ChangeLog, effect, effectBits, fullRead, lengthOf, metaNumbers } from './change-log.js'
import { columnNamed } from './names.js'

/** The transactions of a log: neighbours share one, others may be there twice. */
interface Transactions {
  /** The transaction of each change, −1 without a GTID. */
  readonly ids: Int32Array
  readonly servers: readonly string[]
  /** The server of each transaction as a place in `servers`. */
  readonly serverIds: Uint16Array
  /** The number of each transaction at its server. */
  readonly numbers: Float64Array
}

const known = new WeakMap<ChangeLog, Transactions>()

/** 1 for each change that belongs to the set of transactions. What has no GTID of its own belongs as `Moment` says. */
export function gtidMembers(log: ChangeLog, set: GtidSet): Uint8Array {
  const transactions = known.get(log) ?? readTransactions(log)
  known.set(log, transactions)
  requireForm(log, transactions, set)
  const { ids, servers, serverIds, numbers } = transactions
  const tests = servers.map(server => set.of(server))
  const inSet = new Uint8Array(numbers.length)
  for (let id = 0; id < inSet.length; id++) inSet[id] = tests[serverIds[id]!]!(numbers[id]!) ? 1 : 0
  const { effects, partitionIds, fileIds } = log
  const length = effects.length
  const excluded = new Int32Array(log.partitions.length).fill(length)
  const members = new Uint8Array(length)
  const lastOf = new Uint8Array(log.partitions.length).fill(1)
  for (let row = 0; row < length; row++) {
    const bits = effects[row]!
    if ((bits & effectBits) === effect.none || (bits & fullRead) !== 0) continue
    const p = partitionIds[row]!
    const id = ids[row]!
    // A tombstone, which says nothing of itself, shares the fate of the delete before it.
    if (id >= 0) lastOf[p] = inSet[id]!
    else if (fileIds[row] !== 0) lastOf[p] = 1
    if (lastOf[p] === 1) members[row] = 1
    else if (excluded[p] === length) excluded[p] = row
  }
  addSnapshots(log, excluded, members)
  return members
}

/** A full snapshot belongs to the set when all transactions before it do. `excluded` is each partition's first that does not. */
function addSnapshots(log: ChangeLog, excluded: Int32Array, members: Uint8Array): void {
  const places = new BinlogPlaces(log)
  const times = metaNumbers(log, '_source_time')
  for (const snapshot of log.snapshots) {
    const isLater = excluded.some((row, p) => {
      const part = snapshot.parts.get(p)
      if (row === members.length || part !== undefined) return part !== undefined && row < part.first
      const order = comparePlaces(places.at(row), places.ofSnapshot(snapshot))
      return order === null ? times.at(row) < snapshot.time : order < 0
    })
    if (isLater) continue
    for (const [p, { first, last }] of snapshot.parts) {
      for (let row = first; row <= last; row++) {
        if (log.partitionIds[row] === p && (log.effects[row]! & fullRead) !== 0) members[row] = 1
      }
    }
  }
}

function readTransactions(log: ChangeLog): Transactions {
  const gtids = columnNamed(log.meta, '_gtid')
  const ids = new Int32Array(lengthOf(log)).fill(-1)
  const servers: string[] = []
  const serverIdOf = new Map<string, number>()
  const serverIds: number[] = []
  const numbers: number[] = []
  let last: unknown = null
  for (let row = 0; row < ids.length; row++) {
    if (gtids.isNull(row)) continue
    const gtid = gtids.at(row) as string
    if (gtid !== last) {
      last = gtid
      const { server, number } = transactionNumber({ gtid, serverId: 0 })
      let serverId = serverIdOf.get(server)
      if (serverId === undefined) {
        serverId = servers.push(server) - 1
        serverIdOf.set(server, serverId)
      }
      serverIds.push(serverId)
      numbers.push(number ?? Number.NaN)
    }
    ids[row] = numbers.length - 1
  }
  return { ids, servers, serverIds: Uint16Array.from(serverIds), numbers: Float64Array.from(numbers) }
}

function requireForm(log: ChangeLog, { servers }: Transactions, set: GtidSet): void {
  const forms = new Set(servers.map(gtidForm))
  if (forms.has(set.form)) return
  const isLogged = log.effects.some((bits, row) => (bits & fullRead) === 0 && log.fileIds[row] !== 0)
  if (servers.length === 0 && !isLogged) return
  const names = { mysql: 'MySQL', mariadb: 'MariaDB' }
  const [form] = forms
  throw new ObslabError(
    'moment-unknown',
    form === undefined || form === null
      ? `The changes of ${log.topic} carry no GTIDs. Use sourceTime, time or offsets; for GTIDs the database needs ` +
          'gtid_mode=ON, and MariaDB its own connector.'
      : `Expected a GTID set of ${names[form]}, as the changes of ${log.topic} carry, found one of ${names[set.form]}.`,
    { position: { topic: log.topic } },
  )
}
