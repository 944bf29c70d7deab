import type { Clock } from '../clock.js'
import type { CellDisplay } from './notebook.js'

/** What a display shows, by MIME type. */
export type Bundle = Readonly<Record<string, unknown>>

/** Milliseconds between two pictures. */
const interval = 200

/**
 * A display of a notebook's cell that is drawn anew as long as it lives, at most five times a second and only when it
 * looks different, also after its cell has ended.
 */
export class LiveView {
  readonly #display: CellDisplay
  readonly #render: () => Bundle
  readonly #stopped = new AbortController()
  #drawn = ''

  constructor(display: CellDisplay, render: () => Bundle, clock: Clock) {
    this.#display = display
    this.#render = render
    this.#draw()
    this.#run(clock).catch(error => {
      if (!this.#stopped.signal.aborted) throw error
    })
  }

  /** Shows it in the cell that runs now, besides where it was shown before. */
  showHere(): void {
    this.#display.showHere(this.#render())
  }

  /** Draws it for the last time; no timer is left. */
  stop(): void {
    if (this.#stopped.signal.aborted) return
    this.#stopped.abort()
    this.#draw()
  }

  async #run(clock: Clock): Promise<void> {
    for (;;) {
      await clock.sleep(interval, this.#stopped.signal)
      this.#draw()
    }
  }

  #draw(): void {
    const bundle = this.#render()
    const drawn = JSON.stringify(bundle)
    if (drawn === this.#drawn) return
    this.#drawn = drawn
    this.#display.show(bundle)
  }
}
