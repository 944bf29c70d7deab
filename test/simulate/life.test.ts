import { describe, expect, test } from 'vitest'
import { Clinic } from '../../src/stack/clinic.js'
import { questions } from '../../src/stack/dictionary.js'
import { life } from '../../src/stack/life.js'
import { population } from '../../src/stack/population.js'
import { schema } from '../../src/stack/schema.js'
import type { SqlValue, Step, StepKind } from '../../src/stack/statement.js'

const start = Date.UTC(2026, 2, 2, 6)

function played(
  seed: number,
  patients: number,
  changes: number,
): { clinic: Clinic; before: Step[]; after: Step[] } {
  const clinic = new Clinic(seed, start)
  const before = [...population(clinic, patients)]
  return { clinic, before, after: [...life(clinic, changes)] }
}

const everyKind: readonly StepKind[] = [
  ...([
    'patient',
    'visit',
    'form',
    'loose-obs',
    'edit-in-place',
    'edit-new-version',
    'void',
    'unvoid',
  ] as const),
  ...(['empty-encounter', 'void-encounter', 'unvoid-encounter', 'move', 'reschedule', 'stop-order'] as const),
  ...([
    'change-person',
    'death',
    'delete',
    'key-change',
    'no-change',
    'rollback',
    'types',
    'bulk',
    'alter',
  ] as const),
]

describe('population and life', () => {
  test('the same seed gives the same statements, another seed gives others', () => {
    const { before, after } = played(11, 8, 300)
    expect(played(11, 8, 300)).toMatchObject({ before, after })
    expect(played(12, 8, 300).before).not.toEqual(before)
  })

  test.each([1, 2, 3, 4, 5])('every kind of step is in a short life too (seed %i)', seed => {
    const kinds = new Set(played(seed, 12, 400).after.map(step => step.kind))
    expect([...everyKind].filter(kind => !kinds.has(kind))).toEqual([])
  })

  test('a life changes at least as many rows as asked for, and hardly more', () => {
    const rows = played(6, 30, 3000).after.reduce((sum, step) => sum + step.rows, 0)
    expect(rows).toBeGreaterThanOrEqual(3000)
    expect(rows).toBeLessThan(3100)
  })

  test('the obs of a form share the datetime of its encounter', () => {
    const { before } = played(7, 5, 0)
    const forms = before.filter(step => step.kind === 'form')
    expect(forms.length).toBeGreaterThan(5)
    for (const form of forms) {
      const [encounter] = inserted(form, 'encounter')
      const times = new Set(inserted(form, 'obs').map(obs => obs.obs_datetime))
      expect(times).toEqual(new Set([encounter?.encounter_datetime]))
    }
  })

  test('vital signs are plausible, and nobody shrinks', () => {
    const heights = new Map<SqlValue | undefined, number>()
    const clinic = new Clinic(8, start)
    for (const _ of population(clinic, 60));
    const measured = clinic.obs
    expect(measured.length).toBeGreaterThan(1000)
    for (const { row } of measured.toSorted((a, b) => a.id - b.id)) {
      const value = Number(row.value_numeric)
      if (row.concept_id === questions.weight) expect(value).toSatisfy(within(2, 160))
      if (row.concept_id === questions.temperature) expect(value).toSatisfy(within(35, 41.5))
      if (row.concept_id === questions.pulse) expect(value).toSatisfy(within(40, 190))
      if (row.concept_id !== questions.height) continue
      expect(value).toSatisfy(within(45, 205))
      expect(value).toBeGreaterThanOrEqual(heights.get(row.person_id) ?? 0)
      heights.set(row.person_id, value)
    }
    expect(heights.size).toBeGreaterThan(30)
  })

  test('statements name only tables and columns of the schema', () => {
    const { before, after } = played(9, 6, 500)
    const added = new Set(['address7', 'added'])
    for (const { sql } of [...before, ...after].flatMap(step => step.statements)) {
      const into = /^INSERT INTO (\w+) \(([\w,]+)\)/.exec(sql)
      if (into === null) continue
      const definition = schema[into[1]!]
      expect(definition).toBeDefined()
      for (const column of into[2]!.split(',').filter(name => !added.has(name)))
        expect(definition).toMatch(new RegExp(`^ {2}${column} `, 'm'))
    }
  })

  test('an obs that others refer to is neither deleted nor renumbered', () => {
    const { before, after } = played(10, 20, 2000)
    const referred = new Set<SqlValue | undefined>()
    for (const step of [...before, ...after]) {
      for (const obs of inserted(step, 'obs')) referred.add(obs.obs_group_id).add(obs.previous_version)
      for (const { sql, values } of step.statements)
        if (/^DELETE FROM obs|^UPDATE obs SET obs_id/.test(sql))
          expect(referred.has(values.at(-1))).toBe(false)
    }
    expect(referred.size).toBeGreaterThan(20)
  })
})

function within(low: number, high: number): (value: number) => boolean {
  return value => value >= low && value <= high
}

/** The rows that a step inserts into a table. */
function inserted(step: Step, table: string): Record<string, SqlValue | undefined>[] {
  return step.statements.flatMap(({ sql, values }) => {
    const columns = new RegExp(`^INSERT INTO ${table} \\(([\\w,]+)\\)`).exec(sql)?.[1]?.split(',')
    if (columns === undefined) return []
    return Array.from({ length: values.length / columns.length }, (_, row) =>
      Object.fromEntries(columns.map((column, index) => [column, values[row * columns.length + index]])),
    )
  })
}
