import { parseArgs } from 'node:util'
import { z } from 'zod'
import { ObslabError } from '../errors.js'
import { foundText, parseOptions } from '../options.js'
import { nearest } from '../source/nearest.js'
import { isKafka } from '../source/open-source.js'
import { jobSettingsTable } from './job-settings-table.js'
import { logLevels } from './pino-log.js'

/** The settings of a job that runs by itself, as `startJob` reads them. */
export interface JobSettings {
  /** Where the inputs are read: a recording, `kafka://…`, a `client.properties` file. */
  source: string
  /** Where the rows go: `kafka://…`, a `client.properties` file, `mysql://…`, a file of JSON lines, `-`. */
  sink: string
  /** The folder that the state is kept in; null for none. */
  state: string | null
  /** What to do when records that are still to be read are gone; undefined stops and asks. */
  onGap: 'rebuild' | 'skip' | undefined
  /** Wait for another instance of the job to end, instead of ending. */
  wait: boolean
  /** Where metrics and health are served; null for nowhere. */
  port: number | null
  /** Stop at the end that the topics have at the start. */
  untilEnd: boolean
  /** Find the topics among those of this `topic.prefix`. */
  prefix: string | undefined
  /** Topics to read in place of those the pipeline names. */
  topics: Readonly<Record<string, string>>
  /** Values of params, as they were written. */
  params: Readonly<Record<string, string>>
  /** Run even though a topic has lost its first records. */
  acceptIncomplete: boolean
  /** New dead letters within 10,000 changes that stop the job; undefined for the default. */
  deadLetterLimit: number | undefined
  /** The least that is logged. */
  logLevel: (typeof logLevels)[number]
}

/** Variables of obslab that a job does not read, and that are no slip. */
const otherVariables: readonly string[] = ['OBSLAB_KAFKA_URL', 'OBSLAB_KAFKA_PROPERTIES']

/** What {@link readJobSettings} found. */
export interface ReadSettings {
  /** Null when help was asked for. */
  settings: JobSettings | null
  /** What is odd about the environment, as sentences. */
  warnings: readonly string[]
}

/**
 * Reads the settings of a job from command-line arguments and an environment. What cannot be understood is an
 * `option-invalid` error; a variable OBSLAB_… that nobody reads is a warning with the nearest that there is.
 */
export function readJobSettings(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): ReadSettings {
  const { values, help } = readFlags(argv)
  const warnings = unknownVariables(env)
  const texts = new Map<string, readonly string[]>()
  for (const { variable, flag } of jobSettingsTable) {
    const given = flag === null ? undefined : values.get(nameOf(flag))
    const text = env[variable]
    if (given !== undefined) texts.set(variable, given)
    else if (variable === 'OBSLAB_PORT' && text?.startsWith('tcp://')) warnings.push(serviceLink)
    else if (text) texts.set(variable, isList(variable) ? text.split(',') : [text])
  }
  return { settings: help ? null : parsed(texts), warnings }
}

const serviceLink =
  'OBSLAB_PORT holds an address that Kubernetes gave for a service named obslab, and was left out: ' +
  'set enableServiceLinks: false in the pod, or give the port by --port.'

/** `port` of `--port <number>`. */
function nameOf(flag: string): string {
  return flag.slice(2).split(' ')[0]!
}

function isList(variable: string): boolean {
  return variable === 'OBSLAB_TOPICS' || variable === 'OBSLAB_PARAMS'
}

const flags: ReadonlyMap<string, boolean> = new Map(
  jobSettingsTable.flatMap(({ flag }): [string, boolean][] =>
    flag === null ? [] : [[nameOf(flag), flag.includes('<')]],
  ),
)

function readFlags(argv: readonly string[]): { values: Map<string, string[]>; help: boolean } {
  const options = Object.fromEntries(
    Array.from(flags, ([name, takes]) => [
      name,
      { type: takes ? ('string' as const) : ('boolean' as const) },
    ]),
  )
  const { tokens } = parseArgs({
    args: [...argv],
    options,
    strict: false,
    allowPositionals: true,
    tokens: true,
  })
  const values = new Map<string, string[]>()
  let help = false
  for (const token of tokens) {
    if (token.kind !== 'option')
      throw invalid(`There is no argument ${foundText(argv[token.index])} of a job`)
    const { name, rawName, value } = token
    const takes = flags.get(name)
    if (name === 'help' || name === 'h') help = true
    else if (takes === undefined) throw invalid(`There is no flag ${rawName}${meant(rawName)}`)
    else if (takes && value === undefined) throw invalid(`${rawName} takes a value`)
    else if (!takes && value !== undefined) throw invalid(`${rawName} takes no value`)
    else values.set(name, [...(values.get(name) ?? []), value ?? 'true'])
  }
  return { values, help }
}

