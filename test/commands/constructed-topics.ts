import type { ColumnType } from '../../src/change/column-type.js'
import { columnOfMysqlType, parseMysqlType } from '../../src/change/mysql-type.js'
import type { RecordedColumn, RecordedTopic } from '../../src/commands/recorded-topic.js'

/** A column as the DDL would tell it, with what is said otherwise about it. */
export function recordedColumn(
  name: string,
  type: string,
  other: Partial<RecordedColumn> = {},
): RecordedColumn {
  const nullable = !type.includes('NOT NULL')
  const column: ColumnType = columnOfMysqlType(name, parseMysqlType(type), {
    nullable,
    origin: 'schema-change',
  })
  return { ...column, wasAdded: false, unfitTypes: [], isEmpty: false, ...other }
}

/** A topic of the columns given, whose key is the first. */
export function recordedTopic(topic: string, columns: readonly RecordedColumn[]): RecordedTopic {
  return { topic, columns, key: columns.slice(0, 1).map(({ name }) => name), rows: 12 }
}

const id = recordedColumn('id', 'INT NOT NULL')
const withoutType = (kind: RecordedColumn['kind'], other: Partial<RecordedColumn>): RecordedColumn => {
  const { mysqlType: _, ...column } = recordedColumn('x', 'TEXT', { kind, ...other })
  return column
}

/** Topics that are hard to name, to quote, to fit into a line, or to tell the types of. */
export const hardTopics: readonly RecordedTopic[] = [
  recordedTopic('p.openmrs.obs', [
    recordedColumn('obs_id', 'INT NOT NULL'),
    recordedColumn('status', 'VARCHAR(16) NOT NULL', { wasAdded: true }),
    recordedColumn('dose', 'VARCHAR(20)', { unfitTypes: ['INT', 'DATE'] }),
    recordedColumn('kind', "ENUM('a','b')", { comment: "What it's of */ end" }),
    recordedColumn('note', 'TEXT', {
      comment: `Told by people.\n${'A long comment of the database. '.repeat(6)}`,
    }),
    recordedColumn('voided', 'TINYINT(1) NOT NULL'),
    recordedColumn('retired', 'BIT(1) NOT NULL'),
  ]),
  recordedTopic('p.eid.sample', [id]),
  recordedTopic('p.lab.sample', [id]),
  recordedTopic('q.lab.sample', [id]),
  recordedTopic('p.openmrs.class', [id]),
  recordedTopic('p.openmrs.topic', [id]),
  recordedTopic('p.openmrs.2024_visits', [id]),
  recordedTopic('p.openmrs.OBS_ARCHIVE', [id]),
  recordedTopic('p.openmrs.obs_archive', [id]),
  recordedTopic('p.openmrs.données-été', [id]),
  recordedTopic(`p.openmrs.${'a_table_with_a_long_name_'.repeat(2)}of_a_module`, [id]),
  recordedTopic(`p.openmrs.${'b_table_with_a_long_name_'.repeat(2)}x`, [id]),
  recordedTopic('p.openmrs.odd', [
    ...[
      'naïve',
      'with space',
      "it's",
      'say "hi"',
      'both \'"',
      '2nd',
      '12',
      'class',
      'back\\slash',
      'new\nline',
      '$_ok',
    ].map(name => recordedColumn(name, 'INT NOT NULL')),
    ...Array.from({ length: 15 }, (_, i) => recordedColumn(`address${i + 1}`, 'VARCHAR(50)')),
  ]),
  { ...recordedTopic('p.openmrs.keyless', [recordedColumn('a', 'INT')]), key: [] },
  recordedTopic('connect', [
    withoutType('int', { name: 'id', encoding: 'number', nullable: false, origin: 'connect-schema' }),
    withoutType('bigint', { name: 'big', encoding: 'int64', origin: 'connect-schema' }),
    withoutType('datetime', { name: 'dt', encoding: 'epoch-ms', origin: 'connect-schema' }),
    withoutType('datetime', { name: 'dt6', encoding: 'epoch-us', origin: 'connect-schema' }),
    withoutType('decimal', { name: 'd', encoding: 'decimal-base64', scale: 2, origin: 'connect-schema' }),
    withoutType('bytes', { name: 'g', encoding: 'geometry', origin: 'connect-schema' }),
    recordedColumn('ddl', 'INT UNSIGNED'),
  ]),
  recordedTopic('inferred', [
    withoutType('int', { name: 'id', encoding: 'number', origin: 'inferred' }),
    withoutType('json', { name: 'doc', encoding: 'struct', origin: 'inferred' }),
    withoutType('text', { name: 'empty', encoding: 'text', origin: 'inferred', isEmpty: true }),
  ]),
]
