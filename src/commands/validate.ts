import type { Command } from 'commander'
import { connect, type Lab } from '../lab.js'
import { readParams } from '../pipeline/param.js'
import { paramsOf } from '../pipeline/plan-params.js'
import type { Validation } from '../validate/validation.js'
import { validate } from '../validate.js'
import { jsonOption, type SourceOptions, sourceOption, wholeNumber } from './command.js'
import { interrupted } from './interrupt.js'
import { loadPipeline } from './job-file.js'
import { paramOption } from './param-option.js'

interface ValidateCommandOptions extends SourceOptions {
  seed?: number
  sample?: number
  golden?: string
  accept?: boolean
  fixture?: string
  param?: Record<string, string>
}

const examples = `
The file exports the pipeline; of a notebook, the declarations of its cells are taken that no await and no output of
another cell goes into. It ends with exit code 1 when a finding is an error. Accepted outputs are in obslab.golden,
readable by their owner alone; they hold real values, but digests of sensitive ones.

Examples:
  obslab validate vitals.ts
  obslab validate 05-vitals.ipynb vitals --source kafka://localhost:9092
  obslab validate vitals.ts --accept
  obslab validate vitals.ts --seed 42 --fixture failing.json --json`

/** `obslab validate`: a pipeline of a file or a notebook, proven on recorded data. */
export function validateCommand(program: Command): void {
  program
    .command('validate <file> [pipeline]')
    .description('Prove a pipeline of a notebook or a file on recorded data')
    .addOption(sourceOption())
    .option('--seed <n>', 'what random cuts and orders are drawn from (default: 1)', wholeNumber('--seed'))
    .option(
      '--sample <n>',
      'changes kept to be run in other orders (default: 50000)',
      wholeNumber('--sample', 1),
    )
    .option('--golden <folder>', 'where accepted outputs are (default: obslab.golden)')
    .option('--accept', 'take the output as the accepted one, unless something else is wrong')
    .option('--fixture <file>', 'write the smallest failing input there, sensitive values masked')
    .addOption(paramOption())
    .addOption(jsonOption())
    .addHelpText('after', examples)
    .action(async (file: string, name: string | undefined, options: ValidateCommandOptions) => {
      const pipeline = await loadPipeline(file, name)
      const lab = await connect(options.source)
      try {
        await run(lab, pipeline, options)
      } finally {
        await lab.close()
      }
    })
}

async function run(
  lab: Lab,
  pipeline: Awaited<ReturnType<typeof loadPipeline>>,
  { seed, sample, golden, accept, fixture, param, json }: ValidateCommandOptions,
): Promise<void> {
  const validation = await validate(pipeline, lab, {
    signal: interrupted(),
    ...(seed !== undefined && { seed }),
    ...(sample !== undefined && { sample }),
    ...(golden !== undefined && { golden }),
    ...(param && { params: readParams(paramsOf(pipeline.plan), param) }),
  })
  const isAccepted = accept === true && errorsOf(validation).every(code => code === 'golden-different')
  process.stdout.write(json ? `${JSON.stringify(jsonOf(validation))}\n` : `${validation.text()}\n`)
  const { difference } = validation
  if (!json && difference !== null && difference.rows.length > 0) {
    process.stdout.write(`${difference.rows.text()}\n`)
  }
  if (isAccepted) {
    const written = await validation.accept()
    process.stderr.write(`Accepted: ${written} (its owner's alone; sensitive columns as digests)\n`)
  }
  if (fixture !== undefined && validation.failing.length > 0) {
    await validation.saveFixture(fixture)
    process.stderr.write(`The failing input is in ${fixture}, sensitive values masked.\n`)
  }
  if (!validation.ok && !isAccepted) process.exitCode = 1
}

function errorsOf({ findings }: Validation<object>): string[] {
  return findings.filter(({ severity }) => severity === 'error').map(({ code }) => code)
}

function jsonOf(validation: Validation<object>): object {
  const { pipeline, changes, rows, seed, ok, findings, report, failing, difference } = validation
  const counts = difference && {
    added: difference.added,
    removed: difference.removed,
    changed: difference.changed,
    rows: difference.rows,
  }
  return { pipeline, ok, changes, rows, seed, findings, report, failing, difference: counts }
}
