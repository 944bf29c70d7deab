import type { Holder } from './holder.js'

/** How an instance of a job is called among the members of its group: `obslab/vitals@host#4711#1767225600000`. */
export function memberName(job: string, { host, pid, since }: Holder): string {
  return `obslab/${encodeURIComponent(job)}@${encodeURIComponent(host)}#${pid}#${since}`
}

/** The instance that a member of the job's group is; null for a member that is none. */
export function memberHolder(job: string, clientId: string): Holder | null {
  const [, name, host, pid, since] = /^obslab\/([^@]+)@([^#]+)#(\d+)#(\d+)$/.exec(clientId) ?? []
  if (name !== encodeURIComponent(job) || host === undefined) return null
  try {
    return { host: decodeURIComponent(host), pid: Number(pid), since: Number(since) }
  } catch {
    return null
  }
}

/** Whether two names mean the same instance. */
export function isSame(a: Holder, b: Holder): boolean {
  return a.host === b.host && a.pid === b.pid && a.since === b.since
}

/** Which of two instances yields to the other: the one that started later, and by place where they started together. */
export function isOlder(a: Holder, b: Holder): boolean {
  if (a.since !== b.since) return a.since < b.since
  return a.host === b.host ? a.pid < b.pid : a.host < b.host
}
