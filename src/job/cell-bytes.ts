import type { Cell } from '../pipeline/cell.js'

/** How a cell is written: one byte that says what follows. From `small` on the byte itself is a small integer. */
const tag = {
  null: 0,
  true: 1,
  false: 2,
  int32: 3,
  double: 4,
  bigint: 5,
  /** ASCII, with its length in one byte. */
  short: 6,
  ascii: 7,
  /** UTF-16: any text, lone surrogates included. */
  text: 8,
  bytes: 9,
  list: 10,
  object: 11,
  undefined: 12,
  small: 64,
} as const

const smallest = 256 - tag.small

/**
 * Writes cells as bytes from which {@link readCell} makes the same again: numbers with NaN, infinities and −0, integers of
 * any size, text that is no valid Unicode, bytes, lists and objects with their columns in order.
 */
export class CellWriter {
  #bytes: Buffer = Buffer.allocUnsafeSlow(64 * 1024)
  #at = 0

  /** The bytes of a cell. They are good until the next call. */
  write(cell: Cell): Buffer {
    this.#at = 0
    this.#cell(cell)
    return this.#bytes.subarray(0, this.#at)
  }

  #cell(cell: Cell | undefined): void {
    this.#reserve(16)
    switch (typeof cell) {
      case 'number':
        this.#number(cell)
        break
      case 'string':
        this.#text(cell)
        break
      case 'boolean':
        this.#bytes[this.#at++] = cell ? tag.true : tag.false
        break
      case 'bigint':
        this.#bytes[this.#at++] = tag.bigint
        this.#text(cell.toString())
        break
      case 'undefined':
        this.#bytes[this.#at++] = tag.undefined
        break
      default:
        this.#object(cell)
    }
  }

  #number(number: number): void {
    if (number >= 0 && number < smallest && Number.isInteger(number) && !Object.is(number, -0)) {
      this.#bytes[this.#at++] = tag.small + number
    } else if ((number | 0) === number && !Object.is(number, -0)) {
      this.#bytes[this.#at++] = tag.int32
      this.#at = this.#bytes.writeInt32LE(number, this.#at)
    } else {
      this.#bytes[this.#at++] = tag.double
      this.#at = this.#bytes.writeDoubleLE(number, this.#at)
    }
  }

  #text(text: string): void {
    const { length } = text
    this.#reserve(8 + 3 * length)
    if (length <= 40) {
      if (this.#short(text, length)) return
    } else {
      const written = this.#bytes.write(text, this.#at + 5, 'utf8')
      if (written === length) {
        this.#sized(tag.ascii, length)
        return
      }
    }
    this.#sized(tag.text, this.#bytes.write(text, this.#at + 5, 'utf16le'))
  }

  #short(text: string, length: number): boolean {
    const bytes = this.#bytes
    const start = this.#at + 2
    for (let i = 0; i < length; i++) {
      const code = text.charCodeAt(i)
      if (code > 127) return false
      bytes[start + i] = code
    }
    bytes[this.#at] = tag.short
    bytes[this.#at + 1] = length
    this.#at = start + length
    return true
  }

  /** Puts the tag and the size in front of what was written after them. */
  #sized(kind: number, size: number): void {
    this.#bytes[this.#at] = kind
    this.#bytes.writeUInt32LE(size, this.#at + 1)
    this.#at += 5 + size
  }

  #object(cell: Exclude<Cell, number | string | boolean | bigint>): void {
    if (cell === null) {
      this.#bytes[this.#at++] = tag.null
    } else if (cell instanceof Uint8Array) {
      this.#reserve(5 + cell.length)
      this.#bytes.set(cell, this.#at + 5)
      this.#sized(tag.bytes, cell.length)
    } else if (Array.isArray(cell)) {
      this.#bytes[this.#at++] = tag.list
      this.#number(cell.length)
      for (const one of cell as readonly Cell[]) this.#cell(one)
    } else {
      const names = Object.keys(cell)
      this.#bytes[this.#at++] = tag.object
      this.#number(names.length)
      for (const name of names) {
        this.#text(name)
        this.#cell((cell as { readonly [name: string]: Cell })[name])
      }
    }
  }

  #reserve(size: number): void {
    if (this.#at + size <= this.#bytes.length) return
    const larger = Buffer.allocUnsafeSlow(Math.max(this.#bytes.length * 2, this.#at + size))
    this.#bytes.copy(larger, 0, 0, this.#at)
    this.#bytes = larger
  }
}

/** The cell that a {@link CellWriter} wrote. It keeps nothing of `bytes`. */
export function readCell(bytes: Buffer): Cell {
  return new CellReader(bytes).cell()
}

class CellReader {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  cell(): Cell {
    const kind = this.#bytes[this.#at++]!
    if (kind >= tag.small) return kind - tag.small
    switch (kind) {
      case tag.null:
        return null
      case tag.true:
      case tag.false:
        return kind === tag.true
      case tag.int32:
        this.#at += 4
        return this.#bytes.readInt32LE(this.#at - 4)
      case tag.double:
        this.#at += 8
        return this.#bytes.readDoubleLE(this.#at - 8)
      case tag.bigint:
        return BigInt(this.cell() as string)
      case tag.short: {
        const start = this.#at + 1
        this.#at = start + this.#bytes[start - 1]!
        return this.#bytes.toString('latin1', start, this.#at)
      }
      case tag.ascii:
        return this.#sized((start, end) => this.#bytes.toString('latin1', start, end))
      case tag.text:
        return this.#sized((start, end) => this.#bytes.toString('utf16le', start, end))
      case tag.bytes:
        return this.#sized((start, end) => new Uint8Array(this.#bytes.subarray(start, end)))
      case tag.list:
        return this.#list()
      case tag.object:
        return this.#object()
      case tag.undefined:
        return undefined as unknown as Cell
      default:
        throw new Error(`a cell of kind ${kind}`)
    }
  }

  #list(): Cell {
    const list: Cell[] = []
    for (let left = this.cell() as number; left > 0; left--) list.push(this.cell())
    return list
  }

  #object(): Cell {
    const object: Record<string, Cell> = {}
    for (let left = this.cell() as number; left > 0; left--) {
      const name = this.cell() as string
      if (name !== '__proto__') object[name] = this.cell()
      else
        Object.defineProperty(object, name, {
          value: this.cell(),
          enumerable: true,
          writable: true,
          configurable: true,
        })
    }
    return object
  }

  #sized<T>(read: (start: number, end: number) => T): T {
    const start = this.#at + 4
    this.#at = start + this.#bytes.readUInt32LE(this.#at)
    return read(start, this.#at)
  }
}
