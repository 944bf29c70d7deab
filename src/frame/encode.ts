import type { Value } from '../change/column-type.js'
import { chunkAt, type DictionaryChunk, type Int32Chunk, isValid } from './chunk.js'
import type { Column } from './column.js'
import { comparatorOf, type Identity, identityOf } from './compare.js'

/** A column as small integers: rows with equal values have equal codes, and null has a code of its own. */
export interface Encoded {
  /** One code a row, from 0 in the order of first appearance. */
  codes: Int32Array
  /** The first row of each code. */
  first: Int32Array
}

/** Encodes one column. */
export function encodeColumn(column: Column): Encoded {
  const integers = integersOf(column)
  if (integers !== null) return encodeIntegers(integers, column.length)
  if (column.chunks.every(chunk => chunk.storage === 'dictionary')) return encodeDictionaries(column)
  const codeOf = new Map<Identity | null, number>()
  return assign(column.length, i => {
    const value = column.at(i)
    return lookUp(codeOf, value === null ? null : identityOf(column.kind, value))
  })
}

/** Encodes the rows of several columns: equal codes where all columns are equal. No columns: all rows are equal. */
export function encodeColumns(columns: readonly Column[], length: number): Encoded {
  const [head, ...rest] = columns
  if (head === undefined) {
    return { codes: new Int32Array(length), first: Int32Array.from(length === 0 ? [] : [0]) }
  }
  return rest.reduce((left, column) => combine(left, encodeColumn(column)), encodeColumn(head))
}

/** Pairs of codes as codes. */
export function combine(left: Encoded, right: Encoded): Encoded {
  const width = right.first.length
  const product = left.first.length * width
  if (product <= 4 * left.codes.length + 1024) {
    const table = new Int32Array(product).fill(-1)
    return assignFromTable(left.codes.length, table, i => left.codes[i]! * width + right.codes[i]!)
  }
  const codeOf = new Map<number, number>()
  return assign(left.codes.length, i => lookUp(codeOf, left.codes[i]! * width + right.codes[i]!))
}

/** The rank of each row among the column's distinct values, null below all; equal values share a rank. */
export function rankColumn(column: Column): { ranks: Int32Array; count: number } {
  const integers = integersOf(column)
  if (integers !== null) return rankIntegers(integers, column.length)
  const { codes, first } = encodeColumn(column)
  const rankOf = new Int32Array(first.length)
  codesInOrder(column, first).forEach((code, rank) => {
    rankOf[code] = rank
  })
  return { ranks: codes.map(code => rankOf[code]!), count: first.length }
}

/** The codes of distinct values, whose first rows are given, from the smallest value to the largest. */
function codesInOrder(column: Column, first: Int32Array): Int32Array {
  const values: Value[] = Array.from(first, i => column.at(i))
  if (values.every(isOrdinary)) return orderOfNumbers(values)
  const compare = comparatorOf(column.kind)
  return Int32Array.from(values.keys()).sort((a, b) => compareNullable(compare, values[a]!, values[b]!))
}

function isOrdinary(value: Value): value is number {
  return typeof value === 'number' && !Number.isNaN(value)
}

/** Sorting the numbers themselves, without calling a comparator, is several times faster than sorting their codes. */
function orderOfNumbers(values: readonly number[]): Int32Array {
  const sorted = Float64Array.from(values).sort()
  const rankOf = new Map<number, number>()
  sorted.forEach((value, rank) => {
    rankOf.set(value, rank)
  })
  const order = new Int32Array(values.length)
  values.forEach((value, code) => {
    order[rankOf.get(value)!] = code
  })
  return order
}

function compareNullable(compare: ReturnType<typeof comparatorOf>, a: Value, b: Value): number {
  if (a === null || b === null) return Number(a !== null) - Number(b !== null)
  return compare(a, b)
}

function lookUp<K>(codeOf: Map<K, number>, key: K): number {
  let code = codeOf.get(key)
  if (code === undefined) {
    code = codeOf.size
    codeOf.set(key, code)
  }
  return code
}

/** Codes from a function that numbers values in the order it first meets them. */
function assign(length: number, codeAt: (i: number) => number): Encoded {
  const codes = new Int32Array(length)
  const first: number[] = []
  for (let i = 0; i < length; i++) {
    const code = codeAt(i)
    if (code === first.length) first.push(i)
    codes[i] = code
  }
  return { codes, first: Int32Array.from(first) }
}

/** Codes from a function that gives a place in `table`, where the code of the place is kept, −1 before it has one. */
function assignFromTable(length: number, table: Int32Array, placeAt: (i: number) => number): Encoded {
  let count = 0
  return assign(length, i => {
    const place = placeAt(i)
    let code = table[place]!
    if (code < 0) {
      code = count++
      table[place] = code
    }
    return code
  })
}

/** Integers in a narrow range, each with a place of its own: 0 for null, then the values in order. */
interface NarrowIntegers {
  placeAt: (i: number) => number
  places: number
}

/** A table with a place for each value costs a tenth of a Map. Null where the range is too wide for one. */
function integersOf(column: Column): NarrowIntegers | null {
  if (!column.chunks.every(chunk => chunk.storage === 'int32')) return null
  const chunks = column.chunks as readonly Int32Chunk[]
  let min = Number.POSITIVE_INFINITY
  let max = Number.NEGATIVE_INFINITY
  for (const { values } of chunks) {
    for (const value of values) {
      if (value < min) min = value
      if (value > max) max = value
    }
  }
  const { rows, length } = column
  if (max - min > 4 * length + 65_536) return null
  const placeAt = (i: number): number => {
    const row = rows === null ? i : rows[i]!
    if (row < 0) return 0
    const chunk = chunks[row >>> 16]!
    return isValid(chunk, row & 0xffff) ? chunk.values[row & 0xffff]! - min + 1 : 0
  }
  return { placeAt, places: Math.max(0, max - min + 1) + 1 }
}

function encodeIntegers({ placeAt, places }: NarrowIntegers, length: number): Encoded {
  return assignFromTable(length, new Int32Array(places).fill(-1), placeAt)
}

function rankIntegers(
  { placeAt, places }: NarrowIntegers,
  length: number,
): { ranks: Int32Array; count: number } {
  const rankOf = new Int32Array(places)
  for (let i = 0; i < length; i++) rankOf[placeAt(i)] = 1
  let count = 0
  for (let place = 0; place < places; place++) if (rankOf[place] === 1) rankOf[place] = count++
  const ranks = new Int32Array(length)
  for (let i = 0; i < length; i++) ranks[i] = rankOf[placeAt(i)]!
  return { ranks, count }
}

/** Dictionaries are hashed once per distinct text of a chunk, not once per row. */
function encodeDictionaries(column: Column): Encoded {
  const chunks = column.chunks as readonly DictionaryChunk[]
  const { rows, length, kind } = column
  const tables = chunks.map(chunk => new Int32Array(chunk.dictionary.length).fill(-1))
  const codeOf = new Map<Identity | null, number>()
  return assign(length, i => {
    const row = rows === null ? i : rows[i]!
    const chunk = chunks[row >>> 16]
    if (row < 0 || chunk === undefined || !isValid(chunk, row & 0xffff)) return lookUp(codeOf, null)
    const table = tables[row >>> 16]!
    const place = chunk.codes[row & 0xffff]!
    if (table[place]! < 0) {
      table[place] = lookUp(codeOf, identityOf(kind, chunkAt(chunk, row & 0xffff) as string))
    }
    return table[place]!
  })
}
