import { expect, test } from 'vitest'
import type { Upsert } from '../../src/pipeline/output.js'
import { compactOutput, parity } from '../../src/validate/parity.js'

const upsert = (box: number, readings: number | bigint): Upsert => ({ key: { box }, row: { box, readings } })
const rows = [upsert(1, 2), upsert(2, 5n)]
const recomputed = compactOutput(rows)

test('equal output in another order is no finding', () => {
  expect(
    parity({ pipeline: 'p', recomputed, incremental: compactOutput(rows.toReversed()), namesKeys: true }),
  ).toEqual([])
})

test.each([
  ['1 missing ({"box":2})', [rows[0]!]],
  ['1 too many ({"box":3})', [...rows, upsert(3, 1)]],
  ['1 different ({"box":1})', [upsert(1, 3), rows[1]!]],
])('rows that differ are an error that says %s', (told, incrementalRows) => {
  const incremental = compactOutput(incrementalRows)
  const findings = parity({ pipeline: 'p', recomputed, incremental, namesKeys: true })
  expect(findings.map(({ code, severity }) => [code, severity])).toEqual([['parity-broken', 'error']])
  expect(findings[0]?.sentence).toContain(told)
})

test('a key keeps its last upsert and a tombstone takes it away', () => {
  const output = compactOutput([upsert(1, 2), upsert(2, 1), upsert(1, 3), { key: { box: 2 }, row: null }])
  expect([...output]).toEqual([['{"box":1}', '{"box":1,"readings":3}']])
})

test('keys that may be sensitive are counted and not named', () => {
  const [finding] = parity({ pipeline: 'p', recomputed, incremental: new Map(), namesKeys: false })
  expect(finding?.sentence).toContain('2 missing.')
})
