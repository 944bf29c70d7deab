import { spawnSync } from 'node:child_process'
import { hostname } from 'node:os'
import { type Admin, Kafka, logLevel } from 'kafkajs'
import { type Holder, thisProcess } from '../../src/job/holder.js'
import { jsonLog } from '../../src/job/log.js'
import type { SinkBatch, SinkRequest } from '../../src/job/sink.js'

/** When this process began to test. */
export const started: number = Date.now()
/** An instance in a process of this machine that has ended. */
export const gone: Holder = { host: hostname(), pid: spawnSync('true').pid, since: started }
/** An instance on another machine. */
export const elsewhere: Holder = { host: 'another-machine', pid: 17, since: started }

/** What sinks are opened for, each for a job of its own unless it says otherwise. */
export class SinkRequests {
  readonly #all: Partial<SinkRequest>
  #count = 0

  constructor(all: Partial<SinkRequest>) {
    this.#all = all
  }

  next(more: Partial<SinkRequest> = {}): SinkRequest {
    const job = more.job ?? `sink-${started}-${this.#count++}`
    return {
      job,
      output: job,
      key: ['name'],
      columns: null,
      settings: {},
      partitions: 2,
      source: 'elsewhere',
      self: thisProcess(started),
      log: jsonLog({ write: () => {} }),
      ...this.#all,
      ...more,
    }
  }
}

/** The key of the row of that name. */
export function keyOf(name: string): string {
  return JSON.stringify({ name })
}

/** Rows of these names, a letter each, and the input read up to `next`. */
export function batchOf(names: readonly string[], next: number, whole: boolean = true): SinkBatch {
  return {
    records: names.map(name => ({ key: keyOf(name), row: JSON.stringify({ name, next }) })),
    deadLetters: names.map(name => ({ key: `{"letter":"${name}"}`, letter: `{"next":${next}}` })),
    progress: { offsets: [{ topic: 'input', partition: 0, next }], whole },
  }
}

/** Asks a broker as an administrator does. */
export async function administer<T>(address: string, use: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = new Kafka({ brokers: [address], logLevel: logLevel.NOTHING }).admin()
  await admin.connect()
  try {
    return await use(admin)
  } finally {
    await admin.disconnect()
  }
}
