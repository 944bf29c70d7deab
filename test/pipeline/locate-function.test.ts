import { expect, test } from 'vitest'
import { openmrs } from '../../src/openmrs/openmrs.js'
import { checkFunctions } from '../../src/pipeline/check-functions.js'
import { locateIn } from '../../src/pipeline/locate-function.js'
import { pipeline } from '../../src/pipeline/pipeline.js'
import { PlanSource } from '../../src/pipeline/plan-source.js'

const limits = { low: 5 }

test('a finding tells file, line and column of its expression in the TypeScript it was written in', async () => {
  const { plan } = pipeline('p')
    .from(openmrs.obs)
    .filter((o: { value_numeric: number | null }): boolean => o.value_numeric! < limits.low)
    .to('t')
  const source = await PlanSource.ofFile('test/pipeline/locate-function.test.ts')
  const [finding] = checkFunctions(plan, locateIn(source))
  expect(finding?.place).toMatchObject({
    file: 'test/pipeline/locate-function.test.ts',
    line: 13,
    column: 63,
  })
  expect(finding?.sentence).toContain('(test/pipeline/locate-function.test.ts:13:63)')
})

test('a finding tells the cell, whatever a tool made of names of other cells', async () => {
  const source = await PlanSource.ofCells(
    ['const limit = 5', 'rows.filter(o =>\n  o.value_numeric < limit)'],
    '.',
  )
  const running = new Function('exports', 'return o => o.value_numeric < exports.limit')({ limit: 5 })
  const { plan } = pipeline('p').from(openmrs.obs).filter(running).to('t')
  const [finding] = checkFunctions(plan, locateIn(source))
  expect(finding?.place).toMatchObject({ file: 'cell 2', line: 2, column: 3 })
})

test('a function that is not in the source has no place', async () => {
  const source = await PlanSource.ofCells(['const limit = 5'], '.')
  expect(locateIn(source)((row: never) => row, 0)).toBeNull()
})
