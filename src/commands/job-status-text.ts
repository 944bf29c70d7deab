import { Frame } from '../frame/frame.js'
import { holderText } from '../job/holder.js'
import type { JobStatus } from './job-status.js'

/** How a job is, for people. */
export function statusText(status: JobStatus): string {
  const { folder, job, phase, whole, bytes, holder, inputs, operators, deadLetters } = status
  if (phase === null && holder === null && inputs.length === 0) return `${folder} holds no state.\n`
  const output = whole === false ? ', output on its way' : ''
  const lines = [
    `${job}: ${phase ?? 'no state'}${output}, ${bytes.toLocaleString('en')} bytes in ${folder}`,
    holder === null ? 'It is not running.' : `It is running: ${holderText(holder)}.`,
  ]
  if (inputs.length > 0) {
    const rows = inputs.map(({ topic, partition, ...rest }) => ({ input: `${topic}:${partition}`, ...rest }))
    lines.push('', tableOf(Frame.from(rows, { state: 'int', committed: 'int', end: 'int', lag: 'int' })))
  }
  if (operators.length > 0) lines.push('', tableOf(Frame.from(operators)))
  if (deadLetters !== null) lines.push('', `Dead letters: ${deadLetters.toLocaleString('en')}`)
  return `${lines.join('\n')}\n`
}

function tableOf<R extends object>(frame: Frame<R>): string {
  return frame.text({ limit: frame.length })
}
