import { randomUUID } from 'node:crypto'
import { open, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'

/** Characters gathered before they are written. */
const pieceSize = 1 << 20

/**
 * Writes lines to a file that appears whole or not at all: they go to a new file beside it, which takes its name once
 * it is on disk. A file that was there is replaced. `mode` is that of the new file.
 */
export async function writeFileWhole(path: string, lines: Iterable<string>, mode: number): Promise<void> {
  const partial = join(dirname(path), `.${basename(path)}.${randomUUID()}.part`)
  const file = await open(partial, 'wx', mode)
  try {
    try {
      let piece = ''
      for (const line of lines) {
        piece += line
        if (piece.length < pieceSize) continue
        await file.write(piece)
        piece = ''
      }
      await file.write(piece)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(partial, path)
  } catch (error) {
    await rm(partial, { force: true })
    throw error
  }
}
