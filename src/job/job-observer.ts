import type { InputOffset } from './sink.js'

/** What a job is at. */
export type JobStage = 'starting' | 'backfilling' | 'emitting' | 'following' | 'retrying' | 'stopped'

/** Changes that were read from one partition. */
export interface ReadEvent {
  topic: string
  partition: number
  records: number
  changes: number
  redelivered: number
  quarantined: number
  /** The offset to be read next. */
  next: number
  /** The newest of the records: when it was committed in the database, read by Debezium and written to Kafka, milliseconds since the epoch; null where it does not say. */
  times: { database: number | null; debezium: number | null; kafka: number } | null
}

/** A batch that is in the output. */
export interface CommitEvent {
  upserts: number
  tombstones: number
  deadLetters: number
  offsets: readonly InputOffset[]
  /** Milliseconds that the sink took, and that the state took. */
  sinkMs: number
  stateMs: number
  /** When it was acknowledged, milliseconds since the epoch. */
  at: number
}

/** Who watches a job: metrics, health. Its methods must not throw. */
export interface JobObserver {
  stage?(stage: JobStage): void
  read?(event: ReadEvent): void
  committed?(event: CommitEvent): void
  /** The ends of the inputs, as often as they are looked at. */
  ends?(ends: readonly InputOffset[]): void
  /** What the operators remember, now and then. */
  state?(operators: readonly { operator: string; entries: number }[], bytes: number): void
}
