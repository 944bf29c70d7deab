import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { type TopicFindingKind, topicFindingCodes } from '../../src/change/topic-finding-codes.js'

const document = path.join(import.meta.dirname, '../../docs/findings.md')
const kinds = Object.entries(topicFindingCodes) as [string, TopicFindingKind][]

function wrapped(text: string, indent = ''): string {
  const lines = ['']
  for (const word of text.split(' ')) {
    const line = lines.at(-1)!
    if (line !== '' && `${indent}${line} ${word}`.length > 110) lines.push(word)
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`
  }
  return lines.join(`\n${indent}`)
}

function rendered(): string {
  const rows = kinds.map(
    ([code, { severity, meaning }]) => `| [\`${code}\`](#${code}) | ${severity} | ${meaning} |`,
  )
  const sections = kinds.map(
    ([code, { meaning, cause, cure }]) =>
      `## \`${code}\`\n\n${wrapped(meaning)}\n\n` +
      `- ${wrapped(`Cause: ${cause}`, '  ')}\n- ${wrapped(`Cure: ${cure}`, '  ')}\n`,
  )
  return `# Findings about a topic

${wrapped(
  'Reading a topic never fails for what its records hold: what is surprising about them is gathered as findings, one for ' +
    'each code, with how often it was met, where first and in which columns, and never with a value of a row. An error ' +
    'means that rows are missing, a warning that they may be wrong or old; information is worth knowing.',
)}

Codes are stable between versions.

| code | severity | meaning |
| --- | --- | --- |
${rows.join('\n')}

${sections.join('\n')}`
}

test('docs/findings.md lists every code with its severity, meaning, cause and cure (OBSLAB_WRITE_DOCS=1 writes it)', () => {
  if (process.env.OBSLAB_WRITE_DOCS === '1') writeFileSync(document, rendered())
  expect(readFileSync(document, 'utf8')).toBe(rendered())
})

test('every text of a code is whole sentences', () => {
  const isWhole = ({ meaning, cause, cure }: TopicFindingKind): boolean =>
    /^[A-Z]/.test(meaning) && [meaning, cause, cure].every(text => text.endsWith('.'))
  expect(kinds.filter(([, kind]) => !isWhole(kind)).map(([code]) => code)).toEqual([])
})
