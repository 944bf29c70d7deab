import { existsSync, mkdtempSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import type { Clock } from '../../src/clock.js'
import { type Holder, thisProcess } from '../../src/job/holder.js'
import { Lease, stateHolder } from '../../src/job/lease.js'

const folders = mkdtempSync(join(tmpdir(), 'obslab-lease-'))
afterAll(() => rmSync(folders, { recursive: true }))

const now = Date.parse('2026-03-01T10:00:00Z')
const clock: Clock = { now: () => now, sleep: () => new Promise(() => {}) }
let made = 0

/** A state folder that says who has it, as of some seconds ago. */
function heldBy(holder: unknown, seconds: number): string {
  const folder = mkdtempSync(join(folders, `${made++}-`))
  const file = join(folder, 'holder.json')
  writeFileSync(file, typeof holder === 'string' ? holder : JSON.stringify(holder))
  utimesSync(file, now / 1000 - seconds, now / 1000 - seconds)
  return folder
}

const elsewhere: Holder = { host: 'elsewhere', pid: 1, since: 0 }
const here: Holder = { host: hostname(), pid: process.ppid, since: 0 }
const gone: Holder = { host: hostname(), pid: 2 ** 22 + 1, since: 0 }
const self = thisProcess(now)

test.each([
  ['another machine that showed itself just now', elsewhere, 20, elsewhere],
  ['another machine that did not for long', elsewhere, 40, null],
  ['a live process of this machine', here, 20, here],
  ['a process of this machine that is gone', gone, 1, null],
  ['an earlier process of the same number, as in a container', { ...self, since: 0 }, 20, null],
  ['this one', self, 1, null],
  ['nobody: the file is torn', '{"host":"else', 1, null],
])('a folder that is held by %s is told as such', async (_, holder, seconds, expected) => {
  expect(await new Lease(heldBy(holder, seconds), self, clock).holder()).toEqual(expected)
})

test('a lease that was taken is seen by others, is private, and is gone when it is released', async () => {
  const folder = join(folders, 'new', 'state')
  const lease = new Lease(folder, self, clock)
  expect(await stateHolder(folder, clock)).toBeNull()
  await lease.take()
  expect(await stateHolder(folder, clock)).toEqual(self)
  expect(statSync(folder).mode & 0o777).toBe(0o700)
  expect(statSync(join(folder, 'holder.json')).mode & 0o777).toBe(0o600)
  await lease.release()
  expect(existsSync(join(folder, 'holder.json'))).toBe(false)
})

test('a lease that another has taken meanwhile is left to that one', async () => {
  const folder = join(folders, 'taken')
  const lease = new Lease(folder, self, clock)
  await lease.take()
  writeFileSync(join(folder, 'holder.json'), JSON.stringify(elsewhere))
  await lease.release()
  expect(await stateHolder(folder, clock)).toEqual(elsewhere)
})

test('a lease is renewed as long as it is held', async () => {
  let time = now
  const waits: (() => void)[] = []
  const ticking: Clock = { now: () => time, sleep: () => new Promise(resolve => waits.push(resolve)) }
  const folder = join(folders, 'renewed')
  const lease = new Lease(folder, self, ticking)
  await lease.take()
  time += 60_000
  waits.shift()!()
  await expect.poll(() => statSync(join(folder, 'holder.json')).mtimeMs).toBe(time)
  await lease.release()
})
