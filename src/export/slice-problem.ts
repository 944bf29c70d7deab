import { ObslabError } from '../errors.js'

/** An `export-refused` error. */
export function refused(message: string, cause?: unknown): ObslabError {
  return new ObslabError('export-refused', message, { cause })
}

/** How a message tells the way from a pipeline to a name: `vitals uses bounds, which uses limit`; of itself, that it is exported. */
export function wayText(way: readonly string[]): string {
  const [first, second, ...more] = way
  if (second === undefined) return `${first} is exported`
  return [`${first} uses ${second}`, ...more.map(name => `which uses ${name}`)].join(', ')
}
