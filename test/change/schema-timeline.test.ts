import { describe, expect, test } from 'vitest'
import type { SourcePosition } from '../../src/change/change.js'
import type { ColumnType } from '../../src/change/column-type.js'
import { columnOfMysqlType, parseMysqlType } from '../../src/change/mysql-type.js'
import type { SchemaVersion } from '../../src/change/schema-history.js'
import { columnChanges, tableVersions, WrittenVersions } from '../../src/change/schema-timeline.js'

function column(name: string, type: string, nullable = true): ColumnType {
  return columnOfMysqlType(name, parseMysqlType(type), { nullable, origin: 'schema-change' })
}

describe('what became of the columns', () => {
  const before = [column('id', 'INT', false), column('flag', 'VARCHAR(10)'), column('gone', 'DATE')]
  test.each<[string, ColumnType[], string | null, unknown[]]>([
    ['nothing', before, null, []],
    ['one was added', [...before, column('more', 'JSON')], null, [['more', 'added', null, 'JSON']]],
    ['one was removed', before.slice(0, 2), null, [['gone', 'removed', 'DATE', null]]],
    [
      'a type and a nullability changed',
      [column('id', 'BIGINT', false), column('flag', 'VARCHAR(10)', false), column('gone', 'DATE')],
      null,
      [
        ['id', 'type changed', 'INT NOT NULL', 'BIGINT NOT NULL'],
        ['flag', 'type changed', 'VARCHAR(10)', 'VARCHAR(10) NOT NULL'],
      ],
    ],
    [
      'RENAME COLUMN says that one was renamed',
      [before[0]!, column('mark', 'VARCHAR(10)'), before[2]!],
      'ALTER TABLE t RENAME COLUMN `flag` TO mark',
      [['mark', 'renamed', 'flag', 'mark']],
    ],
    [
      'CHANGE renames and alters',
      [before[0]!, column('mark', 'INT'), before[2]!],
      'alter table t change column flag `mark` int',
      [
        ['mark', 'renamed', 'flag', 'mark'],
        ['mark', 'type changed', 'VARCHAR(10)', 'INT'],
      ],
    ],
    [
      'without a statement a renamed column is another one',
      [before[0]!, column('mark', 'VARCHAR(10)'), before[2]!],
      null,
      [
        ['mark', 'added', null, 'VARCHAR(10)'],
        ['flag', 'removed', 'VARCHAR(10)', null],
      ],
    ],
  ])('%s', (_, after, ddl, expected) => {
    const changes = columnChanges(before, after, ddl)
    expect(changes.map(({ column, change, before, after }) => [column, change, before, after])).toEqual(
      expected,
    )
  })
})

const position = (pos: number, snapshot = 'false'): SourcePosition => ({
  ...{ file: 'bin.000001', pos, row: 0, serverId: 1, gtid: null, snapshot, time: pos },
})

describe('the versions that DDL tells', () => {
  const version = (pos: number, ddl: string, columns: ColumnType[], snapshot?: string): SchemaVersion => ({
    ...{ position: position(pos, snapshot), ddl, columns, key: ['id'] },
  })
  const [id, more] = [column('id', 'INT', false), column('more', 'INT')]

  test('a snapshot’s DROP and CREATE are a version only when the table was another one', () => {
    const told = [
      version(1, 'DROP', [], 'true'),
      version(1, 'CREATE', [id], 'true'),
      version(5, 'ALTER', [id, more]),
      version(9, 'DROP', [], 'true'),
      version(9, 'CREATE', [id, more], 'true'),
      version(20, 'DROP', [], 'true'),
      version(20, 'CREATE', [id], 'true'),
    ]
    const { versions, numberOf } = tableVersions(told)
    expect(versions.map(({ number, ddl, changes }) => [number, ddl, changes.length])).toEqual([
      [1, 'CREATE', 0],
      [2, 'ALTER', 1],
      [3, 'CREATE', 1],
    ])
    expect(told.map(one => numberOf.get(one))).toEqual([undefined, 1, 2, undefined, 2, undefined, 3])
  })

  test('a table that was dropped and created anew begins anew; a statement that changes no column is a version', () => {
    const told = [
      version(1, 'CREATE', [id]),
      version(2, 'ADD INDEX', [id]),
      version(3, 'DROP', []),
      version(4, 'CREATE', [more]),
    ]
    const { versions } = tableVersions(told)
    expect(versions.map(({ columns, changes }) => [columns.length, changes.length])).toEqual([
      [1, 0],
      [1, 0],
      [0, 0],
      [1, 0],
    ])
  })
})

describe('the versions that records tell', () => {
  const schema = (...columns: ColumnType[]): ColumnType[] =>
    columns.map(one => ({ ...one, origin: 'connect-schema' }))
  const one = schema(column('id', 'INT'))
  const two = schema(column('id', 'INT'), column('more', 'INT'))
  const row = (columns: ColumnType[], pos: number, partition = 0) => ({
    ...{ columns, names: columns.map(({ name }) => name), source: position(pos), partition, timestamp: pos },
  })

  test('begin where the columns change, wherever the partitions are interleaved', () => {
    const orders = [
      [row(one, 1), row(two, 9), row(one, 2, 1), row(two, 8, 1)],
      [row(one, 2, 1), row(two, 8, 1), row(one, 1), row(two, 9)],
    ]
    for (const rows of orders) {
      const written = new WrittenVersions()
      const stretches = rows.map(each => written.add(each))
      const { versions, numberOf } = written.finish(['id'])
      expect(versions.map(({ number, position }) => [number, position?.pos])).toEqual([
        [1, 1],
        [2, 8],
      ])
      expect(stretches.map(stretch => numberOf.get(stretch))).toEqual(
        rows.map(({ columns }) => (columns === one ? 1 : 2)),
      )
    }
  })

  test('columns that vanish and come back are three versions', () => {
    const written = new WrittenVersions()
    for (const [columns, pos] of [
      [two, 1],
      [one, 2],
      [two, 3],
    ] as const)
      written.add(row(columns, pos))
    expect(written.finish([]).versions.map(({ changes }) => changes.map(({ change }) => change))).toEqual([
      [],
      ['removed'],
      ['added'],
    ])
  })

  test('types taken from values begin no version when they widen', () => {
    const inferred = (kind: ColumnType['kind']): ColumnType[] => [
      { name: 'id', kind, encoding: 'number', nullable: true, origin: 'inferred' },
    ]
    const written = new WrittenVersions()
    written.add(row(inferred('int'), 1))
    written.add(row(inferred('double'), 2))
    const { versions } = written.finish([])
    expect([written.origin, versions.map(({ columns }) => columns[0]?.kind)]).toEqual([
      'inferred',
      ['double'],
    ])
  })
})
