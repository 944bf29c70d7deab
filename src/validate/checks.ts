import { rowKey } from '../change/row-key.js'
import type { Clock } from '../clock.js'
import { ObslabError } from '../errors.js'
import type { Finding } from '../finding.js'
import { keyOf } from './current-tables.js'
import { type Delivery, deliver } from './delivery.js'
import {
  compacted,
  type Fault,
  interleaving,
  lostTombstones,
  type RecordedLog,
  replayedBlock,
  reSnapshot,
  restart,
} from './faults.js'
import type { CompactedOutput } from './parity.js'
import { Random } from './random.js'
import { type Failure, type Proof, runDelivery } from './run-delivery.js'
import { shrink } from './shrink.js'

/** One line of a validation's report. */
export interface CheckReport {
  /** What was checked: `law`, `interleavings`, … */
  readonly check: string
  /** What was done, as a sentence without an end: how many cases, cuts, changes; or why it was skipped. */
  readonly did: string
  readonly result: 'passed' | 'found' | 'skipped'
}

/** A failing delivery that was made as small as it could be. */
export interface ShrunkInput {
  /** The check that failed. */
  readonly check: string
  readonly delivery: Delivery
  readonly failure: Failure
}

/** What the checks that run the recorded changes in other ways found. */
export interface FaultResult {
  readonly report: readonly CheckReport[]
  readonly findings: readonly Finding[]
  readonly shrunk: ShrunkInput | null
}

/** What {@link checkFaults} is told. */
export interface FaultOptions {
  seed: number
  /** The output computed from the final tables, which no fault changes. */
  final: CompactedOutput
  clock: Pick<Clock, 'now'>
  /** Milliseconds that making a failing input smaller may take. */
  shrinkFor: number
  /** Called before each case. It may wait, so that others have their turn, and throw to cancel. */
  beforeCase?: (done: number, of: number) => Promise<void>
}

interface FaultCheck {
  check: string
  fault: Fault
  cases: number
  /** How the report names what was done. */
  did(cases: number): string
  /** How a finding says when the output is wrong. */
  when: string
}

const cutsOfLaw = 6

const law: Fault = ({ changes }, random) =>
  deliver(changes, { cuts: 'every', compared: random.some(cutsOfLaw, 1, changes.length) })

const plural = (count: number, one: string, many: string = `${one}s`): string =>
  `${count} ${count === 1 ? one : many}`

const checks: readonly FaultCheck[] = [
  {
    check: 'law',
    fault: law,
    cases: 1,
    did: () =>
      `the output taken after every change, and at ${cutsOfLaw} random cuts compared: what changed follows from the changes between`,
    when: 'when its output is taken between two changes',
  },
  {
    check: 'replayed blocks',
    fault: replayedBlock,
    cases: 2,
    did: cases => `${plural(cases, 'block')} delivered a second time, the output compared inside and after`,
    when: 'when a block of changes is delivered a second time',
  },
  {
    check: 'interleavings',
    fault: interleaving,
    cases: 2,
    did: cases => `${plural(cases, 'other order')} in which the partitions are read`,
    when: 'when the partitions are read in another order',
  },
  {
    check: 'crash and resume',
    fault: restart,
    cases: 1,
    did: cases => `${plural(cases, 'run')} killed twice and begun again over what was written`,
    when: 'when the process is killed and begins again',
  },
  {
    check: 're-snapshot',
    fault: reSnapshot,
    cases: 1,
    did: () => 'every row read again by a snapshot in the middle',
    when: 'when a snapshot is taken again in the middle',
  },
  {
    check: 'lost tombstones',
    fault: lostTombstones,
    cases: 1,
    did: () => 'deletes without their tombstones',
    when: 'when deletes come without tombstones',
  },
  {
    check: 'compaction',
    fault: compacted,
    cases: 1,
    did: () => 'for half of the keys the newest record alone',
    when: 'when the topics are compacted',
  },
]

/** How many cases {@link checkFaults} runs. */
export const faultCases: number = checks.reduce((sum, { cases }) => sum + cases, 0)

/**
 * Runs recorded changes in other ways in which they could have come, and compares the output with the recomputation.
 * The first failing input is made as small as it can be in the time given.
 */
