import { type Command, Option } from 'commander'
import { progressBar } from '../display/progress.js'
import { connect } from '../lab.js'
import { interrupted } from './interrupt.js'

interface RecordOptions {
  topics?: string[]
  codec?: 'lz4' | 'zstd'
  json?: boolean
}

const examples = `
The folder is raw: it holds the records as they are, patients' data included, readable by you alone (mode 0700).

Examples:
  obslab record kafka://localhost:9092 recordings/monday
  obslab record kafka://localhost:9092 recordings/obs --topics obs encounter --codec zstd`

/** `obslab record`: topics into a folder in Kafka's own on-disk layout. */
export function recordCommand(program: Command): void {
  program
    .command('record <source> <folder>')
    .description('Record topics of a cluster into a folder that replays without one')
    .option('--topics <name...>', "only these topics (default: all but Kafka's own)")
    .addOption(new Option('--codec <codec>', 'write the records anew in this codec').choices(['lz4', 'zstd']))
    .option('--json', 'print the summary as JSON')
    .addHelpText('after', examples)
    .action(async (where: string, folder: string, options: RecordOptions) => {
      const lab = await connect(where)
      const bar = progressBar('recording', { unit: 'offsets' })
      try {
        const { topics, codec, json } = options
        const summary = await lab.record(folder, {
          ...(topics && { topics }),
          ...(codec && { codec }),
          signal: interrupted(),
          onProgress: ({ done, total }) => bar.update(done, total),
        })
        bar.end()
        const { records, bytes } = summary
        const counted = { folder, topics: Object.keys(summary.about.topics).length, records, bytes }
        const text =
          `${records.toLocaleString('en')} records of ${counted.topics} topics, ` +
          `${bytes.toLocaleString('en')} bytes, are in ${folder}`
        process.stdout.write(`${json ? JSON.stringify(counted) : text}\n`)
      } finally {
        await lab.close()
      }
    })
}
