import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { ObslabError } from '../../src/errors.js'
import { onDisk } from '../../src/source/disk.js'

test.skipIf(!existsSync('/dev/full'))('a full disk is a named error that says so', async () => {
  const writing = onDisk('write to', '/dev/full', () => writeFile('/dev/full', 'some bytes'))
  await expect(writing).rejects.toMatchObject({ code: 'disk-failed' })
  await expect(writing).rejects.toThrow('Could not write to /dev/full: the disk is full.')
})

test('a file that is missing is a named error with its cause', async () => {
  const path = '/there/is/no/such/file'
  const reading = onDisk('read', path, () => readFile(path))
  await expect(reading).rejects.toMatchObject({ code: 'disk-failed', cause: { code: 'ENOENT' } })
})

test('errors that are not of the file system pass', async () => {
  const own = new ObslabError('batch-corrupt', 'damaged')
  for (const error of [own, new TypeError('a bug')]) {
    const work = onDisk('read', 'a file', () => Promise.reject(error))
    await expect(work).rejects.toBe(error)
  }
})
