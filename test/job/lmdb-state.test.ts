import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { open } from 'lmdb'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { CellWriter } from '../../src/job/cell-bytes.js'
import type { StateProgress } from '../../src/job/job-state.js'
import { backupState, openJobState, readJobState } from '../../src/job/lmdb-state.js'
import type { Cell } from '../../src/pipeline/cell.js'
import type { OperatorState, StateCodec } from '../../src/pipeline/operator-state.js'

let folders: string
let count = 0
beforeAll(async () => {
  folders = await mkdtemp(join(tmpdir(), 'obslab-state-'))
})
afterAll(async () => {
  await rm(folders, { recursive: true, force: true })
})
const newFolder = (): string => join(folders, `state-${count++}`)

const codec: StateCodec<Cell> = { encode: cell => cell, decode: cell => cell }
const prints = new Map([
  ['0:from', 'a'],
  ['1:latest', 'b'],
])
const name = (operator: string): { operator: string; fingerprint: null } => ({ operator, fingerprint: null })
const progress = (next: number): StateProgress => ({
  phase: { name: 'following' },
  offsets: [{ topic: 't', partition: 0, next }],
  readers: { t: { columns: [['id', 5n]] } },
})
const held = (state: OperatorState<Cell>): unknown => new Map(state.entries())

test('a state is opened as it was committed, with its progress; what was not committed is not in it', async () => {
  const folder = newFolder()
  const first = await openJobState(folder, prints)
  expect([first.kept, first.operators.map(({ found }) => found)]).toEqual([null, ['new', 'new']])
  const rows = first.store.open(name('1:latest/rows'), codec)
  rows.set(1, ['one'])
  rows.set('1', ['text'])
  rows.set('long'.repeat(1000), { a: -0 })
  rows.set(2, 'gone')
  await first.commit(progress(5))
  rows.delete(2)
  rows.set(1, ['uno'])
  await first.commit(progress(6))
  rows.set(3, 'never')
  await first.close()

  const second = await openJobState(folder, prints)
  expect(second.kept).toEqual(progress(6))
  expect(second.operators).toEqual([
    { operator: '0:from', found: 'kept', entries: 0 },
    { operator: '1:latest', found: 'kept', entries: 3 },
  ])
  expect(held(second.store.open(name('1:latest/rows'), codec))).toEqual(
    new Map<unknown, unknown>([
      [1, ['uno']],
      ['1', ['text']],
      ['long'.repeat(1000), { a: -0 }],
    ]),
  )
  await second.close()
  await second.close()
})

test('whoever had the state open before can commit no more, and writes nothing', async () => {
  const folder = newFolder()
  const old = await openJobState(folder, prints)
  const rows = old.store.open(name('1:latest/rows'), codec)
  rows.set(1, 'old')
  await old.commit(progress(1))
  const young = await openJobState(folder, prints)
  rows.set(1, 'older')
  await expect(old.commit(progress(2))).rejects.toMatchObject({ code: 'job-fenced' })
  expect(held(young.store.open(name('1:latest/rows'), codec))).toEqual(new Map([[1, 'old']]))
  await young.commit(progress(2))
  await old.close()
  await young.close()
  expect((await readJobState(folder))?.kept).toEqual(progress(2))
})

test('an operator whose fingerprint differs, is new or gone is told, and its memory is not used', async () => {
  const folder = newFolder()
  const first = await openJobState(folder, prints, { pipeline: 'vitals' })
  first.store.open(name('0:from/rows'), codec).set(1, 1)
  first.store.open(name('1:latest/rows'), codec).set(1, 1)
  await first.commit(progress(1))
  await first.close()
  const second = await openJobState(
    folder,
    new Map([
      ['0:from', 'a'],
      ['1:filter', 'c'],
    ]),
  )
  expect(second.operators).toEqual([
    { operator: '0:from', found: 'kept', entries: 1 },
    { operator: '1:filter', found: 'new', entries: 0 },
    { operator: '1:latest', found: 'gone', entries: 1 },
  ])
  await second.close()
  const third = await openJobState(
    folder,
    new Map([
      ['0:from', 'a'],
      ['1:latest', 'c'],
    ]),
  )
  expect(third.operators[1]).toEqual({ operator: '1:latest', found: 'changed', entries: 1 })
  expect(third.store.open(name('1:latest/rows'), codec).size).toBe(0)
  await third.commit(progress(2))
  await third.close()
  expect((await readJobState(folder))?.operators).toEqual([
    { operator: '0:from', entries: 0, fingerprint: 'a' },
    { operator: '1:latest', entries: 0, fingerprint: 'c' },
  ])
  await expect(openJobState(folder, prints, { pipeline: 'flat_obs' })).rejects.toMatchObject({
    code: 'state-refused',
  })
})

test('a state that was discarded is empty, on disk too', async () => {
  const folder = newFolder()
  const first = await openJobState(folder, prints)
  first.store.open(name('1:latest/rows'), codec).set(1, 1)
  await first.commit(progress(1))
  await first.close()
  const second = await openJobState(folder, prints)
  await second.discard()
  expect([second.kept, second.operators.map(({ found }) => found)]).toEqual([null, ['new', 'new']])
  expect(second.store.open(name('1:latest/rows'), codec).size).toBe(0)
  await second.close()
  expect(await readJobState(folder)).toMatchObject({ kept: null, operators: [] })
})

