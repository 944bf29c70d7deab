import type { ColumnKind, ColumnOrigin, ColumnType } from '../change/column-type.js'
import { isSensitive } from '../change/masking.js'
import { columnOfMysqlType, parseMysqlType } from '../change/mysql-type.js'
import { propertyName, quoted, topicIdentifiers, upperFirst } from './identifier.js'
import type { RecordedColumn, RecordedTopic } from './recorded-topic.js'

/** The longest line. */
const width = 110

/**
 * The TypeScript source of the definitions of topics, one `topic(…)` with the interface of its rows for each that has a
 * key: what a notebook beside the file imports. `names` are all topics of the source: a definition's name is the shortest
 * that fits one of them. The same topics give the same text, whatever their order.
 */
export function topicDefinitions(topics: readonly RecordedTopic[], names: readonly string[]): string {
  const sorted = topics.toSorted((a, b) => (a.topic < b.topic ? -1 : 1))
  const identifiers = topicIdentifiers(sorted.map(({ topic }) => topic))
  const definitions = sorted.map(recorded => definition(recorded, identifiers.get(recorded.topic)!, names))
  return [`${header}\n`, ...definitions].join('\n')
}

const header = `// Definitions of topics, written by \`obslab types\` from what the topics and their connector's DDL say. What
// counts as deleted and what is masked are told by the columns' names: have a look at both.
import { type TypedTopic, tableSchema, topic } from 'obslab'`

