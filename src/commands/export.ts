import type { Command } from 'commander'
import { exportNamed } from '../export-job.js'
import { connect } from '../lab.js'
import { jsonOption, type SourceOptions, sourceOption, wholeNumber } from './command.js'
import { interrupted } from './interrupt.js'

interface ExportCommandOptions extends SourceOptions {
  out: string
  force?: boolean
  validation: boolean
  seed?: number
  golden?: string
}

const examples = `
The pipeline is taken from the file with just what it follows from, proven on recorded changes, and run as a job over
them; then the folder is written, all of it or nothing. What was exported there before is replaced, files that others put
beside it stay. It ends with exit code 1 when something is wrong; --force exports it all the same and records that.

Examples:
  obslab export notebooks/05-vitals.ipynb vitals --out jobs/vitals
  obslab export vitals.ts vitals --out jobs/vitals --source kafka://localhost:9092
  obslab export 05-vitals.ipynb vitals --out jobs/vitals --no-validation --force
  obslab export 05-vitals.ipynb vitals --out jobs/vitals --json`

/** `obslab export`: a pipeline of a notebook or a file as a standalone job. */
export function exportCommand(program: Command): void {
  program
    .command('export <file> <pipeline>')
    .description('Make a standalone job of a pipeline in a notebook or a file')
    .requiredOption('--out <folder>', 'the folder of the job')
    .addOption(sourceOption())
    .option('--force', 'export in spite of what is wrong, and record it')
    .option('--no-validation', 'leave the validation out; takes --force')
    .option('--seed <n>', 'what random cuts and orders are drawn from (default: 1)', wholeNumber('--seed'))
    .option('--golden <folder>', 'where accepted outputs are (default: obslab.golden)')
    .addOption(jsonOption())
    .addHelpText('after', examples)
    .action(async (file: string, name: string, options: ExportCommandOptions) => {
      const { out, source, force, validation, seed, golden, json } = options
      const lab = await connect(source)
      try {
        const report = await exportNamed(
          { live: null, name },
          {
            notebook: file,
            out,
            lab,
            validation,
            signal: interrupted(),
            ...(force && { force }),
            ...(seed !== undefined && { seed }),
            ...(golden !== undefined && { golden }),
          },
        )
        process.stdout.write(json ? `${JSON.stringify(report)}\n` : `${report.text()}\n`)
      } finally {
        await lab.close()
      }
    })
}
