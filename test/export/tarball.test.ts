import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { tarball } from '../../src/export/tarball.js'

const folder = mkdtempSync(join(tmpdir(), 'obslab-tarball-'))
afterAll(() => rmSync(folder, { recursive: true }))

const long = `package/${'folder/'.repeat(18)}file.js`
const files = [
  { path: 'package/run.js', content: Buffer.from('x'.repeat(512)), executable: true },
  { path: long, content: Buffer.from('é'), executable: false },
  { path: 'package/empty', content: Buffer.alloc(0), executable: false },
]

test('tar unpacks what was packed: bytes, long paths, and what may be run', () => {
  writeFileSync(join(folder, 'packed.tgz'), tarball(files))
  execFileSync('tar', ['xzf', 'packed.tgz'], { cwd: folder })
  for (const { path, content, executable } of files) {
    expect(readFileSync(join(folder, path))).toEqual(content)
    expect((statSync(join(folder, path)).mode & 0o111) !== 0).toBe(executable)
  }
})

test('the same files give the same bytes, which name no system', () => {
  const packed = tarball(files)
  expect(packed.equals(tarball(files))).toBe(true)
  expect([...packed.subarray(4, 8), packed[9]]).toEqual([0, 0, 0, 0, 255])
})
