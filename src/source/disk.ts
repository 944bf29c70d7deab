import { ObslabError } from '../errors.js'

/** The codes Node gives to what a disk or its permissions refuse. */
const refusals: Readonly<Record<string, string>> = {
  EACCES: 'there is no permission',
  EPERM: 'there is no permission',
  EROFS: 'the file system is read-only',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EMFILE: 'too many files are open',
  ENFILE: 'too many files are open',
  EIO: 'the disk failed',
  ENOENT: 'it does not exist',
  ENOTDIR: 'part of the path is not a folder',
  ENAMETOOLONG: 'the name is too long',
}

/**
 * Runs `work` and gives errors of the file system as `disk-failed` errors that say what could not be done to `path`.
 * Other errors pass.
 */
export async function onDisk<T>(doing: string, path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw diskError(doing, path, error)
  }
}

/** `error` as a `disk-failed` error when it is one of the file system; else `error` itself. */
export function diskError(doing: string, path: string, error: unknown): unknown {
  const code = errnoOf(error)
  if (code === undefined || error instanceof ObslabError) return error
  const why = refusals[code] ?? `the system says ${code}`
  return new ObslabError('disk-failed', `Could not ${doing} ${path}: ${why}.`, { cause: error })
}

/** The system's code of an error (`ENOENT`), or undefined for other errors. */
export function errnoOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error) || !('syscall' in error)) return undefined
  return typeof error.code === 'string' ? error.code : undefined
}
