import { type Command, InvalidArgumentError } from 'commander'
import { ObslabError } from '../errors.js'
import { connect } from '../lab.js'
import { openKafka } from '../source/kafka.js'
import { createTopic, deleteTopic } from '../source/kafka-admin.js'
import { parseKafkaConfig } from '../source/kafka-config.js'
import { clusterOption, jsonOption, type SourceOptions, sourceOption, wholeNumber } from './command.js'

const examples = `
Examples:
  obslab topics
  obslab topics --source kafka://localhost:9092 --json
  obslab topics create notes --partitions 3 --config cleanup.policy=compact -s kafka://localhost:9092
  obslab topics delete notes --yes -s kafka://localhost:9092`

/** `obslab topics`: what there is to read; and creating and deleting topics. */
export function topicsCommand(program: Command): void {
  // Else --source of a subcommand would be taken for that of the command above it.
  program.enablePositionalOptions()
  const topics = program
    .command('topics')
    .description(
      'List the topics of a source: what each is, its records, bytes, times, formats and connector',
    )
    .enablePositionalOptions()
    .addOption(sourceOption())
    .addOption(jsonOption())
    .addHelpText('after', examples)
    .action(listTopics)
  createCommand(topics)
  deleteCommand(topics)
}

async function listTopics(options: SourceOptions): Promise<void> {
  const lab = await connect(options.source)
  try {
    const topics = await lab.topics()
    process.stdout.write(options.json ? topics.jsonLines() : `${topics.text({ limit: topics.length })}\n`)
  } finally {
    await lab.close()
  }
}

interface CreateOptions extends SourceOptions {
  partitions?: number
  replication?: number
  config?: Record<string, string>
}

function createCommand(topics: Command): void {
  topics
    .command('create <name>')
    .description('Create a topic')
    .addOption(clusterOption())
    .option(
      '--partitions <n>',
      "how many (default: the broker's num.partitions)",
      wholeNumber('--partitions'),
    )
    .option('--replication <n>', 'copies of each partition', wholeNumber('--replication'))
    .option('--config <name=value...>', 'settings, such as cleanup.policy=compact', setting)
    .option('--json', 'print the result as JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  obslab topics create notes --partitions 3 --config cleanup.policy=compact',
    )
    .action(async (name: string, { source, json, ...topic }: CreateOptions) => {
      const config = parseKafkaConfig(source)
      await (await openKafka(config)).close()
      await createTopic(config, { name, ...topic })
      process.stdout.write(json ? `${JSON.stringify({ created: name })}\n` : `${name} is created\n`)
    })
}

function deleteCommand(topics: Command): void {
  topics
    .command('delete <name>')
    .description('Delete a topic with all its records; the full name must be given')
    .addOption(clusterOption())
    .option('--yes', 'really delete it')
    .option('--json', 'print the result as JSON')
    .addHelpText('after', '\nExamples:\n  obslab topics delete notes --yes -s kafka://localhost:9092')
    .action(async (name: string, { source, yes, json }: SourceOptions & { yes?: boolean }) => {
      const config = parseKafkaConfig(source)
      const records = await recordsOf(config, name)
      const count = `${records.toLocaleString('en')} ${records === 1 ? 'record' : 'records'}`
      if (!yes) {
        throw new ObslabError(
          'option-invalid',
          `This would delete ${name} in ${config.name} with its ${count}, for good. Add --yes if that is meant.`,
        )
      }
      await deleteTopic(config, name)
      const text = `${name} is deleted, and with it ${count}`
      process.stdout.write(json ? `${JSON.stringify({ deleted: name, records })}\n` : `${text}\n`)
    })
}

async function recordsOf(config: ReturnType<typeof parseKafkaConfig>, name: string): Promise<number> {
  const source = await openKafka(config)
  try {
    const [topic] = await source.topics([name])
    return topic!.partitions.reduce((sum, { start, end }) => sum + end - start, 0)
  } finally {
    await source.close()
  }
}

function setting(text: string, before: Record<string, string> = {}): Record<string, string> {
  const at = text.indexOf('=')
  if (at <= 0) throw new InvalidArgumentError('write it as name=value.')
  return { ...before, [text.slice(0, at)]: text.slice(at + 1) }
}
