/** What an interrupt stops, latest last. */
const running: (() => void)[] = []
/** The listeners that an interrupt had before ours, while ours is in their place. */
let replaced: NodeJS.SignalsListener[] | null = null

/**
 * Runs `work` in the foreground of a notebook's cell: an interrupt of the kernel calls `stop` instead of failing the
 * cell, whose names would be lost. As soon as nothing is in the foreground, interrupts are the kernel's again. Outside a
 * notebook Ctrl-C is left alone.
 */
export async function inForeground<T>(work: Promise<T>, stop: () => void): Promise<T> {
  running.push(stop)
  // Node takes the listeners of SIGINT away while the synchronous part of a cell runs, and puts them back after it.
  const takeover = '__tslab__' in globalThis ? setImmediate(takeInterrupts) : null
  try {
    return await work
  } finally {
    if (takeover !== null) clearImmediate(takeover)
    running.splice(running.indexOf(stop), 1)
    if (running.length === 0) giveInterruptsBack()
  }
}

/** Stops what is in the foreground. False when nothing is. */
export function interruptForeground(): boolean {
  const stops = [...running]
  for (const stop of stops) stop()
  return stops.length > 0
}

function takeInterrupts(): void {
  if (replaced !== null || running.length === 0) return
  // Raw, so that those for one time stay such.
  replaced = process.rawListeners('SIGINT') as NodeJS.SignalsListener[]
  process.removeAllListeners('SIGINT')
  process.on('SIGINT', onInterrupt)
}

function giveInterruptsBack(): void {
  if (replaced === null) return
  process.off('SIGINT', onInterrupt)
  for (const listener of replaced) process.on('SIGINT', listener)
  replaced = null
}

function onInterrupt(signal: NodeJS.Signals): void {
  if (interruptForeground()) return
  for (const listener of replaced ?? []) listener(signal)
}
