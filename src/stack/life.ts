import type { Clinic } from './clinic.js'
import * as onObs from './obs-events.js'
import { register } from './person.js'
import * as onRecords from './record-events.js'
import type { Step } from './statement.js'
import { visit } from './visit.js'

type Event = (clinic: Clinic, changes: number) => Iterable<Step> | Step | null

const types: Event = ({ types, random, now }) => ({
  kind: 'types',
  statements: [types.change(random, now)],
  rows: 1,
})
const edges: Event = ({ types }) => {
  const statements = types.edges()
  return { kind: 'types', statements, rows: statements.length }
}
const bulk: Event = (clinic, changes) =>
  onObs.bulk(clinic, Math.min(4000, Math.max(20, Math.floor(changes / 9))))
const newPatient: Event = clinic => register(clinic)
const anyVisit: Event = clinic => visit(clinic, clinic.somePatient())

const events: Readonly<Record<string, Event>> = {
  anyVisit,
  newPatient,
  types,
  editNewVersion: onObs.editNewVersion,
  editInPlace: onObs.editInPlace,
  looseObs: onObs.looseObs,
  voidObs: onObs.voidObs,
  unvoidObs: onObs.unvoidObs,
  move: onObs.move,
  remove: onObs.remove,
  noChange: onObs.noChange,
  rollback: onObs.rollback,
  stopOrder: onRecords.stopOrder,
  voidEncounter: onRecords.voidEncounter,
  unvoidEncounter: onRecords.unvoidEncounter,
  emptyEncounter: onRecords.emptyEncounter,
  reschedule: onRecords.reschedule,
  changePerson: onRecords.changePerson,
  death: onRecords.death,
}

/** How often each event comes up, relative to the others. */
const weights: Readonly<Record<string, number>> = {
  anyVisit: 26,
  newPatient: 3,
  types: 2,
  editNewVersion: 18,
  editInPlace: 16,
  looseObs: 4,
  voidObs: 9,
  unvoidObs: 4,
  move: 5,
  remove: 4,
  noChange: 0.5,
  rollback: 0.5,
  stopOrder: 4,
  voidEncounter: 2,
  unvoidEncounter: 1.2,
  emptyEncounter: 1,
  reschedule: 2,
  changePerson: 5,
  death: 0.3,
}

/**
 * What happens once at a fixed share of a life, so that every kind of step is in every life, in the order in which
 * one needs another: a void before its undoing, a column before its first value. One that finds nothing to happen to
 * waits for the next event.
 */
const milestones: readonly [share: number, event: Event][] = [
  ...([anyVisit, newPatient, ...Object.values(events)] as Event[]).map((event, index): [number, Event] => [
    0.02 + index * 0.01,
    event,
  ]),
  [0.24, edges],
  [0.25, onObs.changeKey],
  [0.3, onRecords.alterObs],
  [0.4, onRecords.alterAddress],
  [0.42, onRecords.changePerson],
  [0.43, onRecords.changePerson],
  [0.44, onRecords.changePerson],
  [0.5, bulk],
  [0.6, onRecords.alterTypes],
  [0.61, types],
  [0.62, types],
  [0.75, onObs.changeKey],
  [0.9, onObs.changeKey],
]

/**
 * The steps of a clinic's daily life, until at least `changes` rows have changed; the last visit is finished. The
 * clock moves on by a minute or so a step, in opening hours.
 */
export function* life(clinic: Clinic, changes: number): Generator<Step> {
  const due = [...milestones]
  let done = 0
  let waits = false
  while (done < changes || due.length > 0) {
    clinic.pass(clinic.random.int(10, 90))
    openingHours(clinic)
    const next = due[0]
    const isDue: boolean = next !== undefined && !waits && (done >= changes || next[0] * changes <= done)
    const event = isDue ? next![1] : events[clinic.random.weighted(weights)]!
    let played = false
    for (const step of steps(event(clinic, changes))) {
      played = true
      done += step.rows
      yield step
    }
    if (isDue && played) due.shift()
    waits = isDue && !played
  }
}

/** Moves the clock from the evening (after 14:00 UTC, five in East Africa) to the next working day's morning. */
function openingHours(clinic: Clinic): void {
  const now = new Date(clinic.now)
  if (now.getUTCHours() < 14) return
  const days = now.getUTCDay() === 6 ? 2 : 1
  clinic.now = Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate() + days, 5, 30)
}

function steps(result: Iterable<Step> | Step | null): Iterable<Step> {
  if (result === null) return []
  return Symbol.iterator in result ? result : [result]
}
