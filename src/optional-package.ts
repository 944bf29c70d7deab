import { ObslabError } from './errors.js'

/**
 * Loads an optional package at its first use: `loadPackage('apache-arrow', 'arrow()', () => import('apache-arrow'))`.
 * Not installed, it is a `package-missing` error that names what needs it and how to install it; a name may carry the
 * version that is needed, `vega@5.33.0`.
 */
export async function loadPackage<T>(name: string, neededBy: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load()
  } catch (error) {
    if (!isMissing(error, name)) throw error
    throw new ObslabError('package-missing', `${neededBy} needs the package ${name}: npm install ${name}`, {
      cause: error,
    })
  }
}

/** A package that is installed but lacks one of its own is another matter, and its error says which. */
function isMissing(error: unknown, name: string): boolean {
  if (!(error instanceof Error) || !('code' in error)) return false
  const missing = error.code === 'ERR_MODULE_NOT_FOUND' || error.code === 'MODULE_NOT_FOUND'
  return missing && error.message.includes(`'${name.replace(/(?<=.)@.*/, '')}'`)
}
