import { describe, expect, test } from 'vitest'
import type { SinkRequest } from '../../src/job/sink.js'
import { careBatch, careRequest, column } from './sink-database.js'
import { onEachServer } from './sink-servers.js'

onEachServer('a table', on => {
  describe('that is there already', () => {
    const definition = 'id BIGINT NOT NULL, name LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL'
    test.each<[string, string, string]>([
      [
        'lacks a column',
        'id BIGINT NOT NULL, PRIMARY KEY (id)',
        'no column name LONGTEXT. Nothing was written: ALTER TABLE `care` ADD COLUMN `name` LONGTEXT',
      ],
      ['has another type', 'id INT NOT NULL, name LONGTEXT, PRIMARY KEY (id)', 'the column id of type int'],
      [
        'would order a document anew',
        'id BIGINT NOT NULL, name DOUBLE, PRIMARY KEY (id)',
        'the column name of type double, not LONGTEXT',
      ],
      [
        'takes no null',
        'id BIGINT NOT NULL, name LONGTEXT NOT NULL, PRIMARY KEY (id)',
        'the column name NOT NULL, where rows have null',
      ],
      [
        'has another character set',
        'id BIGINT NOT NULL, name LONGTEXT CHARACTER SET latin1, PRIMARY KEY (id)',
        'the column name with the collation latin1',
      ],
      [
        'has another key',
        `${definition}, other INT NOT NULL DEFAULT 1, PRIMARY KEY (id, other)`,
        'the primary key id, other, not id',
      ],
      ['has no key', definition, 'the primary key (none), not id'],
      [
        'has a second unique index',
        `${definition}, PRIMARY KEY (id), UNIQUE one (name(5))`,
        'a second unique index, one',
      ],
      [
        'has a column that a row must have',
        `${definition}, clerk INT NOT NULL, PRIMARY KEY (id)`,
        'a column clerk more that no row can do without',
      ],
    ])('and %s is refused, with what to do', async (_name, columns, told) => {
      await on.databases.query(
        `CREATE TABLE care (${columns}) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin`,
      )
      await expect(on.open()).rejects.toMatchObject({
        code: 'output-foreign',
        message: expect.stringContaining(told),
      })
    })

    test('and has no transactions is refused', async () => {
      await on.databases.query(`CREATE TABLE care (${definition}, PRIMARY KEY (id)) ENGINE = MyISAM`)
      await expect(on.open()).rejects.toThrow('a table of the engine MyISAM, which has no transactions')
    })

    test('and compares texts by their letters is refused as a key', async () => {
      await on.databases.query('CREATE TABLE care (code VARCHAR(50) COLLATE utf8mb4_general_ci PRIMARY KEY)')
      await expect(
        on.open(careRequest({ key: ['code'], columns: [column('code', 'text')] })),
      ).rejects.toThrow('the column code with the collation utf8mb4_general_ci')
    })

    test('and has columns more that rows can do without is written, and they are left alone', async () => {
      const more = 'note TEXT NULL, made INT NOT NULL DEFAULT 7'
      await on.databases.query(
        `CREATE TABLE care (note0 INT NULL, ${definition}, ${more}, PRIMARY KEY (id)) ENGINE = InnoDB`,
      )
      const sink = await on.open()
      await sink.write(careBatch(1, { 1: 'a' }))
      await on.databases.query("UPDATE care SET note = 'mine', made = 8")
      await sink.write(careBatch(2, { 1: 'b' }))
      expect(await on.databases.query('SELECT name, note, made FROM care')).toMatchObject([
        { name: 'b', note: 'mine', made: 8 },
      ])
    })
  })

  test.each<[string, Partial<SinkRequest>, string]>([
    ['without columns', { columns: null }, 'nothing tells the columns of its rows; declare them'],
    ['without a key', { key: null }, 'nothing tells the columns of its key; declare them'],
    ['whose key is not in its rows', { key: ['uuid'] }, 'uuid of its key is not a column of its rows'],
    [
      'keyed by a list',
      { key: ['l'], columns: [column('l', 'json')] },
      'l of its key is a list or an object',
    ],
    ["of the name of obslab's own table", { output: 'obslab_progress' }, "that of obslab's own table"],
    ['of a name too long', { output: 'x'.repeat(52) }, 'longer than 51 characters'],
  ])('an output %s is refused', async (_name, more, told) => {
    await expect(on.open(careRequest(more))).rejects.toMatchObject({
      code: 'pipeline-invalid',
      message: expect.stringContaining(told),
    })
  })
})
