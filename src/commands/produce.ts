import type { Command } from 'commander'
import { ObslabError } from '../errors.js'
import { openKafka } from '../source/kafka.js'
import { type KafkaConfig, parseKafkaConfig } from '../source/kafka-config.js'
import { RecordProducer } from '../source/record-producer.js'
import { clusterOption } from './command.js'
import { interrupted } from './interrupt.js'
import { type LineFormat, LineSplitter, type NumberedRecord, recordOfLine } from './produce-lines.js'

interface ProduceOptions extends LineFormat {
  source?: string
  json?: boolean
}

const examples = `
One record a line of standard input; with a key separator, an empty value is a tombstone. The topic must exist.

Examples:
  obslab produce notes --source kafka://localhost:9092 < values.txt
  echo '{"obs_id":42}|' | obslab produce dbserver1.openmrs.obs --key-separator '|' -s kafka://localhost:9092
  echo '{"key":{"id":1},"value":{"name":"x"}}' | obslab produce notes --json-lines -s kafka://localhost:9092`

/** `obslab produce`: keys and values from lines into a topic. */
export function produceCommand(program: Command): void {
  program
    .command('produce <topic>')
    .description('Write records into a topic, one for each line of standard input')
    .addOption(clusterOption())
    .option('--key-separator <text>', 'the key is what comes before the first of these in a line')
    .option('--json-lines', 'lines are objects: {"key": …, "value": …, "headers": {…}}')
    .option('--json', 'print the counts as JSON')
    .addHelpText('after', examples)
    .action(async (topic: string, { source, json, ...format }: ProduceOptions) => {
      checkFormat(format)
      const config = parseKafkaConfig(source)
      await requireTopic(config, topic)
      const counts = await produceLines(config, { topic, format, signal: interrupted() })
      const { records, tombstones } = counts
      const of = tombstones === 0 ? '' : `, ${tombstones.toLocaleString('en')} of them tombstones`
      const text = `${records.toLocaleString('en')} ${records === 1 ? 'record is' : 'records are'} in ${topic}${of}`
      process.stdout.write(`${json ? JSON.stringify({ topic, ...counts }) : text}\n`)
    })
}

function checkFormat({ keySeparator, jsonLines }: LineFormat): void {
  if (keySeparator === undefined) return
  if (keySeparator !== '' && !jsonLines) return
  const found = jsonLines ? '--json-lines as well: the lines name their keys' : 'nothing'
  throw new ObslabError('option-invalid', `--key-separator takes a text, found ${found}.`)
}

/** Fails, naming the nearest, when there is no such topic, instead of having the broker create it. */
async function requireTopic(config: KafkaConfig, topic: string): Promise<void> {
  const source = await openKafka(config)
  try {
    await source.topics([topic])
  } finally {
    await source.close()
  }
}

interface Production {
  topic: string
  format: LineFormat
  signal: AbortSignal
}

interface ProducedCounts {
  records: number
  tombstones: number
}

/** Records sent in one go, and their bytes at most. */
const batchRecords = 1_000
const batchBytes = 512 * 1024

async function produceLines(
  config: KafkaConfig,
  { topic, format, signal }: Production,
): Promise<ProducedCounts> {
  const producer = await RecordProducer.open(config, topic)
  const counts: ProducedCounts = { records: 0, tombstones: 0 }
  const splitter = new LineSplitter()
  let line = 0
  const produce = async (lines: readonly Buffer[]): Promise<void> => {
    const batch = new Batch(producer, counts)
    try {
      for (const bytes of lines) await batch.add(recordOfLine(bytes, ++line, format))
    } catch (error) {
      await batch.send()
      throw error
    }
    await batch.send()
  }
  const stop = (): void => {
    process.stdin.destroy()
  }
  signal.addEventListener('abort', stop, { once: true })
  try {
    for await (const bytes of process.stdin as AsyncIterable<Buffer>) await produce(splitter.push(bytes))
    await produce(splitter.end())
    return counts
  } catch (error) {
    const interrupt = new ObslabError('cancelled', 'Producing was interrupted.', { cause: error })
    throw withCounts(signal.aborted ? interrupt : error, counts)
  } finally {
    signal.removeEventListener('abort', stop)
    await producer.close()
  }
}

/** Records of consecutive lines that are sent together. */
class Batch {
  readonly #producer: RecordProducer
  readonly #counts: ProducedCounts
  #records: NumberedRecord[] = []
  #bytes = 0

  constructor(producer: RecordProducer, counts: ProducedCounts) {
    this.#producer = producer
    this.#counts = counts
  }

  async add(record: NumberedRecord): Promise<void> {
    const bytes = (record.key?.length ?? 0) + (record.value?.length ?? 0)
    if (this.#records.length === batchRecords || this.#bytes + bytes > batchBytes) await this.send()
    this.#records.push(record)
    this.#bytes += bytes
  }

  async send(): Promise<void> {
    const records = this.#records
    if (records.length === 0) return
    this.#records = []
    this.#bytes = 0
    try {
      await this.#producer.send(records)
    } catch (error) {
      const [first, last] = [records[0]!.line, records.at(-1)!.line]
      const lines = first === last ? `line ${first}` : `lines ${first} to ${last}`
      throw prefixed(error, `Not all records of ${lines} are known to be written.`)
    }
    this.#counts.records += records.length
    this.#counts.tombstones += records.filter(({ value }) => value === null).length
  }
}

function prefixed(error: unknown, sentence: string): unknown {
  if (!(error instanceof ObslabError)) return error
  return new ObslabError(error.code, `${sentence} ${error.message}`, { cause: error.cause })
}

function withCounts(error: unknown, { records }: ProducedCounts): unknown {
  if (!(error instanceof ObslabError)) return error
  const count = `${records.toLocaleString('en')} ${records === 1 ? 'record' : 'records'}`
  const before =
    records === 0
      ? 'Nothing was produced before.'
      : `${count} before ${records === 1 ? 'is' : 'are'} in the topic.`
  return new ObslabError(error.code, `${error.message} ${before}`, { cause: error.cause })
}
