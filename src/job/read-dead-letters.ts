import { readFile, stat } from 'node:fs/promises'
import { ObslabError } from '../errors.js'
import { isKafka, openSource } from '../source/open-source.js'
import type { DeadLetter } from './dead-letter.js'
import { readLetter } from './letters.js'
import { deadLetterFile, deadLetterTopic } from './names.js'
import { isMysql } from './open-sink.js'
import { readOutput } from './output-topic.js'

/**
 * The dead letters beside an output, by position, without taking it over: of a cluster or a recording those of the topic
 * `<output>.dead-letters`, of a MySQL database those of the table `<output>_dead_letters`, of a file of JSON lines those of
 * the file beside it. An output that never had one has none; where there is no such output, it is an error.
 */
export async function readDeadLetters(where: string, output: string): Promise<DeadLetter[]> {
  const held = await heldLetters(where, output)
  return held
    .map(readLetter)
    .filter(letter => letter !== null)
    .sort((a, b) => compareText(a.topic, b.topic) || a.partition - b.partition || a.offset - b.offset)
}

async function heldLetters(where: string, output: string): Promise<string[]> {
  if (isMysql(where)) return await (await import('./mysql-lookup.js')).readMysqlDeadLetters(where, output)
  if (!isKafka(where) && (await stat(where).catch(() => null))?.isFile()) return await fileLetters(where)
  const source = await openSource(where)
  try {
    const names = (await source.topics()).map(({ topic }) => topic)
    const topic = deadLetterTopic(output)
    // An output without dead letters has no such topic; of a name that nobody has, the source tells the nearest.
    if (!names.includes(topic)) await source.topics([output])
    return names.includes(topic) ? [...(await readOutput(source, topic)).values()] : []
  } finally {
    await source.close()
  }
}

async function fileLetters(file: string): Promise<string[]> {
  const text = await readFile(deadLetterFile(file), 'utf8').catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') return ''
    throw new ObslabError('disk-failed', `${deadLetterFile(file)} could not be read (${cause.code}).`, {
      cause,
    })
  })
  const held = new Map<string, string>()
  for (const line of text.split('\n').slice(0, -1)) {
    const { key, letter } = lineOf(line, deadLetterFile(file))
    if (letter === null) held.delete(JSON.stringify(key))
    else held.set(JSON.stringify(key), JSON.stringify(letter))
  }
  return [...held.values()]
}

function lineOf(line: string, file: string): { key: unknown; letter: unknown } {
  try {
    const { key, letter } = JSON.parse(line) as Record<string, unknown>
    if (letter !== undefined) return { key, letter }
  } catch {
    // Told below.
  }
  throw new ObslabError(
    'output-foreign',
    `Expected ${file} to hold lines {"key":…,"letter":…}, found something else.`,
  )
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
