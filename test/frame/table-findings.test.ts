import { expect, test } from 'vitest'
import type { Change } from '../../src/change/change.js'
import type { TopicRead } from '../../src/frame/table-findings.js'
import { change, position } from './changes.js'
import { tableOf } from './tables-of.js'

const read = (parts: Partial<TopicRead> & { start?: number; to?: number }): TopicRead => ({
  partitions: [{ partition: 0, start: parts.start ?? 0, from: parts.start ?? 0, to: parts.to ?? 2 }],
  whole: parts.whole ?? true,
  compacted: parts.compacted ?? false,
})
const created = change('c', { id: 1 }, { id: 1 })
const updated = change('u', { id: 2 }, { id: 2 }, { id: 2 })
const snapshot = change('r', { id: 1 }, { id: 1 }, null, {
  source: { ...position(5), snapshot: 'last', serverId: 0 },
})

test.each<[string, Change[], TopicRead | null, string[]]>([
  ['a topic from its first record has none', [created, created], read({}), []],
  ['updates of rows that nothing brought', [created, updated], read({}), ['row-never-seen']],
  [
    'a topic whose first records are gone',
    [created, created],
    read({ start: 7, to: 9 }),
    ['history-incomplete'],
  ],
  ['not so when a snapshot was read whole', [created, snapshot], read({ start: 7, to: 9 }), []],
  [
    'a compacted topic that lacks records',
    [created, created],
    read({ compacted: true, to: 9 }),
    ['history-compacted'],
  ],
  ['a compacted topic that has all', [created, created], read({ compacted: true }), []],
  [
    'a compacted topic of which a part was read',
    [created],
    read({ compacted: true, whole: false, to: 9 }),
    [],
  ],
  ['nothing is concluded when nobody says what was read', [created], null, []],
])('%s', (_, changes, read, codes) => {
  expect(
    tableOf(changes, { read })
      .findings()
      .map(({ code }) => code),
  ).toEqual(codes)
})

test('findings are the same however often they are asked for', () => {
  const table = tableOf([created, updated], { read: read({}) })
  expect(table.findings()).toEqual(table.findings())
  expect(table.findings()[0]!.evidence!.count).toBe(1)
})
