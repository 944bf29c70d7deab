import { ObslabError } from './errors.js'

/**
 * Loads an optional package at its first use: `loadPackage('apache-arrow', 'arrow()', () => import('apache-arrow'))`.
 * Not installed, it is a `package-missing` error that names what needs it and how to install it.
 */
export async function loadPackage<T>(name: string, neededBy: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load()
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (code !== 'ERR_MODULE_NOT_FOUND' && code !== 'MODULE_NOT_FOUND') throw error
    throw new ObslabError('package-missing', `${neededBy} needs the package ${name}: npm install ${name}`, {
      cause: error,
    })
  }
}
