/**
 * A signal that the first Ctrl-C or SIGTERM aborts, so that a command can end well: nothing half-written, an exit code
 * other than 0. A second one ends the process at once, as it would without.
 */
export function interrupted(): AbortSignal {
  const controller = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => controller.abort(new Error(`interrupted by ${signal}`)))
  }
  return controller.signal
}
