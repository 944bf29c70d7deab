import { MemoryStore } from '../pipeline/operator-state.js'
import type { JobState } from './job-state.js'

/** The state of a job that has no folder: it is gone with the process. */
export function memoryState(): JobState {
  return {
    folder: 'memory',
    store: new MemoryStore(),
    kept: null,
    operators: [],
    bytes: 0,
    commit: async () => {},
    discard: async () => {},
    close: async () => {},
  }
}
