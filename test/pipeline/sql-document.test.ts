import { readFileSync } from 'node:fs'
import { DuckDBInstance } from '@duckdb/node-api'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { at, iso, num } from '../../src/change/row-value.js'
import { expressionOf, Untranslatable } from '../../src/pipeline/expression.js'
import { isRefusedValue } from '../../src/pipeline/plan-sql.js'
import { SqlTranslator } from '../../src/pipeline/sql-expression.js'
import { type OddRow, OddRows, told } from './odd-rows.js'

const odd = new OddRows(await DuckDBInstance.create(':memory:'))
beforeAll(() => odd.load())
afterAll(() => odd.close())

type Compute = (row: OddRow) => unknown

/** The expressions in the first column of the table of docs/pipelines-sql.md whose heading is `heading`. */
function documented(heading: string): [string, Compute][] {
  const markdown = readFileSync('docs/pipelines-sql.md', 'utf8')
  const [, table = ''] = markdown.split(`\n| ${heading} |`)
  const rows = (table.split('\n\n')[0] ?? '').split('\n').slice(2)
  const cells = rows.map(row => row.replaceAll('\\|', '\u0000').split('|')[1] ?? '')
  const sources = cells.flatMap(cell =>
    [...cell.matchAll(/(`+) ?(.*?) ?\1/g)].map(([, , source = '']) => source),
  )
  return sources.map(written => {
    const source = written.replaceAll('\u0000', '|')
    return [source, new Function('num', 'at', 'iso', `return row => ${source}`)(num, at, iso) as Compute]
  })
}

test.each(documented('translated'))('%s is translated, as documented', async (_, compute) => {
  try {
    const found = await odd.evaluate(compute)
    expect(found).toEqual(odd.rows.map(row => told(compute(row) ?? null)))
  } catch (error) {
    if (!isRefusedValue(error)) throw error
  }
})

test.each(documented('refused'))('%s is refused, as documented', (_, compute) => {
  expect(() => new SqlTranslator([odd.sqlRow]).value(expressionOf(compute))).toThrow(Untranslatable)
})

test('the document has both kinds', () => {
  expect(documented('translated').length).toBeGreaterThan(60)
  expect(documented('refused').length).toBeGreaterThan(20)
})
