import { readFile } from 'node:fs/promises'
import type { Change, SourcePosition } from '../change/change.js'
import type { Row, Value } from '../change/column-type.js'
import { isSensitive } from '../change/masking.js'
import { ObslabError } from '../errors.js'
import { writeFileWhole } from '../frame/write-file.js'
import type { FromNode } from '../pipeline/plan.js'
import { type Delivery, deliver } from './delivery.js'

/** A failing input as it is saved, to be run by a test. Values of sensitive columns are masked. */
interface FixtureFile {
  format: 1
  pipeline: string
  /** Always true: a fixture holds no value of a sensitive column. */
  masked: true
  changes: readonly FixtureChange[]
}

interface FixtureChange {
  topic: string
  partition: number
  offset: number
  /** Debezium's, or `tombstone`, `t` for a truncate, `quarantined`. */
  op: string
  key?: FixtureRow | null
  after?: FixtureRow | null
  source?: SourcePosition | null
  /** The output is taken after it. */
  cut?: true
  restart?: true
}

type FixtureRow = Readonly<Record<string, unknown>>

/** The content of a fixture file: one line of JSON for each change. */
export function fixtureText(pipeline: string, topics: readonly FromNode[], delivery: Delivery): string {
  const mask = new ValueMask(topics)
  const changes = delivery.map(({ change, cut, restart }, i): FixtureChange => {
    const { topic, partition, offset } = change
    const isLast = i === delivery.length - 1
    const ends = { ...(cut && !isLast && { cut: true as const }), ...(restart && { restart: true as const }) }
    const about = { topic, partition, offset }
    switch (change.kind) {
      case 'row': {
        const { op, source } = change
        const [key, after] = [mask.row(topic, change.key), mask.row(topic, change.after)]
        return { ...about, op, key, after, source, ...ends }
      }
      case 'tombstone':
        return { ...about, op: 'tombstone', key: mask.row(topic, change.key), ...ends }
      case 'truncate':
        return { ...about, op: 't', source: change.source, ...ends }
      default:
        return {
          ...about,
          op: 'quarantined',
          key: mask.row(topic, change.key),
          source: change.source,
          ...ends,
        }
    }
  })
  const head = `{"format":1,"pipeline":${JSON.stringify(pipeline)},"masked":true,"changes":[\n`
  return `${head}${changes.map(change => `  ${JSON.stringify(change)}`).join(',\n')}\n]}\n`
}

/** Writes a fixture file. It appears whole or not at all. */
export async function writeFixture(path: string, text: string): Promise<void> {
  await writeFileWhole(path, [text], 0o644)
}

/** Reads a fixture file; one that is none is an `option-invalid` error. */
export async function readFixture(path: string): Promise<Delivery> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new ObslabError(
      'option-invalid',
      `Expected a fixture at ${path}, but it cannot be read: ${error.code}.`,
    )
  })
  return deliveryOf(text, path)
}

/** The delivery that a fixture's text holds. */
export function deliveryOf(text: string, path: string): Delivery {
  const file = parsed(text) as Partial<FixtureFile> | null
  if (file?.format !== 1 || !Array.isArray(file.changes)) {
    throw new ObslabError(
      'option-invalid',
      `Expected ${path} to be a fixture, as saveFixture() writes it, found something else.`,
    )
  }
  const delivery = deliver((file as FixtureFile).changes.map(changeOf))
  return delivery.map((one, i) => {
    const { cut = false, restart = false } = file.changes![i]!
    return { ...one, cut: one.cut || cut, restart }
  })
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

function changeOf({ topic, partition, offset, op, key, after, source = null }: FixtureChange): Change {
  const at = { topic, partition, offset, timestamp: 0 }
  switch (op) {
    case 'tombstone':
      return { kind: 'tombstone', ...at, key: rowOf(key) }
    case 't':
      return { kind: 'truncate', ...at, source }
    case 'quarantined':
      return {
        kind: 'quarantined',
        ...at,
        key: rowOf(key),
        source,
        reason: 'It could not be decoded when the fixture was saved.',
      }
    default:
      return {
        kind: 'row',
        ...at,
        op: op as 'c' | 'u' | 'd' | 'r',
        key: rowOf(key),
        before: null,
        after: rowOf(after),
        source,
        transaction: null,
        newKey: null,
        oldKey: null,
        processedAt: null,
        headers: [],
      }
  }
}

/** JSON has no bigints and bytes: they are objects of one member. */
function writtenValue(value: Value): unknown {
  if (typeof value === 'bigint') return { $bigint: value.toString() }
  return value instanceof Uint8Array ? { $bytes: Buffer.from(value).toString('base64') } : value
}

function readValue(json: unknown): Value {
  if (typeof json !== 'object' || json === null) return json as Value
  if ('$bigint' in json) return BigInt(String(json.$bigint))
  return '$bytes' in json ? new Uint8Array(Buffer.from(String(json.$bytes), 'base64')) : null
}

function rowOf(row: FixtureRow | null | undefined): Row | null {
  if (row === null || row === undefined) return null
  return Object.freeze(Object.fromEntries(Object.entries(row).map(([name, json]) => [name, readValue(json)])))
}

/** Puts other values in place of sensitive ones: the same for the same, so that what was equal stays equal. */
class ValueMask {
  readonly #topics: ReadonlyMap<string, FromNode>
  readonly #masks = new Map<string, number>()

  constructor(topics: readonly FromNode[]) {
    this.#topics = new Map(topics.map(topic => [topic.topic, topic]))
  }

  row(topic: string, row: Row | null): FixtureRow | null {
    const definition = this.#topics.get(topic)
    if (row === null) return null
    return Object.fromEntries(
      Object.entries(row).map(([name, value]) => {
        const kind = definition?.columns.find(column => column.name === name)?.kind
        const masked = isSensitive({ name, kind }, topic, definition ?? null)
        return [name, writtenValue(masked ? this.#mask(value) : value)]
      }),
    )
  }

  #mask(value: Value): Value {
    if (value === null || typeof value === 'boolean') return null
    const text = `${typeof value}:${value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value}`
    const number = this.#masks.get(text) ?? this.#masks.size + 1
    this.#masks.set(text, number)
    if (typeof value === 'number') return number
    if (typeof value === 'bigint') return BigInt(number)
    return value instanceof Uint8Array ? new Uint8Array([number & 0xff]) : `masked-${number}`
  }
}
