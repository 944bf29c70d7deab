import { systemClock } from '../clock.js'
import { ObslabError } from '../errors.js'
import { kafkaClient } from '../source/kafka-client.js'
import { KafkaCluster } from '../source/kafka-cluster.js'
import { parseKafkaConfig } from '../source/kafka-config.js'
import { committedProgress } from './committed-progress.js'
import { Coordinators } from './coordinators.js'
import { otherInstances } from './group-lease.js'
import { stableOffsetsRequest } from './group-protocol.js'
import { holderText, thisProcess } from './holder.js'
import { sinkFailure } from './kafka-sink-failure.js'
import { jobNames } from './names.js'
import type { OutputProgress, ProgressQuestion } from './output-progress.js'

/** Milliseconds that an open transaction of the job is waited for. */
const budget = 15_000

/** Reads how far a job's output in Kafka is, without taking it over. */
export async function readKafkaProgress({
  where,
  job,
  output,
  source,
}: ProgressQuestion): Promise<OutputProgress> {
  const config = parseKafkaConfig(where)
  const { group } = jobNames(job)
  try {
    const cluster = await KafkaCluster.open(config, systemClock)
    try {
      const coordinators = new Coordinators(cluster)
      const offsets = await coordinators.settle('group', group, stableOffsetsRequest(group), budget)
      const [holder = null] = await otherInstances(coordinators, {
        job,
        group,
        self: thisProcess(systemClock.now()),
      })
      const place = { output, source, sameCluster: source === config.name }
      return { progress: committedProgress(offsets, place), holder }
    } finally {
      cluster.close()
    }
  } catch (cause) {
    throw sinkFailure(cause, { name: config.name, topic: output, job })
  }
}

/**
 * Forgets how far a job's output in Kafka is, by deleting the group of the job. The output itself stays. While an instance
 * is running it is a `job-held` error.
 */
export async function forgetKafkaProgress({
  where,
  job,
}: Pick<ProgressQuestion, 'where' | 'job'>): Promise<void> {
  const { holder } = await readKafkaProgress({ where, job, output: job, source: '' })
  if (holder !== null) {
    throw new ObslabError('job-held', `The job ${job} is running: ${holderText(holder)}. Stop it first.`)
  }
  const config = parseKafkaConfig(where)
  const admin = (await kafkaClient(config)).admin()
  try {
    await admin.connect()
    await admin.deleteGroups([jobNames(job).group]).catch(unlessNone)
  } catch (cause) {
    throw sinkFailure(cause, { name: config.name, topic: jobNames(job).group, job })
  } finally {
    await admin.disconnect()
  }
}

/** A group that there is none of has nothing to forget. */
function unlessNone(error: unknown): void {
  const groups: unknown = error instanceof Error ? Reflect.get(error, 'groups') : null
  const codes = Array.isArray(groups) ? groups.map(group => Reflect.get(group, 'errorCode')) : []
  if (codes.length === 0 || codes.some(code => code !== groupIdNotFound)) throw error
}

const groupIdNotFound = 69
