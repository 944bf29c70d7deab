import { expect, test } from 'vitest'
import { findingsBundle, isFindings } from '../../src/display/findings.js'
import type { Finding } from '../../src/finding.js'

const findings: Finding[] = [
  { code: 'quarantined', severity: 'error', sentence: 'Two records <obs> could not be decoded.' },
  { code: 'redelivered', severity: 'information', sentence: 'Changes came twice.' },
]

test('findings are lines of severity, sentence and code', () => {
  expect(findingsBundle(findings)['text/plain']).toBe(
    'error: Two records <obs> could not be decoded. [quarantined]\ninformation: Changes came twice. [redelivered]',
  )
})

test('what a finding says is escaped in HTML', () => {
  const html = findingsBundle(findings)['text/html']
  expect(html).toContain('Two records &lt;obs&gt; could not be decoded.')
  expect(html).not.toContain('<obs>')
})

test.each<[string, unknown, boolean]>([
  ['a list of findings', findings, true],
  ['an empty list', [], false],
  ['numbers', [1, 2], false],
  ['a list with something else in it', [...findings, null], false],
  ['objects of another severity', [{ code: 'a', severity: 'fatal', sentence: 'b' }], false],
  ['a text', 'findings', false],
])('%s is told from findings: %#', (_what, value, is) => {
  expect(isFindings(value)).toBe(is)
})
