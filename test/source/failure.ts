import { ObslabError } from '../../src/errors.js'

/** The ObslabError that `read` throws. */
export function failure(read: () => unknown): ObslabError {
  try {
    read()
  } catch (error) {
    if (error instanceof ObslabError) return error
    throw error
  }
  throw new Error('Expected an ObslabError.')
}
