import { readFileSync } from 'node:fs'
import type { Trend } from '../bench/live-results.js'

/** A job as it was at a moment. */
export interface Sample {
  /** Seconds since the load began. */
  at: number
  heapMb: number
  /** Memory of the process besides mapped files. */
  anonymousMb: number
  rssMb: number
  stateBytes: number
  /** Records that the output does not follow from yet. */
  lag: number
  changes: number
}

/** Takes a sample from a job's metrics and from what the system says of its process. */
export async function sample(port: number, pid: number, begun: number): Promise<Sample> {
  const response = await fetch(`http://127.0.0.1:${port}/metrics`)
  const metrics = await response.text()
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const kilobytes = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1])
  return {
    at: (performance.now() - begun) / 1000,
    heapMb: total(metrics, 'nodejs_heap_size_used_bytes') / 1e6,
    anonymousMb: (kilobytes('RssAnon') * 1024) / 1e6,
    rssMb: (kilobytes('VmRSS') * 1024) / 1e6,
    stateBytes: total(metrics, 'obslab_state_bytes'),
    lag: total(metrics, 'obslab_lag_records'),
    changes: total(metrics, 'obslab_changes_total'),
  }
}

/** The sum of a metric over its labels. */
export function total(metrics: string, name: string): number {
  const lines = metrics.split('\n').filter(line => line.startsWith(`${name} `) || line.startsWith(`${name}{`))
  return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0)
}

/** The line of least squares through samples: its values at the first and the last of them, and what it gains in an hour. */
export function trend(samples: readonly { at: number; value: number }[]): Trend {
  const mean = (values: readonly number[]): number => values.reduce((sum, v) => sum + v, 0) / values.length
  const [x, y] = [mean(samples.map(({ at }) => at)), mean(samples.map(({ value }) => value))]
  const across = samples.reduce((sum, { at, value }) => sum + (at - x) * (value - y), 0)
  const along = samples.reduce((sum, { at }) => sum + (at - x) ** 2, 0)
  const slope = along === 0 ? 0 : across / along
  const rounded = (value: number): number => Math.round(value * 10) / 10
  const on = (at: number): number => rounded(y + slope * (at - x))
  return { start: on(samples[0]!.at), end: on(samples.at(-1)!.at), perHour: rounded(slope * 3600) }
}
