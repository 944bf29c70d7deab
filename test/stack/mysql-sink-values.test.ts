import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isRetriable } from '../../src/job/retriable.js'
import type { SinkRequest } from '../../src/job/sink.js'
import { flatObs } from '../../src/openmrs/flat-obs.js'
import { hivSummary } from '../../src/openmrs/hiv-summary.js'
import { vitals } from '../../src/openmrs/vitals.js'
import type { CellRow } from '../../src/pipeline/cell.js'
import { Engine } from '../../src/pipeline/engine.js'
import { rowText } from '../../src/pipeline/output.js'
import { outputColumns } from '../../src/pipeline/output-columns.js'
import { outputKeyColumns } from '../../src/pipeline/output-key.js'
import type { Plan } from '../../src/pipeline/plan.js'
import { bindPlan } from '../../src/pipeline/plan-changes.js'
import { openSource } from '../../src/source/open-source.js'
import { careBatch, careRequest, column } from './sink-database.js'
import { onEachServer } from './sink-servers.js'

onEachServer('a table', on => {
  describe('holds what was written, byte for byte:', () => {
    test('every kind of column, at the ends of what it can be', async () => {
      const columns = [
        column('id', 'bigint', { nullable: false }),
        column('int', 'int'),
        column('big', 'bigint', { mysqlType: 'BIGINT UNSIGNED' }),
        column('double', 'double'),
        column('decimal', 'decimal', { mysqlType: 'DECIMAL(20,4)', scale: 4 }),
        column('sum', 'decimal'),
        column('datetime', 'datetime'),
        column('timestamp', 'timestamp'),
        column('date', 'date'),
        column('time', 'time'),
        column('boolean', 'boolean'),
        column('bytes', 'bytes'),
        column('json', 'json'),
        column('document', 'json', { encoding: 'text' }),
        column('text', 'text'),
        column('or`der by', 'text'),
      ]
      const rows = [
        {
          id: -9223372036854775808n,
          int: -9007199254740991,
          big: 0n,
          double: 5e-324,
          decimal: '-0.0001',
          sum: '1.50',
          datetime: -62135596800000,
          timestamp: -0.001,
          date: '0001-01-01',
          time: '-838:59:59.000001',
          boolean: false,
          bytes: new Uint8Array(),
          json: [],
          document: '{"b": 1, "a":1}',
          text: '',
          'or`der by': 'x',
        },
        {
          id: 9223372036854775807n,
          int: 9007199254740991,
          big: 18446744073709551615n,
          double: 1.7976931348623157e308,
          decimal: '9999999999999999.9999',
          sum: '123456789012345678901234567890.123456789',
          datetime: 253402300799999,
          timestamp: 1767348672123.456,
          date: '9999-12-31',
          time: '00:00:00',
          boolean: true,
          bytes: new Uint8Array([0, 255, 39, 92]),
          json: { b: [9007199254740993n, 0.1], a: 'd\'q\\"?' },
          document: '"',
          text: `it's "\\" \0 \n\r\t\x1a % _ ? 🤰🏾 é`,
          'or`der by': ' ',
        },
        { id: 9007199254740993n, ...Object.fromEntries(columns.slice(1).map(({ name }) => [name, null])) },
      ]
      const records = rows.map((row): [string, string] => [`{"id":${row.id}}`, rowText(row as CellRow)])
      expect(await on.heldAfter(careRequest({ columns }), records)).toEqual(new Map(records))
    })

    test('any double, any text, any microsecond', async () => {
      const request = careRequest({
        columns: [column('id', 'int'), column('a', 'double'), column('b', 'text'), column('c', 'datetime')],
      })
      const micros = fc.integer({ min: -8e15, max: 8e15 }).map(us => us / 1000)
      const values = fc.array(
        fc.tuple(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.string({ unit: 'binary' }), micros),
        { minLength: 200, maxLength: 200 },
      )
      const sampled = fc.sample(values, { numRuns: 3, seed: 7 }).flat()
      const records = sampled.map(([a, b, c], id): [string, string] => [
        `{"id":${id}}`,
        rowText({ id, a, b, c }),
      ])
      expect(await on.heldAfter(request, records)).toEqual(new Map(records))
    })

    test.each<[string, Plan]>([
      ['vitals', vitals.plan],
      ['flatObs', flatObs.plan],
      ['hivSummary', hivSummary.plan],
    ])('what %s gives of the recording', async (_name, given) => {
      const source = await openSource('datasets/openmrs')
      const { plan, changes } = await bindPlan(source, given)
      const engine = new Engine(plan, { onError: 'stop' })
      for await (const chunk of changes) {
        engine.apply(chunk.changes.filter(({ redelivered }) => !redelivered).map(({ change }) => change))
      }
      engine.caughtUp()
      engine.flush()
      await source.close()
      const request = careRequest({ key: outputKeyColumns(plan), columns: outputColumns(plan) })
      expect(engine.output.size).toBeGreaterThan(1000)
      expect(await on.heldAfter(request, [...engine.output])).toEqual(engine.output)
    })

    test('texts as keys that differ in case, accents, or what looks alike', async () => {
      const request = careRequest({
        key: ['code', 'id'],
        columns: [column('id', 'int'), column('code', 'text')],
      })
      const codes = ['a', 'A', 'á', 'a\u0301', 'ß', 'ss', '', '\u{1f930}', 'ﬁ', "'", '\\']
      const records = codes.map((code): [string, string] => [
        rowText({ code, id: 1 }),
        rowText({ id: 1, code }),
      ])
      const sink = await on.open(request)
      await sink.write({
        records: records.map(([key, row]) => ({ key, row })),
        deadLetters: [],
        progress: null,
      })
      expect((await sink.held()).rows).toEqual(new Map(records))
      await sink.write({
        records: records.slice(1).map(([key]) => ({ key, row: null })),
        deadLetters: [],
        progress: null,
      })
      expect((await sink.held()).rows).toEqual(new Map(records.slice(0, 1)))
    })

    test('of a batch that writes one key several times, the last', async () => {
      const sink = await on.open()
      const records = ['a', 'b', null, 'd'].flatMap(name => careBatch(0, { 1: name }).records)
      await sink.write({
        records: [...records, ...careBatch(0, { 2: 'x' }).records, ...careBatch(0, { 2: null }).records],
        deadLetters: [],
        progress: null,
      })
      expect(await on.care()).toEqual([{ id: 1, name: 'd' }])
    })
  })

  describe('refuses what it would not give back,', () => {
    test.each<[string, Partial<SinkRequest>, object, string]>([
      [
        'a fraction in an int',
        { columns: [column('id', 'int'), column('n', 'int')] },
        { id: 1, n: 1.5 },
        'values of int in the column n',
      ],
      [
        'a decimal of more digits',
        { columns: [column('id', 'int'), column('n', 'decimal', { mysqlType: 'DECIMAL(5,1)', scale: 1 })] },
        { id: 1, n: '1.25' },
        'DECIMAL(5,1) does not keep',
      ],
      [
        'half a microsecond',
        { columns: [column('id', 'int'), column('n', 'datetime')] },
        { id: 1, n: 1.0005 },
        'DATETIME(6) does not keep',
      ],
      [
        'a day of no calendar',
        { columns: [column('id', 'int'), column('n', 'date')] },
        { id: 1, n: '2026-02-30' },
        'does not fit the column n',
      ],
      [
        'a number beyond its type',
        { columns: [column('id', 'int'), column('n', 'bigint')] },
        { id: 1, n: 2n ** 63n },
        'too large for the column n',
      ],
      [
        'a key of more than 255 characters',
        { key: ['n'], columns: [column('n', 'text')] },
        { n: 'x'.repeat(256) },
        'too long for the column n',
      ],
      ['another column', {}, { id: 1, secret: 'x' }, 'a row of the columns id, secret'],
      [
        'a column that is not the one of the key',
        { key: ['n'], columns: [column('id', 'int'), column('n', 'int')] },
        { id: 1, n: 2 },
        'a row whose n is not the one of its key',
      ],
    ])('%s, without telling the value', async (_name, more, row, told) => {
      const sink = await on.open(careRequest(more))
      const key = told.includes('of its key') ? { n: 3 } : more.key?.[0] === 'n' ? row : { id: 1 }
      const failure = await sink
        .write({
          records: [{ key: rowText(key as never), row: rowText(row as never) }],
          deadLetters: [],
          progress: null,
        })
        .catch(error => error)
      expect(failure).toMatchObject({ code: 'output-failed', message: expect.stringContaining(told) })
      expect(isRetriable(failure)).toBe(false)
      const everything = `${failure.message} ${failure.cause?.stack} ${JSON.stringify(failure.cause)}`
      expect(everything).not.toMatch(/1\.25|1\.0005|02-30|9223372036854775808|xxx/)
    })

    test('a key that ends in a space, where the server takes it for the one without', async () => {
      const request = careRequest({ key: ['code'], columns: [column('code', 'text')] })
      const records = ['a', 'a '].map((code): [string, string] => [rowText({ code }), rowText({ code })])
      const [{ name: collation } = { name: '' }] = await on.databases.query(
        "SELECT COLLATION_NAME AS name FROM information_schema.COLLATIONS WHERE COLLATION_NAME IN ('utf8mb4_0900_bin', 'utf8mb4_nopad_bin')",
      )
      if (collation !== '') expect(await on.heldAfter(request, records)).toEqual(new Map(records))
      else await expect(on.heldAfter(request, records)).rejects.toThrow('a code that ends in a space')
    })
  })
})