export async function checkFaults(
  proof: Proof,
  log: RecordedLog,
  options: FaultOptions,
): Promise<FaultResult> {
  const report: CheckReport[] = []
  const findings: Finding[] = []
  let shrunk: ShrunkInput | null = null
  let done = 0
  for (const [i, one] of checks.entries()) {
    const { check, fault, cases, did } = one
    const reason = log.changes.length === 0 ? 'there is no change' : skipped(check, log)
    if (reason !== null) {
      report.push({ check, did: reason, result: 'skipped' })
      done += cases
      continue
    }
    const random = new Random(options.seed * 31 + i)
    let failed: { delivery: Delivery; failure: Failure } | null = null
    for (let number = 0; number < cases; number++) {
      await options.beforeCase?.(done++, faultCases)
      if (failed !== null) continue
      const delivery = fault(log, random, number)
      const failure = runDelivery(proof, delivery, options.final)
      if (failure !== null) failed = { delivery, failure }
    }
    report.push({ check, did: did(cases), result: failed === null ? 'passed' : 'found' })
    if (failed === null) continue
    const smallest: ShrunkInput | null =
      shrunk === null ? shrinkInput(proof, log, check, failed, options) : null
    shrunk ??= smallest
    findings.push(findingOf(proof, one, failed.failure, smallest))
  }
  return { report, findings, shrunk }
}

/** Why a check says nothing of this log; null when it does. */
function skipped(check: string, { changes, laneOf }: RecordedLog): string | null {
  if (check === 'interleavings' && new Set(changes.map(laneOf)).size === 1) {
    return 'there is one partition, which has one order'
  }
  if (check === 'lost tombstones' && !changes.some(({ kind }) => kind === 'tombstone')) {
    return 'the recording has no tombstone'
  }
  return null
}

/** The smallest delivery that fails as this one does, or in another way. */
export function shrinkInput(
  proof: Proof,
  log: Pick<RecordedLog, 'topics'>,
  check: string,
  { delivery, failure }: { delivery: Delivery; failure: Failure },
  { clock, shrinkFor }: Pick<FaultOptions, 'clock' | 'shrinkFor'>,
): ShrunkInput {
  const keys = new Map(log.topics.map(topic => [topic.topic, topic]))
  const rowOf = ({ change }: Delivery[number]): string => {
    const topic = keys.get(change.topic)
    const key = topic === undefined ? null : keyOf(change, topic)
    return `${change.topic}:${key === null ? '' : rowKey(key, topic!.key)}`
  }
  const failing = delivery.slice(0, failure.at).map(one => ({ ...one, compared: false }))
  const smallest = shrink(failing, {
    fails: part => runDelivery(proof, part) !== null,
    rowOf,
    laneOf: proof.laneOf,
    clock,
    within: shrinkFor,
  })
  return { check, delivery: smallest, failure: runDelivery(proof, smallest) ?? failure }
}

function findingOf(
  { plan }: Proof,
  { check, when }: FaultCheck,
  failure: Failure,
  shrunk: ShrunkInput | null,
): Finding {
  const code = `${check.replaceAll(' ', '-')}-broken`
  const what = {
    output: `the output is not the one computed from the tables ${when}`,
    repeated: `records are written that change nothing ${when}`,
    restart: `it computes another output from the same changes ${when}`,
    failed: `the run fails ${when}${failure.cause instanceof ObslabError ? `: ${failure.cause.message.replace(/\.$/, '')}` : ''}`,
  }[failure.what]
  return {
    code,
    severity: 'error',
    sentence: `${plan.name}: ${what}.${shrunk === null ? '' : ` ${shrunkSentence(shrunk)}`}`,
  }
}

/** Which changes show a failure, as positions. */
export function shrunkSentence({ delivery }: ShrunkInput): string {
  const places = delivery.map(({ change: { topic, partition, offset }, restart: ends }) => {
    return `${topic}:${partition}:${offset}${ends ? ' (then a restart)' : ''}`
  })
  const shown = places.slice(0, 8).join(', ') + (places.length > 8 ? ', …' : '')
  return `${plural(places.length, 'change')} ${places.length === 1 ? 'shows' : 'show'} it: ${shown}.`
}
