import type { Finding } from '../finding.js'
import { groupDigits } from '../frame/format.js'
import type { Table } from '../frame/table.js'
import type { TopicOffsets } from '../source/source.js'

/** What is to be said of a pipeline's topics as they were read: records missing, not decoded, or of no sure order. */
export function inputFindings(
  pipeline: string,
  tables: ReadonlyMap<string, Pick<Table, 'counts' | 'keysInSeveralPartitions'>>,
  inputs: readonly TopicOffsets[],
): Finding[] {
  const found: Finding[] = []
  const warn = (code: string, sentence: string): void => {
    found.push({ code, severity: 'warning', sentence: `${pipeline}: ${sentence}` })
  }
  for (const [topic, { counts, keysInSeveralPartitions: split }] of tables) {
    if (counts.quarantined > 0) {
      const some = `${groupDigits(counts.quarantined)} records of ${topic} could not be decoded`
      warn('records-quarantined', `${some} and are in no row: see quarantined() of its table.`)
    }
    if (split > 0) {
      const some = `${groupDigits(split)} keys of ${topic} are in several partitions`
      const advice = 'Take a new snapshot into a new topic.'
      warn(
        'keys-in-several-partitions',
        `${some}: only the order of reading tells their newest rows. ${advice}`,
      )
    }
  }
  for (const { topic, partitions, cleanupPolicy } of inputs) {
    const cut = partitions.find(({ start }) => start > 0)
    if (cut === undefined || cleanupPolicy.includes('compact')) continue
    const where = `partition ${cut.partition} begins at offset ${cut.start}`
    warn('input-incomplete', `${topic} no longer holds its first records: ${where}. Rows may be missing.`)
  }
  return found
}
