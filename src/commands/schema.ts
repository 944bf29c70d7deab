import type { Command } from 'commander'
import { connect } from '../lab.js'
import { jsonOption, type SourceOptions, sourceOption, wholeNumber } from './command.js'
import { interrupted } from './interrupt.js'

interface SchemaOptions extends SourceOptions {
  columns?: number | true
}

const examples = `
Examples:
  obslab schema obs
  obslab schema obs --columns
  obslab schema obs --columns 1 --json`

/** `obslab schema`: a topic's columns through time. */
export function schemaCommand(program: Command): void {
  program
    .command('schema <topic>')
    .description('Print the versions of a table’s columns with the DDL that made them, or the columns of one')
    .addOption(sourceOption())
    .option(
      '--columns [version]',
      'the columns of a version, the last when left out',
      wholeNumber('--columns', 1),
    )
    .addOption(jsonOption())
    .addHelpText('after', examples)
    .action(async (topic: string, { source, json, columns }: SchemaOptions) => {
      const lab = await connect(source)
      try {
        const timeline = await lab.schemaHistory(topic, { signal: interrupted() })
        const frame =
          columns === undefined
            ? timeline.versions()
            : timeline.columns(...(columns === true ? [] : ([columns] as const)))
        const text = columns === undefined ? timeline.text() : frame.text({ limit: frame.length })
        process.stdout.write(json ? frame.jsonLines() : `${text}\n`)
      } finally {
        await lab.close()
      }
    })
}
