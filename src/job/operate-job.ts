import { type Clock, systemClock } from '../clock.js'
import type { Pipeline } from '../pipeline/pipeline.js'
import { jobHealth } from './health.js'
import { type HealthServer, openHealthServer } from './health-server.js'
import type { JobObserver } from './job-observer.js'
import type { Log } from './log.js'
import { jobMetrics } from './metrics.js'
import { type JobSummary, type RunJobOptions, runJob } from './run-job.js'

/** What {@link operateJob} takes: what `runJob` does, and where metrics and health are served; null for nowhere. */
export interface OperateJobOptions extends RunJobOptions {
  log: Log
  port: number | null
}

/** Runs a pipeline with its metrics and health served while it runs. */
export async function operateJob<R>(
  pipeline: Pipeline<R>,
  { port, ...options }: OperateJobOptions,
): Promise<JobSummary> {
  if (port === null) return await runJob(pipeline, options)
  const { observer, server } = await serve(port, options.clock ?? systemClock)
  options.log.info('serving metrics and health', { port: server.port })
  try {
    return await runJob(pipeline, { ...options, observer })
  } finally {
    await server.close()
  }
}

async function serve(port: number, clock: Clock): Promise<{ observer: JobObserver; server: HealthServer }> {
  const metrics = await jobMetrics({ clock })
  const health = jobHealth({ clock })
  return { observer: both(metrics, health), server: await openHealthServer({ port, metrics, health }) }
}

/** An observer that tells two. */
function both(one: JobObserver, other: JobObserver): JobObserver {
  return {
    stage(stage) {
      one.stage?.(stage)
      other.stage?.(stage)
    },
    read(event) {
      one.read?.(event)
      other.read?.(event)
    },
    committed(event) {
      one.committed?.(event)
      other.committed?.(event)
    },
    ends(ends) {
      one.ends?.(ends)
      other.ends?.(ends)
    },
    state(operators, bytes) {
      one.state?.(operators, bytes)
      other.state?.(operators, bytes)
    },
  }
}