function definition(recorded: RecordedTopic, identifier: string, names: readonly string[]): string {
  const { topic, columns, key } = recorded
  const rowType = `${upperFirst(identifier)}Row`
  const origin = mainOrigin(columns)
  const fields = columns.map(column => field(column, recorded, origin))
  const row = [
    ...docComment(`A row of \`${topic}\`. ${originSentence(origin, recorded)}`),
    `export interface ${rowType} {`,
    ...fields.flat(),
    '}',
  ]
  if (key.length === 0) {
    const why = `\`${topic}\` has no key, so there is no definition of it: add one, with the columns that identify a row.`
    return `${[...row, '', ...lineComment(why)].join('\n')}\n`
  }
  const definition = `topic<${rowType}>(`
  const declared = `export const ${identifier}: TypedTopic<${rowType}> =`
  const fits = `${declared} ${definition}`.length <= width
  const deleted = deletedColumns(columns)
  return `${[
    ...row,
    '',
    ...docComment(topicSentence(topic, key, deleted)),
    ...(fits ? [`${declared} ${definition}`] : [declared, `  ${definition}`]),
    ...indented(fits ? 2 : 4, [
      `${quoted(shortestName(topic, names))},`,
      `tableSchema<${rowType}>({`,
      ...columns.map(column => `  ${propertyName(column.name)}: ${quoted(declaredType(column, key))},`),
      '}),',
      '{',
      ...listed('key', key),
      ...(deleted.length === 1 ? [`  deleted: ${quoted(deleted[0]!)},`] : listed('deleted', deleted)),
      ...listed('sensitive', sensitiveColumns(recorded)),
      '},',
    ]),
    fits ? ')' : '  )',
  ].join('\n')}\n`
}

function shortestName(topic: string, names: readonly string[]): string {
  const parts = topic.split('.')
  for (let i = parts.length - 1; i > 0; i--) {
    const short = parts.slice(i).join('.')
    if (names.every(name => name === topic || (name !== short && !name.endsWith(`.${short}`)))) return short
  }
  return topic
}

/** A column that holds 1 for rows that are gone: OpenMRS voids data and retires metadata. */
function deletedColumns(columns: readonly ColumnType[]): string[] {
  const marks = columns.filter(
    ({ name, kind }) => /^(voided|retired)$/.test(name) && (kind === 'int' || kind === 'boolean'),
  )
  return marks.map(({ name }) => name)
}

/** Those that are masked without a definition, so that one shows no more than none does. */
function sensitiveColumns({ topic, columns }: RecordedTopic): string[] {
  return columns.filter(column => isSensitive(column, topic, null)).map(({ name }) => name)
}

function topicSentence(topic: string, key: readonly string[], deleted: readonly string[]): string {
  const code = (names: readonly string[]): string => names.map(name => `\`${name}\``).join(' or ')
  const counts =
    deleted.length === 0
      ? 'Only a delete deletes a row: no column says that it is voided or retired.'
      : `A row counts as deleted when ${code(deleted)} is not 0, as OpenMRS means it.`
  return `The topic \`${topic}\`, keyed by ${key.map(name => `\`${name}\``).join(', ')}. ${counts}`
}

function field(column: RecordedColumn, recorded: RecordedTopic, main: ColumnOrigin): string[] {
  const isKey = recorded.key.includes(column.name)
  const absent = column.wasAdded || (column.nullable && !isKey)
  const type = `${typeScriptTypes[column.kind]}${absent ? ' | null' : ''}`
  const isMasked = sensitiveColumns(recorded).includes(column.name)
  const notes = [
    `${[declaredType(column, recorded.key), meanings[column.kind]].filter(Boolean).join(', ')}.`,
    isKey ? 'Key.' : '',
    column.comment === undefined || column.comment === '' ? '' : sentenceOf(column.comment),
    isMasked ? 'Masked.' : '',
    column.wasAdded ? 'Null in rows from before it was added.' : '',
    column.unfitTypes.length > 0 ? `Rows from when it was ${column.unfitTypes.join(' or ')} do not fit.` : '',
    columnOriginNote(column, main),
  ]
  const comment = docComment(notes.filter(note => note !== '').join(' '), '  ')
  return [...comment, `  ${propertyName(column.name)}: ${type}`]
}

function sentenceOf(comment: string): string {
  const text = comment.trim()
  return /[.!?…]$/.test(text) ? text : `${text}.`
}

const typeScriptTypes: Readonly<Record<ColumnKind, string>> = {
  int: 'number',
  bigint: 'bigint',
  double: 'number',
  decimal: 'string',
  datetime: 'number',
  timestamp: 'number',
  date: 'string',
  time: 'string',
  boolean: 'boolean',
  bytes: 'Uint8Array',
  json: 'string',
  text: 'string',
}

const meanings: Readonly<Partial<Record<ColumnKind, string>>> = {
  decimal: 'exact text',
  datetime: 'ms as if UTC',
  timestamp: 'ms, UTC',
  date: 'ISO text',
  time: 'ISO text',
}

/** What `tableSchema` is told: the column's MySQL type, or one that stands for what is known of it. */
function declaredType(column: RecordedColumn, key: readonly string[]): string {
  const { nullable, wasAdded } = column
  const type = mysqlTypeOf(column)
  return !key.includes(column.name) && (nullable || wasAdded) ? type : `${type} NOT NULL`
}

function mysqlTypeOf({ name, kind, mysqlType, scale, encoding }: RecordedColumn): string {
  if (mysqlType !== undefined) {
    const known = columnOfMysqlType(name, parseMysqlType(mysqlType), { nullable: true, origin: 'declared' })
    if (known.kind === kind) return mysqlType.replace(/^(ENUM|SET)\(\d+\)$/, '$1')
  }
  if (kind === 'decimal') return `DECIMAL(65,${scale ?? 0})`
  if (kind === 'datetime')
    return encoding === 'epoch-us' || encoding === 'epoch-ns' ? 'DATETIME(6)' : 'DATETIME'
  if (kind === 'bytes' && encoding === 'geometry') return 'GEOMETRY'
  return standIns[kind]
}

const standIns: Readonly<Record<Exclude<ColumnKind, 'decimal' | 'datetime'>, string>> = {
  int: 'INT',
  bigint: 'BIGINT',
  double: 'DOUBLE',
  timestamp: 'TIMESTAMP',
  date: 'DATE',
  time: 'TIME',
  boolean: 'BIT(1)',
  bytes: 'BLOB',
  json: 'JSON',
  text: 'TEXT',
}

function mainOrigin(columns: readonly ColumnType[]): ColumnOrigin {
  const origins: readonly ColumnOrigin[] = ['schema-change', 'connect-schema', 'inferred']
  const count = (origin: ColumnOrigin): number => columns.filter(column => column.origin === origin).length
  return origins.reduce((main, origin) => (count(origin) > count(main) ? origin : main))
}

function originSentence(origin: ColumnOrigin, { rows }: RecordedTopic): string {
  switch (origin) {
    case 'schema-change':
      return "Its types are those of the table's DDL."
    case 'connect-schema':
      return (
        "Its types stand for those of the records' Connect schema, which does not tell all that MySQL does: a BIGINT may " +
        'be an INT UNSIGNED, a TEXT any text.'
      )
    default:
      return (
        `Its types are inferred from the values of ${rows.toLocaleString('en')} rows: dates, times and decimals look like ` +
        'the numbers and texts they are written as. Correct them.'
      )
  }
}

function columnOriginNote(column: RecordedColumn, main: ColumnOrigin): string {
  if (column.origin === 'inferred' && column.isEmpty) return 'Always null so far: the type is a guess.'
  if (column.origin === main) return ''
  const notes: Readonly<Record<ColumnOrigin, string>> = {
    'schema-change': 'From the DDL.',
    'connect-schema': "From the records' Connect schema.",
    inferred: 'Inferred from values.',
    declared: '',
  }
  return notes[column.origin]
}

function listed(name: string, values: readonly string[]): string[] {
  if (values.length === 0) return []
  const line = `  ${name}: [${values.map(quoted).join(', ')}],`
  if (line.length + 2 <= width) return [line]
  return [`  ${name}: [`, ...values.map(value => `    ${quoted(value)},`), '  ],']
}

function indented(by: number, lines: readonly string[]): string[] {
  return lines.map(line => ' '.repeat(by) + line)
}

function docComment(text: string, indent: string = ''): string[] {
  const clean = text.replaceAll(/\s+/g, ' ').replaceAll('*/', '*\\/')
  const line = `${indent}/** ${clean} */`
  if (line.length <= width) return [line]
  return [`${indent}/**`, ...wrapped(clean, `${indent} * `), `${indent} */`]
}

function lineComment(text: string): string[] {
  return wrapped(text, '// ')
}

function wrapped(text: string, prefix: string): string[] {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const last = lines.at(-1)
    if (last !== undefined && last.length + 1 + word.length <= width)
      lines[lines.length - 1] = `${last} ${word}`
    else lines.push(`${prefix}${word}`)
  }
  return lines
}
