import type { Random } from '../../src/stack/random.js'
import type { Fault, Faults } from './chaos-faults.js'
import type { ChaosJob } from './chaos-jobs.js'

/** What happened in a round. */
export interface Round {
  job: string
  /** Killed at the same time. */
  others: readonly string[]
  fault: Fault | null
  losesState: boolean
  /** Milliseconds after its start at which the job was killed again. */
  wait: number
  /** Whether it had brought its output up to date by then. */
  followed: boolean
}

/** How often each fault comes up. */
const weights: Readonly<Record<Fault | 'none', number>> = {
  none: 76,
  'broker killed': 5,
  'broker stopped': 3,
  'source database killed': 3,
  'source database stopped': 2,
  'sink database killed': 4,
  'sink database stopped': 2,
  'Connect killed': 5,
}

/** What a job logs when its output holds what follows from the inputs. */
const upToDate = 'the output is up to date'

/**
 * One round: perhaps a fault of a service begins. A job is killed wherever it is, perhaps others with it, perhaps its state is
 * lost; it starts, is killed again within two seconds, and starts again. In two rounds of five that is after it has caught
 * up, if that takes no longer than eight seconds. What happens follows from the random numbers alone.
 */
export async function playRound(
  random: Random,
  jobs: readonly ChaosJob[],
  faults: Faults | null,
): Promise<Round> {
  const drawn = random.weighted(weights)
  const job = random.pick(jobs)
  const others = jobs.filter(one => random.chance(0.2) && one !== job)
  const losesState = random.chance(0.08)
  const wait = random.int(0, 2000)
  const follows = random.chance(0.4)
  const fault = faults === null || drawn === 'none' ? null : drawn
  if (fault !== null) await faults!.begin(fault)

  await Promise.all([job.kill({ losesState }), ...others.map(one => one.kill())])
  for (const one of [job, ...others]) one.start()
  const followed = follows && (await job.until(upToDate, 8000))
  await new Promise(resolve => setTimeout(resolve, follows ? wait / 4 : wait))
  await job.kill()
  job.start()
  return { job: job.name, others: others.map(({ name }) => name), fault, losesState, wait, followed }
}
