import { beforeAll, expect, test } from 'vitest'
import {
  formatLag,
  statusLines,
  type TailView,
  tailHtml,
  tailRows,
  tailText,
} from '../../src/display/tail-view.js'
import type { ChangeRecord } from '../../src/frame/change-record.js'
import { connect } from '../../src/lab.js'

const lag = { databaseToDebezium: 12, debeziumToKafka: 3, kafkaToHere: 1_500, wholeSeconds: false }
const view = (parts: Partial<TailView> = {}): TailView => ({
  topic: 'obs',
  state: 'following',
  changes: 1_234,
  redelivered: 0,
  rate: 2.345,
  lag,
  latest: [],
  ...parts,
})

let changes: ChangeRecord[]
beforeAll(async () => {
  const lab = await connect()
  const tail = await lab.tail('person_name', { speed: Number.POSITIVE_INFINITY, keep: 500 })
  changes = []
  for await (const change of tail) changes.push(change)
  await lab.close()
})

test('the status says what it does, how much came, how fast and how late', () => {
  expect(statusLines(view())).toEqual([
    'obs · following · 1,234 changes · 2.3/s',
    'lag: database → Debezium 12 ms → Kafka 3 ms → here 1.5 s',
  ])
  expect(
    statusLines(
      view({ redelivered: 5, rate: 12_345, lag: { ...lag, kafkaToHere: null, wholeSeconds: true } }),
    ),
  ).toEqual([
    'obs · following · 1,234 changes · 5 delivered before · 12,345/s',
    'lag: database → Debezium 12 ms (whole seconds) → Kafka 3 ms',
  ])
})

test.each([
  [null, '–'],
  [-20, '-20 ms'],
  [999, '999 ms'],
  [1_500, '1.5 s'],
  [600_000, '10 min'],
  [10 * 3_600_000, '10 h'],
  [5 * 86_400_000, '5 days'],
])('a lag of %j is %s', (ms, text) => {
  expect(formatLag(ms)).toBe(text)
})

test('the HTML has as many rows of the same height whatever there is to show, so that nothing moves', () => {
  for (const latest of [[], changes.slice(0, 3), changes.slice(-tailRows)]) {
    const html = tailHtml(view({ latest }))
    expect(html.match(/<tr[ >]/g)).toHaveLength(tailRows + 1)
    expect(html.match(/<td /g)).toHaveLength(tailRows * 5)
    expect(html).toContain('table-layout:fixed')
  }
})

test('the newest change comes first, in text and HTML, and names are masked in both', () => {
  const latest = changes.slice(-3)
  const [newest, oldest] = [latest.at(-1)!, latest[0]!]
  const at = ({ partition, offset }: ChangeRecord): string => `${partition}:${offset}`
  for (const shown of [
    tailText(view({ latest })),
    tailHtml(view({ latest })).replace(/ title="[^"]*"/g, ''),
  ]) {
    expect(shown.indexOf(at(newest))).toBeLessThan(shown.indexOf(at(oldest)))
    expect(shown).not.toContain((newest.after ?? newest.before)!.family_name)
  }
})
