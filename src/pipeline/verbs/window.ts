import type { WindowNode } from '../plan.js'
import { type RowMaker, remake, rowOperator } from '../row-step.js'
import { called } from '../step-call.js'
import { StepFailure } from '../step-failure.js'
import type { Verb } from '../verb.js'

const step = '.window(…)'

function maker({ on, size, offset }: WindowNode): RowMaker {
  const call = called(on, step)
  return row => {
    const time: unknown = call(row)
    if (time === null || time === undefined) return null
    if (typeof time !== 'number' || !Number.isFinite(time)) {
      const advice = 'Give a time in milliseconds since the epoch, as a DATETIME column holds it, or null.'
      throw StepFailure.gave(step, on, time, advice)
    }
    const start = Math.floor((time - offset) / size) * size + offset
    return { ...row, window_start: start, window_end: start + size }
  }
}

const added = ['window_start', 'window_end']

/** `window`: each row with the tumbling window that its time falls into. */
export const window: Verb<WindowNode> = {
  functions: ({ on }) => [{ step, call: on, takes: [0], gives: added, returns: 'column' }],
  passes: () => 'all',
  identity: 'kept',
  uniform: true,
  operator: (node, context, next) => rowOperator(maker(node), context, next),
  recompute: (node, [rows = []], attempt) => remake(maker(node), rows, attempt),
}
