import type { Row, Value } from '../change/column-type.js'
import { valueExpected, valueTest } from '../change/value-test.js'
import { ObslabError } from '../errors.js'
import { Emptied, type Gone, type LogIndex } from './as-of.js'
import { type ChangeLog, effect, effectBits } from './change-log.js'
import { changedText, columnsChanged, keyText, type ValueOf } from './changed-text.js'
import { type Column, takeColumns } from './column.js'
import { columnOf } from './column-builder.js'
import { endCut } from './cut.js'
import { freeNames } from './free-names.js'
import { rowOf } from './key-index.js'
import { columnNamed } from './names.js'

/** What is known of single changes besides their rows. */
export interface Remarks {
  /** Of the first change of a key that has one, the row before it as the record gave it. */
  readonly images: { readonly rows: readonly number[]; readonly columns: readonly Column[] }
  /** Of changes of a key: the key its row has from then on. */
  readonly newKeys: ReadonlyMap<number, Row>
  /** Of changes of a key: the key its row had before. */
  readonly oldKeys: ReadonlyMap<number, Row>
  /** Why a change could not be decoded. */
  readonly reasons: ReadonlyMap<number, string>
}

/** One line of a history. */
interface Line {
  readonly op: string
  /** The change whose record it is. */
  readonly row: number
  /** The change whose row is shown; −1 for none. */
  readonly shown: number
  readonly changed: string | null
  /** Whether the table has the row from then on. */
  readonly present: boolean
  readonly movedTo: string | null
  readonly movedFrom: string | null
}

const ownNames = ['_changed', '_present', '_moved_from', '_moved_to'] as const

/** The number of a key; −1 when no change has it. A key that is not one of the table is an `option-invalid` error. */
export function keyIdOf(log: ChangeLog, key: unknown): number {
  const tests = keyTests(log, key)
  const firstRow = firstRows(log)
  return firstRow.findIndex(row => tests.every(({ column, isIt }) => isIt(column.at(row))))
}

/** The row of the first change of each key. */
export function firstRows({ keyIds, keyCount }: ChangeLog): Int32Array {
  const first = new Int32Array(keyCount)
  for (let row = keyIds.length - 1; row >= 0; row--) if (keyIds[row]! >= 0) first[keyIds[row]!] = row
  return first
}

function keyTests(log: ChangeLog, key: unknown): { column: Column; isIt: (value: Value) => boolean }[] {
  const expected = `{ ${log.key.join(', ')} }`
  if (typeof key !== 'object' || key === null || Array.isArray(key)) {
    throw new ObslabError('option-invalid', `Expected the key of a row of ${log.topic} as ${expected}.`)
  }
  const names = Object.keys(key)
  const unknown = names.filter(name => !log.key.includes(name))
  const missing = log.key.filter(name => !names.includes(name))
  if (unknown.length > 0 || missing.length > 0) {
    const faults = [
      ...(unknown.length > 0
        ? [`${unknown.join(', ')} ${unknown.length > 1 ? 'are' : 'is'} not of its key`]
        : []),
      ...(missing.length > 0 ? [`${missing.join(', ')} ${missing.length > 1 ? 'are' : 'is'} missing`] : []),
    ]
    throw new ObslabError(
      'option-invalid',
      `Expected the key of a row of ${log.topic}, ${expected}: ${faults.join(', ')}.`,
    )
  }
  return log.key.map(name => {
    const column = columnNamed(log.columns, name)
    const isIt = valueTest(column.kind, (key as Row)[name] ?? null)
    if (isIt === null) {
      throw new ObslabError(
        'option-invalid',
        `Expected for ${name} of the key of ${log.topic} ${valueExpected(column.kind)}, found another type of value.`,
      )
    }
    return { column, isIt }
  })
}

/**
 * What happened to one key, change by change in the order given: what is known of each record, what it changed, before →
 * after, whether the row is there from then on, links of changes of key, and the row as it became, for a delete as it was.
 */
