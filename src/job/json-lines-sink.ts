import { type FileHandle, open, readFile } from 'node:fs/promises'
import { ObslabError } from '../errors.js'
import type { DeadLetterRecord } from './dead-letter.js'
import type { Log } from './log.js'
import { deadLetterFile } from './names.js'
import type { HeldOutput, OutputRecord, Sink, SinkBatch, SinkRequest } from './sink.js'

/**
 * A sink of JSON lines, `{"key":…,"row":…}`, where a null row says that the key is gone. To a file they are appended:
 * what it holds counts as written, so a second run adds nothing, and a last line that a crash tore is cut off. Dead letters
 * go to `<file>.dead-letters`, `{"key":…,"letter":…}`. A new file is readable by its owner alone (mode 0600), for it holds
 * rows as they are. Without a file rows go to standard output, and dead letters to the log. Offsets are not kept.
 */
export function jsonLinesSink(file?: string): Sink {
  return file === undefined ? new StandardOutput() : new JsonLinesFiles(file)
}

class StandardOutput implements Sink {
  readonly name = 'standard output'
  readonly delivery = 'at-least-once'
  #log: Log | null = null

  async holder(): Promise<null> {
    return null
  }

  async open({ log }: SinkRequest): Promise<null> {
    this.#log = log
    return null
  }

  async held(): Promise<HeldOutput> {
    return { rows: new Map(), deadLetters: new Map() }
  }

  async write({ records, deadLetters }: SinkBatch): Promise<void> {
    for (const { key, letter } of deadLetters) {
      if (letter === null) this.#log?.info('a dead letter was taken back', { key })
      else this.#log?.warn('dead letter', { key, letter })
    }
    if (records.length === 0) return
    await new Promise<void>((resolve, reject) => {
      process.stdout.write(linesOf(records), error => (error ? reject(error) : resolve()))
    })
  }

  async close(): Promise<void> {}
}

class JsonLinesFiles implements Sink {
  readonly name: string
  readonly delivery = 'at-least-once'
  readonly #rows: KeyedLines
  readonly #letters: KeyedLines

  constructor(file: string) {
    this.name = file
    this.#rows = new KeyedLines(file, 'row')
    this.#letters = new KeyedLines(deadLetterFile(file), 'letter')
  }

  async holder(): Promise<null> {
    return null
  }

  async open(): Promise<null> {
    await this.#rows.open()
    return null
  }

  async held(): Promise<HeldOutput> {
    return { rows: await this.#rows.held(), deadLetters: await this.#letters.held() }
  }

  async write({ records, deadLetters }: SinkBatch): Promise<void> {
    await this.#letters.append(deadLetters.map(textOf))
    await this.#rows.append(linesOf(records))
  }

  async close(): Promise<void> {
    await this.#rows.close()
    await this.#letters.close()
  }
}

/** A file of lines of a key and what it has now, null for nothing any more. It is made when it is opened. */
class KeyedLines {
  readonly #file: string
  readonly #name: string
  #handle: FileHandle | null = null

  constructor(file: string, name: string) {
    this.#file = file
    this.#name = name
  }

  async open(): Promise<void> {
    await this.#onDisk(async () => {
      this.#handle ??= await open(this.#file, 'a', 0o600)
    })
  }

  /** What it holds after compaction. A line that a crash tore is cut off. */
  async held(): Promise<Map<string, string>> {
    return await this.#onDisk(async () => {
      const text = await readFile(this.#file, 'utf8').catch(noFile)
      const whole = text.slice(0, text.lastIndexOf('\n') + 1)
      const held = compacted(this.#file, whole, this.#name)
      if (whole.length < text.length) {
        await this.open()
        await this.#handle?.truncate(Buffer.byteLength(whole))
      }
      return held
    })
  }

  async append(lines: string | readonly string[]): Promise<void> {
    const text = typeof lines === 'string' ? lines : lines.join('')
    if (text === '') return
    await this.open()
    await this.#onDisk(async () => await this.#handle?.appendFile(text))
  }

  async close(): Promise<void> {
    await this.#handle?.close()
    this.#handle = null
  }

  async #onDisk<T>(use: () => Promise<T>): Promise<T> {
    try {
      return await use()
    } catch (cause) {
      if (cause instanceof ObslabError) throw cause
      const code = cause instanceof Error && 'code' in cause ? ` (${cause.code})` : ''
      throw new ObslabError('disk-failed', `The rows could not be written to ${this.#file}${code}.`, {
        cause,
      })
    }
  }
}

function noFile(error: unknown): string {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return ''
  throw error
}

function linesOf(records: readonly OutputRecord[]): string {
  return records.map(({ key, row }) => `{"key":${key},"row":${row}}\n`).join('')
}

function textOf({ key, letter }: DeadLetterRecord): string {
  return `{"key":${key},"letter":${letter}}\n`
}

/** The texts of keys and rows are taken as they stand: parsed and printed again, their bytes could differ. */
function compacted(file: string, text: string, name: string): Map<string, string> {
  const held = new Map<string, string>()
  const separator = `},"${name}":`
  for (const line of text.split('\n')) {
    if (line === '') continue
    // A key is a flat object, and a quote inside a text is escaped: the first such stretch ends it.
    const middle = line.indexOf(separator)
    if (!line.startsWith('{"key":{') || middle === -1 || !line.endsWith('}')) {
      throw new ObslabError(
        'output-foreign',
        `Expected ${file} to hold lines {"key":…,"${name}":…} of an earlier run, found something else. Name another file.`,
      )
    }
    const key = line.slice('{"key":'.length, middle + 1)
    const value = line.slice(middle + separator.length, -1)
    if (value === 'null') held.delete(key)
    else held.set(key, value)
  }
  return held
}
