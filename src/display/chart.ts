import { writeFile } from 'node:fs/promises'
import type { Row } from '../change/column-type.js'
import { ObslabError } from '../errors.js'
import type { Frame } from '../frame/frame.js'
import { printAs } from '../inspect.js'
import { loadPackage } from '../optional-package.js'
import type { SlowlyShowable } from './show.js'

/** A Vega-Lite 5 specification without its data, which the frame gives. */
export type ChartSpec = Readonly<Record<string, unknown>>

/** Points a chart takes at most: a browser draws more, but no longer at once. */
const rowLimit = 20_000

/** A frame drawn by a Vega-Lite specification. Sensitive columns are left out of its data. */
export class Chart implements SlowlyShowable {
  /** The complete Vega-Lite 5 specification, data included. */
  readonly spec: ChartSpec

  constructor(spec: ChartSpec) {
    this.spec = spec
  }

  /** The chart as SVG text. Needs vega and vega-lite (`package-missing`). */
  async svg(): Promise<string> {
    const { vega, vegaLite } = await loadVega()
    const logger = vega.logger(vega.None)
    const compiled = vegaLite.compile(this.spec as never, { logger }).spec
    return new vega.View(vega.parse(compiled), { renderer: 'none', logger }).toSVG()
  }

  /** Writes the chart as SVG to a file. */
  async save(path: string): Promise<void> {
    await writeFile(path, await this.svg())
  }

  /** Vega-Lite for JupyterLab, SVG for viewers without it, a sentence for the rest. */
  async mimeBundle(): Promise<Readonly<Record<string, unknown>>> {
    return {
      'application/vnd.vegalite.v5+json': this.spec,
      'image/svg+xml': await this.svg(),
      'text/plain': describe(this),
    }
  }
}
printAs(Chart, describe)

/**
 * A chart of a frame. `spec` is a Vega-Lite 5 specification without `data`, within what version 5.6 knows: JupyterLab
 * embeds that one. DATETIME and TIMESTAMP columns are milliseconds, which Vega-Lite takes as `temporal`; bigints are
 * numbers where a number holds them and text beyond. Sensitive columns are not in the data: a chart of one stays empty. More than 20,000 rows are a
 * `too-many-rows` error: aggregate them first.
 */
export function chart<R extends object>(frame: Frame<R>, spec: ChartSpec): Chart {
  if (frame.length > rowLimit) {
    throw new ObslabError(
      'too-many-rows',
      `A chart takes at most ${rowLimit.toLocaleString('en')} rows, but the frame has ` +
        `${frame.length.toLocaleString('en')}. Aggregate it first, or take frame.head(${rowLimit}).`,
    )
  }
  const names = frame.columns.filter(column => !column.sensitive).map(({ name }) => name)
  const values = frame.rows().map(row =>
    Object.fromEntries(
      names.map(name => {
        const value = (row as Row)[name]
        return [name, typeof value === 'bigint' ? drawable(value) : value]
      }),
    ),
  )
  return new Chart({
    $schema: 'https://vega.github.io/schema/vega-lite/v5.json',
    ...spec,
    data: { values },
  })
}

function drawable(value: bigint): number | string {
  return Number.isSafeInteger(Number(value)) ? Number(value) : value.toString()
}

function describe(drawn: Chart): string {
  const { values } = drawn.spec.data as { values: readonly unknown[] }
  return `chart of ${values.length.toLocaleString('en')} rows; .svg() or .save('chart.svg') gives the picture`
}

async function loadVega(): Promise<{ vega: typeof import('vega'); vegaLite: typeof import('vega-lite') }> {
  const vega = await loadPackage('vega@5.33.0', 'a chart', () => import('vega'))
  return { vega, vegaLite: await loadPackage('vega-lite@5.23.0', 'a chart', () => import('vega-lite')) }
}
