import type { TestProject } from 'vitest/node'
import type { StackAddresses } from './connector.js'
import { whyUnavailable } from './software.js'
import { isolatedStack } from './stack.js'

declare module 'vitest' {
  export interface ProvidedContext {
    /** The stack that all tests of this run share, or null where it cannot run. */
    stack: StackAddresses | null
    /** Why it cannot run, or null. */
    stackUnavailable: string | null
  }
}

/** Starts one stack for the whole run and stops it at the end; where that cannot be, the tests skip. */
export default async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  const unavailable = whyUnavailable()
  project.provide('stackUnavailable', unavailable)
  project.provide('stack', null)
  if (unavailable !== null) {
    console.warn(`${unavailable} The tests of the real stack are skipped.`)
    return undefined
  }
  const stack = await isolatedStack('test')
  await stack.up()
  project.provide('stack', stack.addresses)
  return () => stack.remove()
}
