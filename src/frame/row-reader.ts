import { ObslabError } from '../errors.js'
import { printAs } from '../inspect.js'
import type { Column } from './column.js'
import { formatValue } from './format.js'
import { columnNamed } from './names.js'

const printed = Symbol('printed')

class RowTarget {
  constructor(
    readonly reader: RowReader,
    readonly row: number,
  ) {}

  get [printed](): string {
    return this.reader.text(this.row)
  }
}
// Node calls this on the proxy, which answers for symbols with what its target has.
printAs(RowTarget, row => row[printed])

/**
 * Rows of columns as objects that read a value only when it is asked for, and remember which columns were. To the
 * functions of `filter` and `derive` they look like plain rows: they can be spread, listed and kept.
 */
export class RowReader {
  readonly #columns: readonly Column[]
  readonly #index: ReadonlyMap<string, Column>
  readonly #read: Set<Column> = new Set()
  readonly #handler: ProxyHandler<RowTarget>

  constructor(columns: readonly Column[]) {
    this.#columns = columns
    this.#index = new Map(columns.map(column => [column.name, column]))
    const names = columns.map(column => column.name)
    this.#handler = {
      get: (target, name) => this.#get(target, name),
      has: (_, name) => this.#index.has(name as string),
      ownKeys: () => names,
      getOwnPropertyDescriptor: (target, name) =>
        this.#index.has(name as string)
          ? { value: this.#get(target, name), enumerable: true, configurable: true, writable: false }
          : undefined,
      set: (_, name) => {
        throw new ObslabError(
          'frame-invalid',
          `Rows of a frame cannot be changed: derive a column instead of setting '${String(name)}'.`,
        )
      },
    }
  }

  /** The row `i`. The caller vouches that the columns are those of `R`. */
  row<R extends object>(i: number): R {
    return new Proxy(new RowTarget(this, i), this.#handler) as unknown as R
  }

  /** The columns read so far. */
  get read(): ReadonlySet<Column> {
    return this.#read
  }

  /** How a row prints: masked. */
  text(row: number): string {
    const cells = this.#columns.map(
      column => `${column.name}: ${formatValue(column.kind, column.at(row), { masked: column.sensitive })}`,
    )
    return `{ ${cells.join(', ')} }`
  }

  #get(target: RowTarget, name: string | symbol): unknown {
    const column = this.#index.get(name as string)
    if (column !== undefined) {
      this.#read.add(column)
      return column.at(target.row)
    }
    if (typeof name === 'symbol') return Reflect.get(target, name)
    if (name in Object.prototype || protocolNames.has(name)) return Reflect.get(Object.prototype, name)
    return columnNamed(this.#columns, name)
  }
}

/** Names that JavaScript and test frameworks ask any object for; a row without such a column just has none. */
const protocolNames: ReadonlySet<string> = new Set([
  'toJSON',
  'then',
  'asymmetricMatch',
  'nodeType',
  '$$typeof',
])
