/** Hands values from one who makes them to one who takes them, each when the one before was taken. */
export class Handover<T> {
  #value: { value: T; taken: () => void } | null = null
  #wake: (() => void) | null = null
  #closed = false

  /** Resolves when the value was taken, or nobody takes any more. Call it again only then. */
  put(value: T): Promise<void> {
    if (this.#closed) return Promise.resolve()
    return new Promise(taken => {
      this.#value = { value, taken }
      this.#wake?.()
    })
  }

  /** The next value; undefined when it was closed. */
  async take(): Promise<T | undefined> {
    while (this.#value === null) {
      if (this.#closed) return undefined
      await new Promise<void>(wake => {
        this.#wake = wake
      })
    }
    const { value, taken } = this.#value
    this.#value = null
    taken()
    return value
  }

  /** Lets both sides go on; a value that was not taken is dropped. */
  close(): void {
    this.#closed = true
    this.#value?.taken()
    this.#value = null
    this.#wake?.()
  }
}
