import { type FileHandle, open, readFile } from 'node:fs/promises'
import { ObslabError } from '../errors.js'
import type { OutputRecord, Sink, SinkBatch } from './sink.js'

/**
 * A sink of JSON lines, `{"key":…,"row":…}`, where a null row says that the key is gone. To a file they are appended:
 * what it holds counts as written, so a second run adds nothing, and a last line that a crash tore is cut off. A new file
 * is readable by its owner alone (mode 0600), for it holds rows as they are. Without a file they go to standard output.
 * Offsets are not kept.
 */
export function jsonLinesSink(file?: string): Sink {
  return file === undefined ? new StandardOutput() : new JsonLinesFile(file)
}

class StandardOutput implements Sink {
  readonly name = 'standard output'

  async open(): Promise<ReadonlyMap<string, string>> {
    return new Map()
  }

  async write({ records }: SinkBatch): Promise<void> {
    if (records.length === 0) return
    await new Promise<void>((resolve, reject) => {
      process.stdout.write(linesOf(records), error => (error ? reject(error) : resolve()))
    })
  }

  async close(): Promise<void> {}
}

class JsonLinesFile implements Sink {
  readonly name: string
  #handle: FileHandle | null = null

  constructor(file: string) {
    this.name = file
  }

  async open(): Promise<ReadonlyMap<string, string>> {
    return await this.#onDisk(async () => {
      this.#handle = await open(this.name, 'a', 0o600)
      const text = await readFile(this.name, 'utf8')
      const whole = text.slice(0, text.lastIndexOf('\n') + 1)
      const held = compacted(this.name, whole)
      if (whole.length < text.length) await this.#handle.truncate(Buffer.byteLength(whole))
      return held
    })
  }

  async write({ records }: SinkBatch): Promise<void> {
    await this.#onDisk(async () => await this.#handle?.appendFile(linesOf(records)))
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
      throw new ObslabError('disk-failed', `The rows could not be written to ${this.name}${code}.`, { cause })
    }
  }
}

function linesOf(records: readonly OutputRecord[]): string {
  return records.map(({ key, row }) => `{"key":${key},"row":${row}}\n`).join('')
}

/** The texts of key and row are taken as they stand: parsed and printed again, their bytes could differ. */
function compacted(file: string, text: string): Map<string, string> {
  const held = new Map<string, string>()
  for (const line of text.split('\n')) {
    if (line === '') continue
    // A key is a flat object, and a quote inside a text is escaped: the first such stretch ends it.
    const middle = line.indexOf('},"row":')
    if (!line.startsWith('{"key":{') || middle === -1 || !line.endsWith('}')) {
      throw new ObslabError(
        'output-foreign',
        `Expected ${file} to hold lines {"key":…,"row":…} of an earlier run, found something else. Name another file.`,
      )
    }
    const key = line.slice('{"key":'.length, middle + 1)
    const row = line.slice(middle + '},"row":'.length, -1)
    if (row === 'null') held.delete(key)
    else held.set(key, row)
  }
  return held
}
