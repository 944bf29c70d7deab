import { execFile } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { type Cell, type Notebook, stableText } from './notebook.js'

const notebooks = readdirSync('notebooks').filter(name => name.endsWith('.ipynb'))

/** Runs a notebook in tslab's executor; a failing cell is in the result, not an exception. */
async function execute(path: string): Promise<{ failed: boolean; cells: Cell[] }> {
  const run = promisify(execFile)(
    process.execPath,
    ['node_modules/tsx/dist/cli.mjs', 'test/notebooks/kernel.ts', path],
    {
      maxBuffer: 256 << 20,
    },
  )
  const { stdout } = await run.catch((failure: { stdout: string }) => failure)
  return JSON.parse(stdout)
}

const texts = (cells: readonly Cell[]): string[][] => cells.map(cell => (cell.outputs ?? []).map(stableText))

test('there are notebooks to check', () => {
  expect(notebooks).not.toEqual([])
})

test.each(notebooks)(
  '%s runs in tslab and shows what its committed outputs show',
  { timeout: 120_000 },
  async name => {
    const committed = JSON.parse(readFileSync(`notebooks/${name}`, 'utf8')) as Notebook
    const { failed, cells } = await execute(`notebooks/${name}`)
    expect(failed, JSON.stringify(cells.findLast(cell => cell.outputs?.length)?.outputs)).toBe(false)
    expect(texts(cells)).toEqual(texts(committed.cells))
  },
)
