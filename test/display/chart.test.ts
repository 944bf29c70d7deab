import { expect, test } from 'vitest'
import { chart } from '../../src/display/chart.js'
import { Frame } from '../../src/frame/frame.js'

const frame = Frame.from([
  { weight: 61.5, big: 9007199254740993n },
  { weight: 70, big: 2n },
])
const points = { mark: 'point', encoding: { x: { field: 'weight', type: 'quantitative' } } }

test('a chart is drawn as SVG without a browser', async () => {
  const svg = await chart(frame, points).svg()
  expect(svg).toMatch(/^<svg /)
  expect(svg.match(/aria-roledescription="point"/g)).toHaveLength(2)
})

test('a notebook gets Vega-Lite as an object, SVG and a sentence', async () => {
  const bundle = await chart(frame, points).mimeBundle()
  expect(Object.keys(bundle)).toEqual(['application/vnd.vegalite.v5+json', 'image/svg+xml', 'text/plain'])
  expect(bundle['text/plain']).toBe("chart of 2 rows; .svg() or .save('chart.svg') gives the picture")
})

test('a sensitive column is not in the data of a chart, and no 64-bit number is rounded', () => {
  const [weight, big] = frame.columns
  const masked = Frame.fromColumns([weight!.withSensitive(true), big!])
  expect(chart(masked, points).spec.data).toEqual({ values: [{ big: '9007199254740993' }, { big: 2 }] })
})

test('more rows than a browser can draw are refused with what to do', () => {
  const long = Frame.from(Array.from({ length: 20_001 }, (_, i) => ({ i })))
  expect(() => chart(long, points)).toThrow(
    'A chart takes at most 20,000 rows, but the frame has 20,001. Aggregate it first',
  )
})
