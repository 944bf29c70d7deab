import type { WriteStream } from 'node:tty'
import { type Clock, systemClock } from '../clock.js'
import { cellDisplay } from './notebook.js'

/** How far something is. */
export interface Progress {
  /** Says that `done` of `of` steps are done. Cheap: it draws at most ten times a second. */
  update(done: number, of: number): void
  /** Draws the final state and ends the line. */
  end(): void
}

/** Where and how a progress bar is drawn; everything has a default. */
export interface ProgressOptions {
  /** What is counted, after the numbers. `records` by default. */
  unit?: string
  /** The terminal it is drawn on, standard error by default; anything that is not a terminal gets nothing. */
  stream?: Pick<WriteStream, 'isTTY' | 'columns' | 'write'>
  clock?: Clock
}

const drawInterval = 100
const barWidth = 24

/** A progress bar: in the cell of a notebook, else on the terminal, else silent. */
export function progressBar(label: string, options: ProgressOptions = {}): Progress {
  const { unit = 'records', stream = process.stderr, clock = systemClock } = options
  const cell = cellDisplay()
  const started = clock.now()
  let drawn = Number.NEGATIVE_INFINITY
  let state = { done: 0, of: 0 }
  const draw = (): void => {
    drawn = clock.now()
    const seconds = (drawn - started) / 1000
    const counts = describe(state.done, state.of, seconds, unit)
    if (cell !== null)
      cell.show({ 'text/html': htmlBar(label, state, counts), 'text/plain': `${label} ${counts}` })
    else if (stream.isTTY) stream.write(`\r${textBar(label, state, counts, stream.columns)}\u001b[K`)
  }
  return {
    update(done, of) {
      state = { done, of }
      if (clock.now() - drawn >= drawInterval) draw()
    },
    end() {
      draw()
      if (cell === null && stream.isTTY) stream.write('\n')
    },
  }
}

function describe(done: number, of: number, seconds: number, unit: string): string {
  const rate = seconds > 0.05 ? ` · ${Math.round(done / seconds).toLocaleString('en')}/s` : ''
  const total = done === of ? '' : ` of ${of.toLocaleString('en')}`
  return `${done.toLocaleString('en')}${total} ${unit}${rate}`
}

function share({ done, of }: { done: number; of: number }): number {
  return of === 0 ? 1 : Math.min(1, done / of)
}

function textBar(
  label: string,
  state: { done: number; of: number },
  counts: string,
  columns: number,
): string {
  const filled = Math.round(share(state) * barWidth)
  return `${label} ${'█'.repeat(filled)}${'░'.repeat(barWidth - filled)} ${counts}`.slice(
    0,
    (columns || 80) - 1,
  )
}

function htmlBar(label: string, state: { done: number; of: number }, counts: string): string {
  const escaped = label.replace(/[&<>"]/g, character => `&#${character.charCodeAt(0)};`)
  return `<div style="font-family:monospace"><progress value="${share(state)}" max="1"></progress> ${escaped} ${counts}</div>`
}
