import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { describe, expect, test, vi } from 'vitest'
import type { Clock } from '../../src/clock.js'
import { deadLetterRecord } from '../../src/job/dead-letter.js'
import { type Holder, thisProcess } from '../../src/job/holder.js'
import type { DatabaseAddress } from '../../src/job/mysql-connection.js'
import { mysqlSink } from '../../src/job/mysql-sink.js'
import { isRetriable } from '../../src/job/retriable.js'
import type { SinkRequest } from '../../src/job/sink.js'
import { CommitCutter, careBatch, careRequest, SinkDatabases } from './sink-database.js'
import { onEachServer } from './sink-servers.js'

onEachServer('a table', on => {
  describe('is written with how far the inputs are:', () => {
    test('a batch that fails in the middle leaves rows, letters and progress as they were', async () => {
      const sink = await on.open()
      await sink.write(careBatch(5, { 1: 'a', 2: 'b' }))
      await on.databases.query('ALTER TABLE care ADD CHECK (id <> 99)')
      await on.databases.query('CREATE TRIGGER no BEFORE DELETE ON care FOR EACH ROW SIGNAL SQLSTATE "45000"')
      await expect(sink.write(careBatch(9, { 1: 'changed', 3: 'new', 2: null }))).rejects.toMatchObject({
        code: 'output-failed',
      })
      await sink.close()
      expect(await on.care()).toEqual([
        { id: 1, name: 'a' },
        { id: 2, name: 'b' },
      ])
      const again = mysqlSink(on.address)
      on.closing(again)
      expect(await again.open(careRequest())).toEqual({
        offsets: [{ topic: 'obs', partition: 0, next: 5 }],
        whole: true,
      })
    })

    test('a reader of committed rows sees a batch whole, however long it takes', async () => {
      const sink = await on.open()
      await sink.write(careBatch(1, { 1: 'a', 2: 'b' }))
      const other = await SinkDatabases.of(on.server.address)
      await other.query(`USE ${on.address.database}`)
      await other.query('START TRANSACTION')
      await other.query('SELECT * FROM care WHERE id = 2 FOR UPDATE')
      const written = sink.write(careBatch(2, { 1: 'z', 3: 'c', 2: null }))
      await vi.waitFor(
        async () => {
          const waiting = "SELECT 1 FROM information_schema.INNODB_TRX WHERE trx_state = 'LOCK WAIT'"
          expect(await on.databases.query(waiting)).toHaveLength(1)
        },
        { timeout: 20_000, interval: 200 },
      )
      await on.databases.query('SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED')
      expect(await on.care()).toEqual([
        { id: 1, name: 'a' },
        { id: 2, name: 'b' },
      ])
      // Nobody takes the job's place in between: that has to wait.
      await on.databases.query('SET SESSION innodb_lock_wait_timeout = 1')
      const fence = on.databases.query('UPDATE obslab_progress SET generation = generation + 1')
      await expect(fence).rejects.toMatchObject({ code: 'ER_LOCK_WAIT_TIMEOUT' })
      await other.query('COMMIT')
      await written
      expect(await on.care()).toEqual([
        { id: 1, name: 'z' },
        { id: 3, name: 'c' },
      ])
      await other.close()
    })

    test.each([
      { passes: true, name: 'z', next: 2 },
      { passes: false, name: 'a', next: 1 },
    ])(
      'a connection lost at the COMMIT is a crash, and the progress tells what became of it: %o',
      async ({ passes, name, next }) => {
        const before = await on.open()
        await before.write(careBatch(1, { 1: 'a' }))
        await before.close()
        const cutter = await CommitCutter.before(on.address, { passes })
        const sink = await on.open(careRequest(), cutter.address)
        const failure = await sink.write(careBatch(2, { 1: 'z' })).catch(error => error)
        expect(failure).toMatchObject({ code: 'output-failed' })
        expect(isRetriable(failure)).toBe(true)
        await sink.close()
        cutter.close()
        const again = mysqlSink(on.address)
        on.closing(again)
        expect(await again.open(careRequest())).toEqual({
          offsets: [{ topic: 'obs', partition: 0, next }],
          whole: true,
        })
        expect(await on.care()).toEqual([{ id: 1, name }])
      },
    )

    test('a batch without progress leaves it as it was, and one of progress alone changes no row', async () => {
      const sink = await on.open()
      await sink.write({ ...careBatch(7, {}), progress: { offsets: [], whole: false } })
      await sink.write({ ...careBatch(7, { 1: 'a' }), progress: null })
      await sink.close()
      const again = mysqlSink(on.address)
      on.closing(again)
      expect(await again.open(careRequest())).toEqual({ offsets: [], whole: false })
      expect(await on.care()).toEqual([{ id: 1, name: 'a' }])
    })

    test.each<[string, Partial<SinkRequest>]>([
      ['another source', { source: 'kafka://elsewhere' }],
      ['another table', { output: 'care2' }],
    ])('the progress of %s does not count', async (_name, more) => {
      const sink = await on.open()
      await sink.write(careBatch(5, { 1: 'a' }))
      await sink.close()
      const request = careRequest(more)
      const again = mysqlSink(on.address)
      on.closing(again)
      expect(await again.open(request)).toBeNull()
      expect(request.warnings).toHaveLength(1)
    })

    test('a batch larger than a statement may be is split, and still one transaction', async () => {
      const [limits] = await on.databases.query('SELECT @@global.max_allowed_packet AS packet')
      await on.databases.query('SET GLOBAL max_allowed_packet = 1048576')
      try {
        const sink = await on.open()
        expect(sink.maxRecordBytes).toBe((1048576 - 65536) / 2)
        const text = "'".repeat(300_000)
        await sink.write(careBatch(1, { 1: text, 2: text, 3: text, 4: text }))
        expect(
          await on.databases.query('SELECT COUNT(*) AS n, MIN(LENGTH(name)) AS least FROM care'),
        ).toMatchObject([{ n: 4, least: 300_000 }])
      } finally {
        await on.databases.query('SET GLOBAL max_allowed_packet = ?', [limits!.packet])
      }
    })
  })

  test('dead letters are in a table of their own, until a null takes them out', async () => {
    const letter = (offset: number): ReturnType<typeof deadLetterRecord> =>
      deadLetterRecord({
        job: 'care',
        topic: 'obs',
        partition: 2,
        offset,
        step: '.filter(…)',
        reason: 'It threw.',
        at: 1767348672123,
        view: '{"a":"•••"}',
      })
    const sink = await on.open()
    await sink.write({ ...careBatch(1, {}), deadLetters: [letter(1), letter(2)] })
    expect(await on.databases.query('SELECT `offset`, step, reason FROM care_dead_letters')).toHaveLength(2)
    await sink.write({ ...careBatch(1, {}), deadLetters: [{ ...letter(1), letter: null }] })
    expect((await sink.held()).deadLetters).toEqual(new Map([[letter(2).key, letter(2).letter]]))
  })

  describe('has one instance of a job:', () => {
    test('an older one that lost its place writes nothing any more', async () => {
      const sink = await on.open()
      await on.databases.query('UPDATE obslab_progress SET generation = generation + 1')
      await expect(sink.write(careBatch(2, { 1: 'late' }))).rejects.toMatchObject({ code: 'job-fenced' })
      await sink.close()
      expect(await on.care()).toEqual([])
    })

    test('so does one whose row is gone', async () => {
      const sink = await on.open()
      await on.databases.query('DELETE FROM obslab_progress')
      await expect(sink.write(careBatch(2, { 1: 'late' }))).rejects.toMatchObject({ code: 'job-fenced' })
    })

    test('opening raises the generation before the progress is read', async () => {
      await (await on.open()).close()
      await (await on.open()).close()
      expect(await on.databases.query('SELECT generation FROM obslab_progress')).toMatchObject([
        { generation: 2 },
      ])
    })

    test('a live one is named, and not taken over; closed, it is none', async () => {
      const mine = thisProcess(Date.now() - 1000)
      const first = await on.open(careRequest({ self: mine }))
      const second = mysqlSink(on.address)
      expect(await second.holder(careRequest())).toEqual(mine)
      await expect(second.open(careRequest())).rejects.toMatchObject({
        code: 'job-held',
        message: expect.stringContaining(`process ${process.pid}`),
      })
      await second.close()
      await first.write(careBatch(1, { 1: 'a' }))
      await first.close()
      expect(await mysqlSink(on.address).holder(careRequest())).toBeNull()
    })

    test('one that was killed is none at once', async () => {
      const { holder, child } = await startHolder()
      expect(await mysqlSink(on.address).holder(careRequest())).toEqual(holder)
      child.kill('SIGKILL')
      await once(child, 'exit')
      expect(await mysqlSink(on.address).holder(careRequest())).toBeNull()
      await (await on.open()).write(careBatch(1, { 1: 'a' }))
    })

    test('this very one, whose connection the server has not given up, takes over from itself', async () => {
      const self = thisProcess(Date.now())
      const lost = await on.open(careRequest({ self }))
      expect(await mysqlSink(on.address).holder(careRequest({ self }))).toBeNull()
      await on.open(careRequest({ self }))
      const failure = await lost.write(careBatch(1, { 1: 'late' })).catch(error => error)
      expect(['output-failed', 'job-fenced']).toContain(failure.code)
      expect(await on.care()).toEqual([])
    })

    test('a job of that name in another database of the server is another', async () => {
      await on.open()
      const elsewhere = await on.databases.fresh()
      expect(await mysqlSink(elsewhere).holder(careRequest())).toBeNull()
      await on.open(careRequest(), elsewhere)
    })

    test('a sign of life is written now and then, so that the server does not end the session', async () => {
      const clock = new HandClock()
      const sink = mysqlSink(on.address, { clock })
      on.closing(sink)
      await sink.open(careRequest())
      const beats = async (): Promise<unknown> =>
        (await on.databases.query('SELECT heartbeat FROM obslab_progress'))[0]!.heartbeat
      await on.databases.query("UPDATE obslab_progress SET heartbeat = '2000-01-01'")
      expect(clock.ms).toBe(20_000)
      clock.ring()
      await vi.waitFor(async () => expect(await beats()).not.toEqual(new Date('2000-01-01')), {
        timeout: 20_000,
      })
    })

    test('a table has one job', async () => {
      await (await on.open()).close()
      await expect(on.open(careRequest({ job: 'cure' }))).rejects.toMatchObject({
        code: 'output-foreign',
        message: expect.stringContaining('the job cure alone, found that care writes it'),
      })
    })

    async function startHolder(): Promise<{ holder: Holder; child: ChildProcess }> {
      const { log: _log, self: _self, warnings: _warnings, ...request } = careRequest()
      const args = [
        '--import',
        'tsx',
        'test/stack/jobs/mysql-holder.ts',
        JSON.stringify(on.address),
        JSON.stringify(request),
      ]
      const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
      on.killing(child)
      const [said] = await once(child.stdout, 'data')
      return { holder: JSON.parse(String(said)), child }
    }
  })

  describe('tells what passes by itself from what does not:', () => {
    test('a connection that the server ended passes', async () => {
      const sink = await on.open()
      const [row] = await on.databases.query('SELECT session FROM obslab_progress')
      await on.databases.query(`KILL ${row!.session}`)
      const failure = await sink.write(careBatch(1, { 1: 'a' })).catch(error => error)
      expect([failure.code, isRetriable(failure)]).toEqual(['output-failed', true])
    })

    test('and the sink that was closed then is opened again, and goes on', async () => {
      const clock = new HandClock()
      const sink = mysqlSink(on.address, { clock })
      on.closing(sink)
      await sink.open(careRequest())
      const [row] = await on.databases.query('SELECT session FROM obslab_progress')
      await on.databases.query(`KILL ${row!.session}`)
      await expect(sink.write(careBatch(1, { 1: 'a' }))).rejects.toThrow()
      await sink.close()
      await sink.close()
      expect(await sink.open(careRequest())).toBeNull()
      await sink.write(careBatch(2, { 1: 'b' }))
      await on.databases.query("UPDATE obslab_progress SET heartbeat = '2000-01-01'")
      clock.ring()
      await vi.waitFor(async () => {
        const since = "SELECT 1 FROM obslab_progress WHERE heartbeat > '2000-01-01'"
        expect(await on.databases.query(since)).toHaveLength(1)
      })
      await sink.close()
      expect(await mysqlSink(on.address).holder(careRequest())).toBeNull()
      expect(await on.care()).toEqual([{ id: 1, name: 'b' }])
    })

    test('a lock that another holds too long passes', async () => {
      const [limits] = await on.databases.query('SELECT @@global.innodb_lock_wait_timeout AS seconds')
      await on.databases.query('SET GLOBAL innodb_lock_wait_timeout = 1')
      try {
        const sink = await on.open()
        await on.databases.query('START TRANSACTION')
        await on.databases.query('SELECT * FROM obslab_progress FOR UPDATE')
        const failure = await sink.write(careBatch(1, { 1: 'a' })).catch(error => error)
        await on.databases.query('COMMIT')
        expect([failure.cause.code, isRetriable(failure)]).toEqual(['ER_LOCK_WAIT_TIMEOUT', true])
      } finally {
        await on.databases.query('SET GLOBAL innodb_lock_wait_timeout = ?', [limits!.seconds])
      }
    })

    test('a server that is not there passes', async () => {
      const failure = await mysqlSink({ ...on.address, port: 1 })
        .open(careRequest())
        .catch(error => error)
      expect([failure.code, isRetriable(failure)]).toEqual(['database-failed', true])
    })

    test.each<[string, () => DatabaseAddress, string]>([
      ['a wrong password', () => ({ ...on.address, password: 'wrong' }), 'refused the user'],
      [
        'a database that is not there',
        () => ({ ...on.address, database: 'nowhere' }),
        'there is no such database',
      ],
    ])('%s does not', async (_name, where, told) => {
      const failure = await mysqlSink(where())
        .open(careRequest())
        .catch(error => error)
      expect(failure.message).toContain(told)
      expect(isRetriable(failure)).toBe(false)
    })
  })
})

/** A clock that stands until it is told to ring. */
class HandClock implements Clock {
  ms = 0
  #ring: (() => void) | null = null

  now(): number {
    return 0
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    this.ms = ms
    return new Promise((resolve, reject) => {
      this.#ring = resolve
      signal?.addEventListener('abort', () => reject(signal.reason), { once: true })
    })
  }

  ring(): void {
    this.#ring?.()
  }
}
