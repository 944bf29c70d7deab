import { expect, test, vi } from 'vitest'
import { Frame } from '../../src/frame/frame.js'
import { count, last, sum } from '../../src/pipeline/aggregate.js'
import { keyText, rowText } from '../../src/pipeline/output.js'
import { type Pipeline, pipeline } from '../../src/pipeline/pipeline.js'
import { recompute } from '../../src/pipeline/recompute.js'
import { duckdbOutput } from '../../src/validate/duckdb-parity.js'
import { readings } from './log.js'

const rows = [
  { id: 1, box: 1, at: 10.5, value: 0.1 },
  { id: 2, box: 1, at: 11, value: 0.2 },
  { id: 3, box: 2, at: 12, value: 0.3 },
]
const tables = new Map([['readings', Frame.from(rows) as Frame<object>]])
const from = pipeline('p').from(readings)
const input = ({ plan }: Pipeline<never>): Parameters<typeof duckdbOutput>[0] => ({
  plan,
  tables,
  columns: new Map(),
})

test('DuckDB computes the rows that a recomputation gives, byte for byte', async () => {
  const grouped = from
    .filter(row => row.value > 0)
    .groupBy(row => ({ box: row.box }))
    .aggregate({
      readings: count(),
      total: sum(row => row.value),
      newest: last(row => row.value, { by: row => row.at }),
    })
    .to('t')
  const expected = recompute(grouped.plan, () => rows).map(({ key, row }) => [keyText(key), rowText(row!)])
  expect(await duckdbOutput(input(grouped as never))).toEqual({
    output: new Map(expected as [string, string][]),
  })
})

test('what has no form in SQL is skipped by name', async () => {
  const spread = from.flatMap(row => [{ id: row.id, half: row.value / 2 }]).to('t', { key: ['id'] })
  expect(await duckdbOutput(input(spread as never))).toEqual({
    skipped: '.flatMap(…) has no form in SQL: SQL has no flatMap',
  })
})

test('without the package it is skipped, and says what to install', async () => {
  vi.doMock(import('../../src/optional-package.js'), async original => {
    const { loadPackage } = await original()
    const missing = Object.assign(new Error("Cannot find package '@duckdb/node-api'"), {
      code: 'ERR_MODULE_NOT_FOUND',
    })
    return { loadPackage: (name, neededBy) => loadPackage(name, neededBy, () => Promise.reject(missing)) }
  })
  vi.resetModules()
  const fresh = await import('../../src/validate/duckdb-parity.js')
  const result = await fresh.duckdbOutput(input(from.to('t') as never))
  vi.doUnmock('../../src/optional-package.js')
  expect(result).toEqual({ skipped: expect.stringContaining('npm install @duckdb/node-api') })
})
