import type { Change, RowChange } from '../change/change.js'
import type { Row } from '../change/column-type.js'
import { ObslabError } from '../errors.js'
import { foundText } from '../options.js'
import type { FromNode } from '../pipeline/plan.js'

/** A change as a test writes it: Debezium's operation, and the row as it became, or for a delete its key. */
export type GivenChange<R = Row> =
  | { readonly op: 'c' | 'u' | 'r'; readonly after: Partial<R>; readonly partition?: number }
  | { readonly op: 'd'; readonly key: Partial<R>; readonly partition?: number }

/** What a test gives a pipeline: for each topic, by its name in the pipeline, rows or changes in the order they come. */
export type GivenTopics = Readonly<Record<string, readonly object[]>>

/** The changes that a test gives: a row stands for its create. One that cannot be understood is an `option-invalid` error. */
export function givenChanges(pipeline: string, topics: readonly FromNode[], given: GivenTopics): Change[] {
  return Object.entries(given).flatMap(([name, rows]) => {
    const topic = topics.find(one => one.topic === name || one.topic.endsWith(`.${name}`))
    if (topic === undefined) {
      throw new ObslabError(
        'option-invalid',
        `The pipeline ${pipeline} does not read ${name}. It reads ${topics.map(one => one.topic).join(', ')}.`,
      )
    }
    if (!Array.isArray(rows)) {
      throw new ObslabError(
        'option-invalid',
        `Expected a list of rows or changes of ${name}, found ${foundText(rows)}.`,
      )
    }
    return rows.flatMap((row: object, offset) => changesOf(row, topic, offset))
  })
}

function changesOf(given: object, topic: FromNode, offset: number): Change[] {
  if (!isChange(given)) return [rowChange('c', given as Row, topic, 0, offset)]
  const partition = given.partition ?? 0
  if (given.op !== 'd') return [rowChange(given.op, given.after as Row, topic, partition, offset)]
  const at = { topic: topic.topic, partition, offset, timestamp: 0 }
  const key = keyOf(given.key as Row, topic, offset)
  return [
    { ...rowChange('c', key, topic, partition, offset), op: 'd', after: null },
    { kind: 'tombstone', ...at, key },
  ]
}

function isChange(given: object): given is GivenChange {
  if (!('op' in given)) return false
  if (given.op === 'd') return 'key' in given
  return ['c', 'u', 'r'].includes(String(given.op)) && 'after' in given
}

function rowChange(
  op: RowChange['op'],
  row: Row,
  topic: FromNode,
  partition: number,
  offset: number,
): RowChange {
  return {
    kind: 'row',
    ...{ topic: topic.topic, partition, offset, timestamp: 0 },
    op,
    key: keyOf(row, topic, offset),
    before: null,
    after: whole(row, topic),
    source: null,
    transaction: null,
    newKey: null,
    oldKey: null,
    processedAt: null,
    headers: [],
  }
}

/** A test names the columns it is about; the others of the topic's definition are null. */
function whole(row: Row, { columns }: FromNode): Row {
  const nulls = columns.filter(({ name }) => !(name in row)).map(({ name }) => [name, null])
  return Object.freeze({ ...row, ...Object.fromEntries(nulls) })
}

function keyOf(row: Row, { topic, key }: FromNode, offset: number): Row {
  const missing = key.find(column => row?.[column] === undefined)
  if (missing !== undefined) {
    throw new ObslabError(
      'key-missing',
      `Expected row ${offset + 1} given of ${topic} to have its key, ${key.join(', ')}; it has no ${missing}.`,
    )
  }
  return Object.fromEntries(key.map(column => [column, row[column]!]))
}
