import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { ObslabError } from '../errors.js'

/**
 * Removes the state of a job from its folder, one too that cannot be read, so that the next start computes everything anew.
 * Other files of the folder stay. Whoever calls it makes sure that the job is not running.
 */
export async function removeState(folder: string): Promise<void> {
  for (const name of ['state.mdb', 'state.mdb-lock', 'holder.json']) {
    await rm(join(folder, name), { force: true }).catch((cause: NodeJS.ErrnoException) => {
      throw new ObslabError('disk-failed', `${join(folder, name)} could not be removed (${cause.code}).`, {
        cause,
      })
    })
  }
}
