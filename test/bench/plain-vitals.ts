import type { RowChange } from '../../src/change/change.js'
import type { ObsRow } from '../../src/openmrs/obs.js'

const signs = [5089, 5090, 5088, 5092, 5085, 5086, 5087, 1839]

interface Group {
  key: { encounter_id: number; person_id: number }
  /** Of each sign the obs, in no order. */
  obs: ObsRow[][]
  size: number
  text: string
}

/** The vitals kept up by some thirty lines of plain JavaScript: what somebody would write who only ever needs these. */
export class PlainVitals {
  readonly #obs = new Map<number, [Group, ObsRow]>()
  readonly #groups = new Map<string, Group>()

  /** Gives the records to be written: key to row, null for one that is gone. */
  take(changes: readonly RowChange[]): Map<string, string | null> {
    const changed = new Set<Group>()
    for (const { key, after } of changes) {
      const id = key!.obs_id as number
      const obs = after as ObsRow | null
      const before = this.#obs.get(id)
      if (before !== undefined) {
        const [group, old] = before
        const sign = group.obs[signs.indexOf(old.concept_id)]
        sign?.splice(sign.indexOf(old), 1)
        group.size--
        changed.add(group)
        this.#obs.delete(id)
      }
      if (obs === null || obs.voided || obs.encounter_id === null) continue
      const { encounter_id, person_id } = obs
      const name = JSON.stringify({ encounter_id, person_id })
      let group = this.#groups.get(name)
      if (group === undefined) {
        group = { key: { encounter_id, person_id }, obs: signs.map(() => []), size: 0, text: '' }
        this.#groups.set(name, group)
      }
      group.obs[signs.indexOf(obs.concept_id)]?.push(obs)
      group.size++
      changed.add(group)
      this.#obs.set(id, [group, obs])
    }
    return this.#records(changed)
  }

  /** Encoded key to encoded row. */
  written(): Map<string, string> {
    return new Map(Array.from(this.#groups, ([name, { text }]) => [name, text]))
  }

  #records(changed: ReadonlySet<Group>): Map<string, string | null> {
    const records = new Map<string, string | null>()
    for (const group of changed) {
      const name = JSON.stringify(group.key)
      const text = group.size === 0 ? '' : JSON.stringify(rowOf(group.key, group.obs))
      if (text === '') this.#groups.delete(name)
      if (text !== group.text) records.set(name, text === '' ? null : text)
      group.text = text
    }
    return records
  }
}

/** The vitals of a group's obs. */
export function vitalsOf(obs: readonly ObsRow[]): object {
  return rowOf(
    obs[0]!,
    signs.map(sign => obs.filter(({ concept_id }) => concept_id === sign)),
  )
}

function rowOf({ encounter_id, person_id }: Group['key'] | ObsRow, obs: readonly ObsRow[][]): object {
  const newest = obs.map(some => some.reduce(laterOf, null))
  const numbers = newest.map(one => one?.value_numeric ?? null)
  const [weight = null, height = null, temperature, spo2, systolic, diastolic, pulse] = numbers
  const visit_type = newest[7]?.value_coded ?? null
  const metres = height === null ? 0 : height / 100
  const bmi = weight !== null && height ? Math.round((weight / (metres * metres)) * 10) / 10 : null
  const taken = { weight, height, temperature, spo2, systolic, diastolic, pulse, visit_type, bmi }
  return { encounter_id, person_id, ...taken }
}

/** The later of two obs. */
export function laterOf(a: ObsRow | null, b: ObsRow): ObsRow {
  if (a === null || b.obs_datetime > a.obs_datetime) return b
  return b.obs_datetime === a.obs_datetime && b.obs_id > a.obs_id ? b : a
}
