import { Option } from 'commander'
import { ObslabError } from '../errors.js'
import { foundText } from '../options.js'

/** Where a command reads records, the same for all. */
export interface SourceOptions {
  source?: string
  json?: boolean
}

/** `--source`, as every command that reads has it. */
export function sourceOption(): Option {
  return new Option(
    '-s, --source <where>',
    'a recording, kafka://host:port or a client.properties file (default: the recording obslab comes with)',
  )
}

/** `--source`, as commands that write have it. */
export function clusterOption(): Option {
  return new Option(
    '-s, --source <where>',
    'kafka://host:port or a client.properties file (default: OBSLAB_KAFKA_URL of the environment)',
  )
}

/** `--json`, as every command that prints a result has it. */
export function jsonOption(): Option {
  return new Option('--json', 'print the result as JSON on standard output, one line a row')
}

/** Parses a whole number of an option, `least` or more; anything else is told with the option's name. */
export function wholeNumber(option: string, least: number = 0): (text: string) => number {
  return text => {
    const number = /^\d[\d_]*$/.test(text) ? Number(text.replaceAll('_', '')) : Number.NaN
    if (Number.isSafeInteger(number) && number >= least) return number
    throw new ObslabError(
      'option-invalid',
      `${option} takes a whole number from ${least} up, found ${foundText(text)}.`,
    )
  }
}

/** A place in a topic on the command line: an offset or a time. */
export function place(text: string): number | string {
  return /^\d+$/.test(text) ? Number(text) : text
}

/** Prints rows as JSON lines: bigints as integers, nulls present. */
export function printLines(lines: string): void {
  process.stdout.write(lines)
}
