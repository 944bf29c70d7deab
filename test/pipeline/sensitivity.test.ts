import { expect, test } from 'vitest'
import { z } from 'zod'
import { topic } from '../../src/change/topic.js'
import { count, last } from '../../src/pipeline/aggregate.js'
import { pipeline } from '../../src/pipeline/pipeline.js'
import { sensitiveColumns } from '../../src/pipeline/sensitivity.js'

interface Note {
  id: number
  person: number
  at: number
  text: string
}
const notes = topic<Note>('notes', z.custom<Note>(), { key: ['id'], sensitive: ['text'] })

test('a column is sensitive when one of its functions may read a sensitive column', () => {
  const summary = pipeline('summary')
    .from(notes)
    .filter(note => note.text !== '')
    .groupBy(note => ({ person: note.person }))
    .aggregate({
      notes: count(),
      newest: last(note => note.text, { by: note => note.at }),
      length: last(note => note.text.length, { by: note => note.at }),
      urgent: count({ where: note => note.text.startsWith('!') }),
      at: last(note => note.at, { by: note => note.at }),
      escaped: last(note => Object.keys(note).length, { by: note => note.at }),
    })
    .to('summary')
  const columns = ['person', 'notes', 'newest', 'length', 'urgent', 'at', 'escaped']
  expect([...sensitiveColumns(summary.plan.root, columns)]).toEqual(['newest', 'length', 'urgent', 'escaped'])
})

test('a key made from a sensitive column makes every key column sensitive, through a second aggregate too', () => {
  const byText = pipeline('by-text')
    .from(notes)
    .groupBy(note => ({ text: note.text }))
    .aggregate({ notes: count() })
    .groupBy(row => ({ initial: row.text }))
    .aggregate({ texts: count() })
    .to('by-text')
  expect([...sensitiveColumns(byText.plan.root, ['initial', 'texts'])]).toEqual(['initial'])
})