export function historyColumns(
  index: LogIndex,
  entries: ArrayLike<number>,
  shown: readonly Column[],
  remarks: Remarks,
): Column[] {
  const lines = linesOf(index, entries, remarks)
  const { meta } = index.log
  const names = freeNames([...meta.map(({ name }) => name), ...ownNames], shown)
  const records = takeColumns(
    meta,
    lines.map(({ row }) => row),
  ).map((column, i) =>
    column.name === '_op'
      ? columnOf(
          names[i]!,
          lines.map(({ op }) => op),
          { kind: 'text' },
        )
      : column.rename(names[i]!),
  )
  const [changed, present, from, to] = names.slice(meta.length) as [string, string, string, string]
  const text = (name: string, of: (line: Line) => string | null): Column =>
    columnOf(name, lines.map(of), { kind: 'text' })
  return [
    ...records.slice(0, 2),
    text(changed, line => line.changed),
    columnOf(
      present,
      lines.map(line => line.present),
      { kind: 'boolean' },
    ),
    text(from, line => line.movedFrom),
    text(to, line => line.movedTo),
    ...records.slice(2),
    ...takeColumns(
      shown,
      lines.map(line => line.shown),
    ),
  ]
}

function linesOf(index: LogIndex, entries: ArrayLike<number>, remarks: Remarks): Line[] {
  const { log } = index
  const emptied = new Emptied(index, endCut(log))
  const ops = columnNamed(log.meta, '_op')
  const keys = (row: number, of: ReadonlyMap<number, Row>): string | null => {
    const key = of.get(row)
    return key === undefined ? null : keyText(log.columns, key)
  }
  const lines: Line[] = []
  let held = -1
  const addGone = (gone: Gone | null): void => {
    if (gone === null) return
    const changed = gone.op === 't' ? 'the table was emptied' : 'a full snapshot did not find it'
    lines.push({
      op: gone.op,
      row: gone.row,
      shown: -1,
      changed,
      present: false,
      movedTo: null,
      movedFrom: null,
    })
    held = -1
  }
  for (let i = 0; i < entries.length; i++) {
    const entry = entries[i]!
    const row = rowOf(entry)
    const does = log.effects[row]! & effectBits
    if (does !== effect.none && held >= 0) addGone(emptied.between(held, row))
    const leaves = entry < 0
    lines.push({
      op: String(ops.at(row)),
      row,
      shown: leaves ? held : row,
      changed: remarks.reasons.get(row) ?? (leaves ? null : whatChanged(log, remarks, held, row)),
      present: does === effect.none ? held >= 0 && isPut(log, held) : !leaves && does === effect.put,
      movedTo: leaves ? keyText(log.columns, keyAt(log, row)) : keys(row, remarks.newKeys),
      movedFrom: leaves ? null : keys(row, remarks.oldKeys),
    })
    if (does !== effect.none) held = !leaves && (does === effect.put || does === effect.void) ? row : -1
  }
  if (held >= 0) addGone(emptied.between(held, null))
  return lines
}

function isPut({ effects }: ChangeLog, row: number): boolean {
  return (effects[row]! & effectBits) === effect.put
}

/** What a change made of the row that was held before it; null where that says nothing. */
function whatChanged(log: ChangeLog, { images }: Remarks, held: number, row: number): string | null {
  const does = log.effects[row]! & effectBits
  if (does !== effect.put && does !== effect.void) return null
  const after: ValueOf = column => column.at(row)
  if (held >= 0) return textOf(log, column => column.at(held), after)
  const image = images.rows.indexOf(row)
  if (image < 0) return null
  const imageOf = new Map(images.columns.map(column => [column.name, column]))
  return textOf(log, column => imageOf.get(column.name)?.at(image) ?? null, after)
}

function textOf({ columns }: ChangeLog, before: ValueOf, after: ValueOf): string {
  return changedText(columns, columnsChanged(columns, before, after), before, after)
}

function keyAt(log: ChangeLog, row: number): Row {
  return Object.fromEntries(log.key.map(name => [name, columnNamed(log.columns, name).at(row)]))
}

/** Orders the changes of a key by when they were written to Kafka, for what no other order is known of. */
export function entriesByTime(entries: ArrayLike<number>, timeOf: (row: number) => number): number[] {
  return Array.from(entries).sort((a, b) => timeOf(rowOf(a)) - timeOf(rowOf(b)) || rowOf(a) - rowOf(b))
}
