import { readFileSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { metricDescriptions } from '../../src/job/metrics.js'

const path = 'docs/jobs.md'
const head = '| metric | type | meaning |\n| --- | --- | --- |\n'

/** `OBSLAB_WRITE_DOCS=1` writes the table into the document instead of comparing. */
test('the table of metrics names every metric with its labels, type and help', () => {
  const rows = Object.values(metricDescriptions).map(({ name, labels, type, help }) => {
    const braces = labels.length === 0 ? '' : `{${labels.join(', ')}}`
    return `| \`${name}${braces}\` | ${type} | ${help} |\n`
  })
  const markdown = readFileSync(path, 'utf8')
  const [before, after = ''] = markdown.split(head)
  const shown = after.slice(0, after.indexOf('\n\n') + 1)
  const wanted = rows.join('')
  if (process.env.OBSLAB_WRITE_DOCS === '1')
    writeFileSync(path, `${before}${head}${wanted}${after.slice(after.indexOf('\n\n') + 1)}`)
  else expect(shown).toBe(wanted)
})

test('every stage that a metric tells is explained', () => {
  const markdown = readFileSync(path, 'utf8')
  for (const stage of /: ([\w, ]+)\.$/.exec(metricDescriptions.stage.help)![1]!.split(', '))
    expect(markdown).toContain(`| ${stage} | `)
})
