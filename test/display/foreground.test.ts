import { afterEach, expect, test } from 'vitest'
import { inForeground, interruptForeground } from '../../src/display/foreground.js'

const turn = (): Promise<void> => new Promise(resolve => setImmediate(resolve))
const original = process.rawListeners('SIGINT') as NodeJS.SignalsListener[]
const log: string[] = []
const kernel = (): void => {
  log.push('kernel')
}

function inNotebook(): void {
  Reflect.set(globalThis, '__tslab__', {})
  process.removeAllListeners('SIGINT')
  process.on('SIGINT', kernel)
}

afterEach(() => {
  log.length = 0
  Reflect.deleteProperty(globalThis, '__tslab__')
  process.removeAllListeners('SIGINT')
  for (const listener of original) process.on('SIGINT', listener)
})

/** Work that lasts until it is stopped. */
function lasting(name: string): { work: Promise<void>; stop: () => void } {
  let finish = (): void => {}
  const work = new Promise<void>(resolve => {
    finish = resolve
  })
  return {
    work,
    stop: () => {
      log.push(`stop ${name}`)
      finish()
    },
  }
}

test('in a notebook an interrupt stops what is in the foreground and is no longer the kernel’s', async () => {
  inNotebook()
  const { work, stop } = lasting('a')
  const done = inForeground(work, stop)
  await turn()
  process.emit('SIGINT')
  await done
  expect(log).toEqual(['stop a'])
})

test('when nothing is in the foreground, interrupts are the kernel’s again', async () => {
  inNotebook()
  await inForeground(turn(), () => log.push('stop'))
  process.emit('SIGINT')
  expect(log).toEqual(['kernel'])
  expect(process.listeners('SIGINT')).toEqual([kernel])
})

test('work that ends before the interrupts could be taken over leaves them alone, and so does work that fails', async () => {
  inNotebook()
  await inForeground(Promise.resolve(), () => log.push('stop'))
  await expect(inForeground(Promise.reject(new Error('failed')), () => log.push('stop'))).rejects.toThrow(
    'failed',
  )
  await turn()
  expect(process.listeners('SIGINT')).toEqual([kernel])
})

test('everything in the foreground is stopped, and the interrupts are given back when all of it has ended', async () => {
  inNotebook()
  const [a, b] = [lasting('a'), lasting('b')]
  const both = [inForeground(a.work, a.stop), inForeground(b.work, b.stop)]
  await turn()
  expect(process.listenerCount('SIGINT')).toBe(1)
  process.emit('SIGINT')
  await Promise.all(both)
  expect(log).toEqual(['stop a', 'stop b'])
  expect(process.listeners('SIGINT')).toEqual([kernel])
})

test('outside a notebook Ctrl-C is left alone', async () => {
  process.on('SIGINT', kernel)
  const { work, stop } = lasting('a')
  const done = inForeground(work, stop)
  await turn()
  expect(process.listeners('SIGINT').at(-1)).toBe(kernel)
  expect(interruptForeground()).toBe(true)
  await done
  expect(interruptForeground()).toBe(false)
})