function meant(flag: string): string {
  const [near] = nearest(
    flag,
    Array.from(flags.keys(), name => `--${name}`),
  )
  return near === undefined ? '' : `: did you mean ${near}?`
}

function invalid(told: string): ObslabError {
  return new ObslabError(
    'option-invalid',
    `${told}${told.endsWith('?') ? '' : '.'} --help shows what there is.`,
  )
}

function unknownVariables(env: Readonly<Record<string, string | undefined>>): string[] {
  const known = [...jobSettingsTable.map(({ variable }) => variable), ...otherVariables]
  return Object.keys(env)
    .filter(name => name.startsWith('OBSLAB_') && !known.includes(name))
    .sort()
    .map(name => {
      const [near] = nearest(name, known, 1)
      return `The variable ${name} is read by nobody${near === undefined ? '.' : `: did you mean ${near}?`}`
    })
}

const flag: z.ZodType<boolean> = z
  .enum(['true', 'false', '1', '0', ''])
  .transform(text => text === 'true' || text === '1')

const schema = z.strictObject({
  OBSLAB_SOURCE: z.string('expected where the topics are read, kafka://host:port (or --source)'),
  OBSLAB_SINK: z.string().optional(),
  OBSLAB_STATE: z.string().default('./state'),
  OBSLAB_ON_GAP: z.enum(['rebuild', 'skip']).optional(),
  OBSLAB_WAIT: flag.default(false),
  OBSLAB_PORT: z
    .string()
    .regex(/^\d{1,5}$/, 'expected a port from 0 to 65535')
    .transform(Number)
    .pipe(z.number().max(65535, 'expected a port from 0 to 65535'))
    .optional(),
  OBSLAB_UNTIL_END: flag.default(false),
  OBSLAB_PREFIX: z.string().optional(),
  OBSLAB_TOPICS: z.array(z.string()).default([]),
  OBSLAB_PARAMS: z.array(z.string()).default([]),
  OBSLAB_ACCEPT_INCOMPLETE: flag.default(false),
  OBSLAB_DEAD_LETTER_LIMIT: z
    .string()
    .regex(/^\d{1,9}$/, 'expected a whole number from 0 up')
    .transform(Number)
    .optional(),
  LOG_LEVEL: z.enum(logLevels).default('info'),
})

function parsed(texts: ReadonlyMap<string, readonly string[]>): JobSettings {
  const given = Object.keys(schema.shape).flatMap(name => {
    const values = texts.get(name)
    return values === undefined ? [] : [[name, isList(name) ? values : values.at(-1)] as const]
  })
  const read = parseOptions(schema, Object.fromEntries(given), 'Setting')
  const source = read.OBSLAB_SOURCE
  return {
    source,
    sink: read.OBSLAB_SINK ?? (isKafka(source) ? source : '-'),
    state: read.OBSLAB_STATE === 'none' ? null : read.OBSLAB_STATE,
    onGap: read.OBSLAB_ON_GAP,
    wait: read.OBSLAB_WAIT,
    port: read.OBSLAB_PORT ?? null,
    untilEnd: read.OBSLAB_UNTIL_END,
    prefix: read.OBSLAB_PREFIX,
    topics: pairs('OBSLAB_TOPICS', read.OBSLAB_TOPICS),
    params: pairs('OBSLAB_PARAMS', read.OBSLAB_PARAMS),
    acceptIncomplete: read.OBSLAB_ACCEPT_INCOMPLETE,
    deadLetterLimit: read.OBSLAB_DEAD_LETTER_LIMIT,
    logLevel: read.LOG_LEVEL,
  }
}

function pairs(variable: string, texts: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    texts.map(text => {
      const [, name, value] = /^\s*([^=]+)=(.*)$/s.exec(text) ?? []
      if (name !== undefined && value !== undefined) return [name, value]
      throw new ObslabError(
        'option-invalid',
        `Setting ${variable}: expected name=value, found ${foundText(text)}.`,
      )
    }),
  )
}
