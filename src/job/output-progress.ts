import type { Holder } from './holder.js'
import type { SinkProgress } from './sink.js'

/** The job whose progress is asked for, and where it is kept. */
export interface ProgressQuestion {
  /** Where the output is: `kafka://host:port`, a `client.properties` file, `mysql://user@host/database`. */
  where: string
  job: string
  output: string
  /** How the source of the inputs is named. */
  source: string
}

/** How far the output of a job is, and the instance that writes it; null where there is none. */
export interface OutputProgress {
  progress: SinkProgress | null
  holder: Holder | null
}
