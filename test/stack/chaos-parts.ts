import type { Row } from '../../src/change/column-type.js'
import type { ChangeLog, Version } from './chaos-log.js'
import type { Part, PartsOf } from './chaos-reachable.js'

/** A row of vitals depends on the obs that ever were of its encounter and person: one part, checked exactly. */
export function vitalsParts(log: ChangeLog): PartsOf {
  const obs = log.index('obs', row => `${row.encounter_id} ${row.person_id}`)
  return ({ encounter_id, person_id }) => {
    const ids = obs.get(`${encounter_id} ${person_id}`)
    if (ids === undefined) return null
    return [{ fixed: [], versions: versionsOf(log, 'obs', ids), of: row => JSON.stringify(row) }]
  }
}

const firstLoose = 10_000_000_000

/**
 * A document of flat_obs has a head that depends on the partitions of encounter, visit and person, a list of obs that
 * depends on those of obs, and one of orders that depends on that of orders. They share no partition, so a document can be
 * there exactly when each of the three can, and the lists are not both empty. That of an obs without an encounter is one
 * part.
 */
export function flatObsParts(log: ChangeLog): PartsOf {
  const obs = log.index('obs', row => (row.encounter_id === null ? null : String(row.encounter_id)))
  const orders = log.index('orders', row => (row.encounter_id === null ? null : String(row.encounter_id)))
  return ({ encounter_id }) => {
    const id = Number(encounter_id)
    if (id >= firstLoose) return looseParts(log, id - firstLoose)
    const encounters = log.of('encounter', id)
    const encounter = encounters.find(({ row }) => row !== null && row.voided === 0)
    if (encounter === undefined) return null
    const itemVersions = withGroups(log, versionsOf(log, 'obs', obs.get(String(id)) ?? new Set()))
    const item = fixedRow(log, 'obs', { encounter_id: id, voided: 0, obs_group_id: null })
    const order = fixedRow(log, 'orders', { encounter_id: id, voided: 0 })
    const head = { topic: encounter.topic, key: encounter.change.key!, row: encounter.row! }
    return [
      { fixed: [item], versions: headVersions(log, encounters), of: headOf },
      { fixed: [head, order], versions: itemVersions, of: row => JSON.stringify(row.obs) },
      {
        fixed: [head, item],
        versions: versionsOf(log, 'orders', orders.get(String(id)) ?? new Set()),
        of: row => JSON.stringify(row.orders),
      },
    ]
  }
}

function looseParts(log: ChangeLog, obsId: number): Part[] | null {
  const obs = log.of('obs', obsId)
  if (obs.length === 0) return null
  const persons = idsOf(obs, row => row.person_id)
  const versions = [...withGroups(log, obs), ...versionsOf(log, 'person', persons)]
  return [{ fixed: [], versions, of: row => JSON.stringify(row) }]
}

function headVersions(log: ChangeLog, encounters: readonly Version[]): Version[] {
  const visits = idsOf(encounters, row => row.visit_id)
  const persons = idsOf(encounters, row => row.patient_id)
  return [...encounters, ...versionsOf(log, 'visit', visits), ...versionsOf(log, 'person', persons)]
}

function headOf(row: Row): string {
  const { obs, orders, ...head } = row
  const isEmpty = JSON.stringify([obs, orders]) === '[[],[]]'
  return JSON.stringify({ ...head, isEmpty })
}

/** Versions of obs, and of those that they are or were parts of. */
function withGroups(log: ChangeLog, versions: readonly Version[]): Version[] {
  const groups = idsOf(versions, row => row.obs_group_id)
  for (const { id } of versions) groups.delete(id)
  return [...versions, ...versionsOf(log, 'obs', groups)]
}

function versionsOf(log: ChangeLog, table: string, ids: Iterable<number>): Version[] {
  return [...ids].flatMap(id => log.of(table, id))
}

function idsOf(versions: readonly Version[], idOf: (row: Row) => unknown): Set<number> {
  const ids = versions.map(({ row }) => (row === null ? null : idOf(row)))
  return new Set(ids.filter(id => typeof id === 'number'))
}

/** A row like some other of its table, under a key that none has. */
function fixedRow(log: ChangeLog, table: string, columns: Row): Part['fixed'][number] {
  const topic = log.topic(table)
  const like = log.versions.find(version => version.topic === topic && version.row !== null)!
  const key = Object.fromEntries(Object.keys(like.change.key!).map(name => [name, 2_000_000_000]))
  return { topic, key, row: { ...like.row, ...columns, ...key } }
}
