import { expect, test } from 'vitest'
import { flatObs } from '../../src/openmrs/flat-obs.js'
import { hivSummary } from '../../src/openmrs/hiv-summary.js'
import { vitals } from '../../src/openmrs/vitals.js'
import {
  type OutputDeclaration,
  outputChanges,
  outputDeclaration,
} from '../../src/pipeline/output-changes.js'

const before: OutputDeclaration = {
  output: 'care',
  key: ['encounter_id', 'person_id'],
  columns: [
    { name: 'encounter_id', kind: 'int', nullable: false },
    { name: 'person_id', kind: 'int', nullable: false },
    { name: 'weight', kind: 'double', nullable: true },
    { name: 'sex', kind: 'text', nullable: false, enumValues: ['F', 'M'] },
    {
      name: 'obs',
      kind: 'json',
      nullable: false,
      columns: [{ name: 'value', kind: 'text', nullable: false }],
    },
  ],
  settings: { 'retention.ms': '-1' },
}

function but(name: string, change: object): OutputDeclaration {
  return { ...before, columns: before.columns!.map(one => (one.name === name ? { ...one, ...change } : one)) }
}

test.each<[string, OutputDeclaration, [string, string, string][]]>([
  ['nothing', before, []],
  [
    'a new column',
    { ...before, columns: [...before.columns!, { name: 'bmi', kind: 'double', nullable: true }] },
    [['output-changed', 'bmi', 'has a new column bmi, double']],
  ],
  [
    'a removed column',
    { ...before, columns: before.columns!.slice(0, -1) },
    [['output-breaking', 'obs', 'has no column obs any more']],
  ],
  [
    'a renamed column',
    but('weight', { name: 'weight_kg' }),
    [
      ['output-breaking', 'weight', 'has no column weight any more; weight_kg is new and of its kind'],
      ['output-changed', 'weight_kg', 'has a new column weight_kg'],
    ],
  ],
  [
    'another kind',
    but('weight', { kind: 'decimal' }),
    [['output-breaking', 'weight', 'has decimal in the column weight, and had double']],
  ],
  [
    'null where there was none',
    but('person_id', { nullable: true }),
    [['output-breaking', 'person_id', 'may have null in the column person_id']],
  ],
  [
    'null no longer',
    but('weight', { nullable: false }),
    [['output-changed', 'weight', 'never has null in the column weight any more']],
  ],
  [
    'other texts',
    but('sex', { enumValues: ['F', 'M', 'O'] }),
    [['output-changed', 'sex', 'has other texts in the column sex: F, M, O']],
  ],
  [
    'a column of the objects in a list',
    but('obs', { columns: [{ name: 'value', kind: 'double', nullable: false }] }),
    [['output-breaking', 'obs.value', 'has double in the column obs.value, and had text']],
  ],
  [
    'a shorter key',
    { ...before, key: ['encounter_id'] },
    [
      [
        'output-breaking',
        'encounter_id,person_id',
        'has the key encounter_id, and had encounter_id, person_id',
      ],
    ],
  ],
  [
    'the order of the key',
    { ...before, key: ['person_id', 'encounter_id'] },
    [['output-breaking', 'encounter_id,person_id', 'has the key person_id, encounter_id']],
  ],
  [
    'another topic',
    { ...before, output: 'care2' },
    [['output-breaking', '', 'is written to care2 and no longer to care']],
  ],
  [
    'another setting',
    { ...before, settings: {} },
    [['output-changed', '', 'has retention.ms as the broker sets it, and had -1']],
  ],
])('%s', (_, after, expected) => {
  const findings = outputChanges(before, after)
  expect(findings.map(({ code, evidence }) => [code, evidence?.columns.join()])).toEqual(
    expected.map(([code, columns]) => [code, columns]),
  )
  findings.forEach(({ sentence, severity, code }, i) => {
    expect(sentence).toContain(expected[i]![2])
    expect(severity).toBe(code === 'output-breaking' ? 'error' : 'information')
  })
})

test('the columns of a declaration without any are not compared', () => {
  expect(outputChanges({ ...before, columns: null, key: null }, before)).toEqual([])
})

test.each([vitals, flatObs, hivSummary])('a declaration survives JSON: %#', ({ plan }) => {
  const declaration = outputDeclaration(plan)
  expect(JSON.parse(JSON.stringify(declaration))).toEqual(declaration)
  expect(outputChanges(declaration, outputDeclaration(plan))).toEqual([])
})

test('the columns of the objects in a list are declared', () => {
  const obs = outputDeclaration(flatObs.plan).columns?.find(({ name }) => name === 'obs')
  expect(obs?.columns?.find(({ name }) => name === 'value_type')).toEqual({
    name: 'value_type',
    kind: 'text',
    nullable: true,
    enumValues: ['coded', 'drug', 'datetime', 'numeric', 'text'],
  })
})
