import { expect, test } from 'vitest'
import { TopicFindings } from '../../src/change/topic-findings.js'

function of(add: (findings: TopicFindings) => void): TopicFindings {
  const findings = new TopicFindings('p.d.t')
  add(findings)
  return findings
}

test('a code is one finding, with how often it was met, where first, and in which columns', () => {
  const findings = of(found => {
    for (let offset = 5; offset < 10; offset++) {
      found.reading({ partition: 1, offset })
      found.add('zero-date', { columns: [offset % 2 === 0 ? 'died' : 'born'] })
    }
  })
  expect(findings.list).toHaveLength(1)
  expect(findings.list[0]).toMatchObject({
    code: 'zero-date',
    severity: 'warning',
    evidence: {
      count: 5,
      first: [5, 6, 7].map(offset => ({ topic: 'p.d.t', partition: 1, offset })),
      columns: ['born', 'died'],
    },
  })
  expect(findings.list[0]?.sentence).toContain('(5 times, first at p.d.t:1:5, columns born, died)')
})

test('two columns of one record are one place', () => {
  const findings = of(found => {
    found.reading({ partition: 0, offset: 3 })
    found.add('zero-date', { columns: ['a'] })
    found.add('zero-date', { columns: ['b'] })
  })
  expect(findings.list[0]?.evidence).toMatchObject({ count: 2, first: [{ offset: 3 }], columns: ['a', 'b'] })
})

test.each<[string, (findings: TopicFindings) => void, string]>([
  [
    'once at a record',
    found => found.add('truncated', { at: { partition: 0, offset: 7 } }),
    '(at p.d.t:0:7)',
  ],
  ['once, no record to blame', found => found.add('cascade-possible', { at: null }), 'without an event. '],
  ['often', found => found.add('redelivered', { at: null, count: 12_345 }), '(12,345 times)'],
  [
    'in many columns',
    found => found.add('types-inferred', { at: null, columns: [...'abcdefghijkl'] }),
    '(columns a, b, c, d, e, f, g, h, i, j and 2 more)',
  ],
])('the sentence tells what was met %s', (_, add, told) => {
  expect(of(add).list[0]?.sentence).toContain(told)
})

test('errors come before warnings, and those before information', () => {
  const findings = of(found => {
    found.add('redelivered')
    found.add('server-changed')
    found.add('quarantined')
  })
  expect(findings.list.map(({ severity }) => severity)).toEqual(['error', 'warning', 'information'])
  expect([findings.has('quarantined'), findings.has('truncated')]).toEqual([true, false])
})