test('a state is readable by its owner alone', async () => {
  const folder = newFolder()
  await (await openJobState(folder, prints)).close()
  const modes = await Promise.all(
    [folder, join(folder, 'state.mdb'), join(folder, 'state.mdb-lock')].map(
      async path => (await stat(path)).mode,
    ),
  )
  expect(modes.map(mode => (mode & 0o777).toString(8))).toEqual(['700', '600', '600'])
})

/** A process that commits without end: see state-writer.ts. `until` resolves when it has printed that many commits. */
function startWriter(folder: string): { child: ChildProcess; until: (commits: number) => Promise<number> } {
  const child = spawn(process.execPath, ['--import', 'tsx', 'test/job/state-writer.ts', folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let printed: string[] = []
  let look: () => void = () => {}
  child.stdout.on('data', data => {
    printed = [...printed, ...String(data).split('\n').filter(Boolean)]
    look()
  })
  const until = (commits: number): Promise<number> =>
    new Promise(resolve => {
      look = () => {
        if (printed.length >= commits) resolve(Number(printed.at(-1)))
      }
      look()
    })
  return { child, until }
}

/** The commit that a state is of: all that it holds says so. */
async function commitOf(folder: string): Promise<number> {
  const state = await openJobState(folder, new Map([['0:from', 'a']]))
  const next = state.kept!.offsets[0]!.next
  const rows = [...state.store.open(name('0:from/rows'), codec).entries()]
  await state.close()
  expect(rows.length).toBe(200)
  expect(rows.filter(([, row]) => (row as readonly Cell[])[0] !== next)).toEqual([])
  expect(state.kept!.readers).toEqual({ t: next })
  return next
}

test('a process that is killed amid commits leaves one of them, whole, and none that was over is lost', async () => {
  const folder = newFolder()
  for (const commits of [1, 3, 8, 20]) {
    const { child, until } = startWriter(folder)
    const last = await until(commits)
    const ended = once(child, 'exit')
    child.kill('SIGKILL')
    await ended
    expect(await commitOf(folder)).toBeGreaterThanOrEqual(last)
  }
})

test('a state is read and copied while another process commits to it', async () => {
  const folder = newFolder()
  const { child, until } = startWriter(folder)
  const ended = once(child, 'exit')
  try {
    const seen = await until(2)
    const view = await readJobState(folder)
    expect(view).toMatchObject({
      pipeline: null,
      generation: 1,
      operators: [{ operator: '0:from', entries: 200, fingerprint: 'a' }],
    })
    expect(view!.kept!.offsets[0]!.next).toBeGreaterThanOrEqual(seen)
    expect(view!.bytes).toBeGreaterThan(0)
    const copy = newFolder()
    await backupState(folder, copy)
    expect((await stat(copy)).mode & 0o777).toBe(0o700)
    expect(await commitOf(copy)).toBeGreaterThanOrEqual(seen)
    await expect(backupState(folder, copy)).rejects.toMatchObject({ code: 'file-exists' })
    await until(10)
  } finally {
    child.kill('SIGKILL')
    await ended
  }
})

test('a folder without a state is told from one with', async () => {
  expect(await readJobState(newFolder())).toBeNull()
  await expect(backupState(newFolder(), newFolder())).rejects.toMatchObject({ code: 'state-refused' })
})

test.each([
  ['a newer format', 2, /newer version.*remove the folder/],
  ['an older format', 0, /older version.*remove the folder/],
])('a state of %s is refused, with what to do, and left as it is', async (_, format, message) => {
  const folder = newFolder()
  await (await openJobState(folder, prints)).close()
  const before = (await readJobState(folder))!.generation
  await setFormat(folder, format)
  const refused = { code: 'state-refused', message: expect.stringMatching(message) }
  await expect(openJobState(folder, prints)).rejects.toMatchObject(refused)
  await expect(readJobState(folder)).rejects.toMatchObject(refused)
  await setFormat(folder, 1)
  expect((await readJobState(folder))!.generation).toBe(before)
})

test('a file that is no state is refused', async () => {
  const folder = newFolder()
  await mkdir(folder)
  await writeFile(join(folder, 'state.mdb'), Buffer.alloc(20_000, 'x'))
  await expect(openJobState(folder, prints)).rejects.toMatchObject({ code: 'state-refused' })
})

async function setFormat(folder: string, format: number): Promise<void> {
  const binary = { encoding: 'binary', keyEncoding: 'binary' } as const
  const root = open<Buffer, Uint8Array>({ path: join(folder, 'state.mdb'), maxDbs: 4096, ...binary })
  await root
    .openDB<Buffer, Uint8Array>({ name: 'about', ...binary })
    .put(Buffer.from('format'), Buffer.from([64 + format]))
  await root.close()
}

test('a commit after another wrote the offsets is refused, though nobody opened the state', async () => {
  const folder = newFolder()
  const state = await openJobState(folder, prints)
  await state.commit(progress(1))
  const binary = { encoding: 'binary', keyEncoding: 'binary' } as const
  const root = open<Buffer, Uint8Array>({ path: join(folder, 'state.mdb'), maxDbs: 4096, ...binary })
  const about = root.openDB<Buffer, Uint8Array>({ name: 'about', ...binary })
  await about.put(Buffer.from('offsets'), Buffer.from(new CellWriter().write([])))
  await root.close()
  await expect(state.commit(progress(2))).rejects.toMatchObject({ code: 'job-fenced' })
  await state.close()
  expect((await readJobState(folder))!.kept!.offsets).toEqual([])
})
