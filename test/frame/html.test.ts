import { expect, test } from 'vitest'
import { columnOf } from '../../src/frame/column-builder.js'
import { Frame } from '../../src/frame/frame.js'

test('no cell and no column name can become markup', () => {
  const evil = `<script>alert("1")</script><img src=x onerror='x'>&`
  const html = Frame.from([{ [evil]: evil }]).html()
  expect(html).not.toMatch(/<script|<img/)
  expect(html).toContain(
    '&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&lt;img src=x onerror=&#39;x&#39;&gt;&amp;',
  )
  expect(html.match(/&lt;script/g)).toHaveLength(2)
})

test('integers have all their digits, times their zone, sensitive values are masked', () => {
  const frame = Frame.fromColumns([
    columnOf('id', [18446744073709551615n]),
    columnOf('at', [0], { kind: 'timestamp' }),
    columnOf('name', ['Amina'], { sensitive: true }),
  ])
  const html = frame.html()
  expect(html).toContain('>18446744073709551615<')
  expect(html).toContain('>timestamp (UTC)<')
  expect(html).toContain('>1970-01-01T00:00:00Z<')
  expect(html).toContain('>•••<')
  expect(html).not.toContain('Amina')
  expect(frame.html({ unmask: true })).toContain('>Amina<')
})

test('the first rows are shown and all are counted', () => {
  const frame = Frame.from(Array.from({ length: 1234 }, (_, i) => ({ i })))
  expect(frame.html().match(/<td/g)).toHaveLength(20)
  expect(frame.html()).toContain('20 of 1,234 rows × 1 column')
})

test('a notebook gets HTML and text, both masked', () => {
  const frame = Frame.fromColumns([columnOf('name', ['Amina'], { sensitive: true })])
  expect(frame.mimeBundle()).toEqual({ 'text/html': frame.html(), 'text/plain': frame.text() })
  expect(JSON.stringify(frame.mimeBundle())).not.toContain('Amina')
})
