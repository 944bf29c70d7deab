import type { Clock } from '../clock.js'
import { KafkaCluster } from '../source/kafka-cluster.js'
import type { KafkaConfig } from '../source/kafka-config.js'
import { Coordinators } from './coordinators.js'
import { isSame, memberHolder, memberName } from './group-member.js'
import {
  commitOffsetsRequest,
  describeGroupRequest,
  heartbeatRequest,
  joinGroupRequest,
  leaveGroupRequest,
  type Membership,
  syncGroupRequest,
} from './group-protocol.js'
import { type Holder, isGone } from './holder.js'
import { errorType } from './kafka-error.js'
import type { Log } from './log.js'
import type { GroupOffset } from './transaction-protocol.js'

/** Milliseconds between two heartbeats, and how long one may be away without them; the latter is raised where a broker wants more. */
const heartbeat = 3_000
const sessionTimeouts = [10_000, 30_000, 60_000]
/** Milliseconds in which the group's coordinator must list a member that has asked to join. */
const listedBudget = 5_000
const describeBudget = 15_000

/** Errors after which there is no use in joining again. */
const refusals: ReadonlySet<string> = new Set([
  'GROUP_AUTHORIZATION_FAILED',
  'GROUP_MAX_SIZE_REACHED',
  'INCONSISTENT_GROUP_PROTOCOL',
  'INVALID_GROUP_ID',
])

/** What a lease is for. */
export interface LeaseRequest {
  config: KafkaConfig
  clock: Clock
  job: string
  group: string
  self: Holder
  log: Log
}

/** The instances of a job that are in its group, without those whose process is gone and without `self`. */
export async function otherInstances(
  coordinators: Coordinators,
  { job, group, self }: Pick<LeaseRequest, 'job' | 'group' | 'self'>,
): Promise<Holder[]> {
  const instances = await instancesOf(coordinators, { job, group })
  return instances.filter(instance => !isSame(instance, self) && !isGone(instance))
}

async function instancesOf(
  coordinators: Coordinators,
  { job, group }: Pick<LeaseRequest, 'job' | 'group'>,
): Promise<Holder[]> {
  const members = await coordinators.settle('group', group, describeGroupRequest(group), describeBudget)
  return members.map(({ clientId }) => memberHolder(job, clientId)).filter(holder => holder !== null)
}

/**
 * A job's place in its group, which tells others that it runs and where. It is assigned nothing and only sends
 * heartbeats, over connections of its own, for a coordinator holds back the answer of who joins until members that died
 * have lost their sessions.
 */
export class GroupLease {
  readonly #cluster: KafkaCluster
  readonly #coordinators: Coordinators
  readonly #request: LeaseRequest
  readonly #held: Promise<void>
  #memberId = ''
  #membership: Membership | null = null
  #session = 0

  private constructor(cluster: KafkaCluster, request: LeaseRequest) {
    this.#cluster = cluster
    this.#coordinators = new Coordinators(cluster)
    this.#request = request
    this.#held = this.#hold()
  }

  /** Begins to join. */
  static async join(request: LeaseRequest): Promise<GroupLease> {
    const config = request.config.withClientId(memberName(request.job, request.self))
    return new GroupLease(await KafkaCluster.open(config, request.clock), request)
  }

  /**
   * The other live instances, once the coordinator lists this one: of two that join at the same time, one at least sees
   * the other. Asked over `coordinators`, not the lease's own connections.
   */
  async others(coordinators: Coordinators): Promise<Holder[]> {
    const { clock, self } = this.#request
    const deadline = clock.now() + listedBudget
    for (;;) {
      const instances = await instancesOf(coordinators, this.#request)
      const listed = instances.some(instance => isSame(instance, self))
      if (listed || clock.now() > deadline || this.#cluster.closing.aborted)
        return instances.filter(instance => !isSame(instance, self) && !isGone(instance))
      await clock.sleep(5)
    }
  }

  /** Commits offsets of the group where this is a member by now; whether it is. */
  async commit(offsets: readonly GroupOffset[]): Promise<boolean> {
    const { group } = this.#request
    const membership = this.#membership
    if (membership === null) return false
    await this.#coordinators.send('group', group, commitOffsetsRequest(group, membership, offsets))
    return true
  }

  /** Leaves the group, so that the next instance need not wait, as far as `coordinators` reach it. */
  async close(coordinators: Coordinators | null): Promise<void> {
    this.#cluster.close()
    await this.#held
    if (this.#memberId === '') return
    const { group } = this.#request
    await coordinators?.send('group', group, leaveGroupRequest(group, this.#memberId)).catch(() => {})
  }

  async #hold(): Promise<void> {
    const { closing } = this.#cluster
    const { log, group } = this.#request
    for (let failures = 0; !closing.aborted; failures++) {
      try {
        await this.#join()
        failures = 0
        await this.#beat()
      } catch (error) {
        if (closing.aborted) return
        this.#membership = null
        const type = errorType(error)
        const refused = type !== undefined && refusals.has(type)
        if (refused || (type === 'INVALID_SESSION_TIMEOUT' && ++this.#session === sessionTimeouts.length)) {
          log.warn('other instances of the job cannot see this one: its group refused it', {
            group,
            error: type,
          })
          return
        }
        if (type === 'UNKNOWN_MEMBER_ID') this.#memberId = ''
        await this.#cluster.pause(failures).catch(() => {})
      }
    }
  }

  async #join(): Promise<void> {
    const { group } = this.#request
    const sessionTimeout = sessionTimeouts[this.#session]!
    for (;;) {
      const join = { group, memberId: this.#memberId, sessionTimeout, rebalanceTimeout: sessionTimeout }
      const joined = await this.#coordinators.send('group', group, joinGroupRequest(join))
      this.#memberId = joined.memberId
      if (!('generation' in joined)) continue
      await this.#coordinators.send('group', group, syncGroupRequest(group, joined))
      this.#membership = joined
      return
    }
  }

  /** Until the coordinator asks to join again, or cannot be reached. */
  async #beat(): Promise<never> {
    const { group, clock } = this.#request
    for (;;) {
      await clock.sleep(heartbeat, this.#cluster.closing)
      await this.#coordinators.send('group', group, heartbeatRequest(group, this.#membership!))
    }
  }
}
