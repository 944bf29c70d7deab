import { expect, test } from 'vitest'
import type { TableCounts } from '../../src/frame/table.js'
import { inputFindings } from '../../src/validate/input-findings.js'

const counts = { quarantined: 0 } as TableCounts
const whole = { partition: 0, start: 0, stable: 9, end: 9 }
const input = (start: number, cleanupPolicy = 'delete'): Parameters<typeof inputFindings>[2] => [
  { topic: 'obs', cleanupPolicy, partitions: [whole, { ...whole, partition: 1, start }] },
]
const codes = (...about: Parameters<typeof inputFindings>): string[] =>
  inputFindings(...about).map(({ code }) => code)

test('whole topics of which every record was decoded are no finding', () => {
  expect(codes('p', new Map([['obs', { counts, keysInSeveralPartitions: 0 }]]), input(0))).toEqual([])
})

test.each([
  ['records-quarantined', { counts: { ...counts, quarantined: 3 }, keysInSeveralPartitions: 0 }, input(0)],
  ['keys-in-several-partitions', { counts, keysInSeveralPartitions: 2 }, input(0)],
  ['input-incomplete', { counts, keysInSeveralPartitions: 0 }, input(4)],
] as const)('%s is a warning', (code, table, inputs) => {
  expect(codes('p', new Map([['obs', table]]), inputs)).toEqual([code])
})

test('a compacted topic is whole though its first records are gone', () => {
  expect(codes('p', new Map([['obs', { counts, keysInSeveralPartitions: 0 }]]), input(4, 'compact'))).toEqual(
    [],
  )
})
