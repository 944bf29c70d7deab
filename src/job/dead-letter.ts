/** A record or a row that a job could make nothing of. It holds no values of sensitive columns. */
export interface DeadLetter {
  job: string
  /** The record. */
  topic: string
  partition: number
  offset: number
  /** Where the function stands that failed, `.filter(…)`; null for a record that could not be decoded. */
  step: string | null
  /** What happened and what to do about it, without values of the row. */
  reason: string
  /** When it was set aside, milliseconds since the epoch. */
  at: number
  /** The row as JSON, sensitive values masked; null where it could not be decoded or is no longer at hand. */
  view: string | null
}

/** What is written of a dead letter. */
export interface DeadLetterRecord {
  /** `{"topic":…,"partition":…,"offset":…}`. */
  key: string
  /** The letter as JSON; null when a later version of the row succeeded, or the row is gone. */
  letter: string | null
}

/** The key of the letter about a record. */
export function deadLetterKey({
  topic,
  partition,
  offset,
}: Pick<DeadLetter, 'topic' | 'partition' | 'offset'>): string {
  return JSON.stringify({ topic, partition, offset })
}

/** A dead letter as it is written. */
export function deadLetterRecord(letter: DeadLetter): DeadLetterRecord {
  return { key: deadLetterKey(letter), letter: JSON.stringify(letter) }
}
