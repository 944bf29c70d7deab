import type { Row } from '../../src/change/column-type.js'
import type { TopicEvent } from '../../src/change/message.js'
import { isDeleted } from '../../src/change/topic.js'
import { openmrs } from '../../src/openmrs/openmrs.js'
import { vitals } from '../../src/openmrs/vitals.js'
import { Engine } from '../../src/pipeline/engine.js'
import { renameTopics } from '../../src/pipeline/plan.js'
import { recompute } from '../../src/pipeline/recompute.js'
import { ObsTopic } from './data.js'
import { medians } from './measure.js'
import { type Result, rates } from './results.js'

/** Vitals kept up change by change, against computing them again from the current rows. */
export async function pipelineResults(): Promise<Result[]> {
  const obs = await ObsTopic.open('datasets/openmrs', 1)
  const plan = renameTopics(vitals.plan, () => obs.topic)
  const reader = obs.reader()
  const changes: TopicEvent[] = []
  for (const records of obs.records()) {
    for (const record of records) {
      const { change, redelivered } = reader.read(record)
      if (!redelivered) changes.push(change)
    }
  }
  const results: Result[] = []
  for (const { every, aim } of [
    { every: 200, aim: 10 },
    { every: changes.length, aim: 0.5 },
  ]) {
    const ms = await medians(
      {
        ours: () => {
          const engine = new Engine(plan)
          for (let at = 0; at < changes.length; at += every) engine.apply(changes.slice(at, at + every))
        },
        peer: () => {
          const rows = new Map<unknown, Row>()
          for (let at = 0; at < changes.length; at += every) {
            for (const change of changes.slice(at, at + every)) applyTo(rows, change)
            recompute(plan, () => rows.values())
          }
        },
      },
      3,
    )
    const often = every === changes.length ? 'once' : `every ${every.toLocaleString('en')} changes`
    const about = {
      id: every === changes.length ? 'pipeline.vitals-once' : 'pipeline.vitals',
      work: `${changes.length.toLocaleString('en')} obs changes to vitals, output wanted ${often}`,
      peerName: 'computed again from the current rows',
      unit: 'changes/s',
      aim,
      note: 'state for retractions costs more than one pass over the final rows; it pays from the second output on.',
    }
    results.push(rates(about, changes.length, ms))
  }
  return results
}

function applyTo(rows: Map<unknown, Row>, change: TopicEvent): void {
  if (change.kind === 'tombstone') rows.delete(change.key?.obs_id)
  if (change.kind !== 'row') return
  const id = (change.key ?? change.before)?.obs_id
  if (change.after === null || isDeleted(openmrs.obs, change.after)) rows.delete(id)
  else rows.set(id, change.after)
}
