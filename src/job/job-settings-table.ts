/** One setting, for help and documents. */
export interface JobSetting {
  /** The environment variable. */
  variable: string
  /** The flag with what it takes, `--port <number>`; null where the environment alone is read: secrets, the log's level. */
  flag: string | null
  /** What it says. */
  meaning: string
  /** What holds without it; null where nothing does. A setting that must be given has `required`. */
  default: string | null
}

/** Every setting of a job that runs by itself. A flag goes before its variable, an empty variable counts as none. */
export const jobSettingsTable: readonly JobSetting[] = [
  setting(
    'OBSLAB_SOURCE',
    '--source <where>',
    'where topics are read: kafka://…, client.properties, a recording',
    'required',
  ),
  setting(
    'OBSLAB_SINK',
    '--to <where>',
    'where rows go: the same, mysql://user@host/database, a file, -',
    'the cluster of the source, else -',
  ),
  setting(
    'OBSLAB_STATE',
    '--state <folder>',
    'the folder of the state, for this job alone; none: in memory',
    './state',
  ),
  setting(
    'OBSLAB_ON_GAP',
    '--on-gap <choice>',
    'when records still to be read are gone: rebuild or skip',
    'stop and ask',
  ),
  setting(
    'OBSLAB_WAIT',
    '--wait',
    'wait while another instance of the job is running',
    'end with exit code 3',
  ),
  setting(
    'OBSLAB_PORT',
    '--port <number>',
    'serve /metrics, /healthz and /readyz, on all interfaces',
    'not served',
  ),
  setting(
    'OBSLAB_UNTIL_END',
    '--until-end',
    'stop at the end that the topics have at the start',
    'follow them',
  ),
  setting('OBSLAB_PREFIX', '--prefix <prefix>', 'find the topics among those of this topic.prefix', null),
  setting(
    'OBSLAB_TOPICS',
    '--topic <name=topic>',
    'read another topic; repeatable, in the variable by commas',
    null,
  ),
  setting(
    'OBSLAB_PARAMS',
    '--param <name=value>',
    'the value of a param; repeatable, in the variable by commas',
    "the pipeline's",
  ),
  setting(
    'OBSLAB_ACCEPT_INCOMPLETE',
    '--accept-incomplete',
    'run even though a topic has lost its first records',
    'end',
  ),
  setting(
    'OBSLAB_DEAD_LETTER_LIMIT',
    '--dead-letter-limit <number>',
    'stop at more new dead letters within 10,000 changes',
    '100',
  ),
  setting('LOG_LEVEL', null, 'the least that is logged: debug, info, warn, error, silent', 'info'),
  setting('OBSLAB_KAFKA_USERNAME', null, 'the user of a cluster that asks for a login', null),
  setting('OBSLAB_KAFKA_PASSWORD', null, 'the password of that user', null),
  setting('OBSLAB_KAFKA_KEY_PASSWORD', null, 'the password of a private key in PEM', null),
  setting('OBSLAB_MYSQL_PASSWORD', null, 'the password of the user of a mysql:// output', null),
  setting('OBSLAB_REGISTRY', null, 'the schema registry of Avro records, http://host:port', null),
  setting('OBSLAB_REGISTRY_USERNAME', null, 'the user of a registry that asks for a login', null),
  setting('OBSLAB_REGISTRY_PASSWORD', null, 'the password of that user', null),
]

function setting(variable: string, flag: string | null, meaning: string, usual: string | null): JobSetting {
  return { variable, flag, meaning, default: usual }
}

/** The table of settings as `--help` prints it. */
export function jobSettingsText(): string {
  const rows = jobSettingsTable.map(({ flag, variable, meaning, default: usual }) => {
    const told = usual === 'required' ? ' (required)' : ` (default: ${usual})`
    return [flag ?? '', variable, usual === null ? meaning : `${meaning}${told}`] as const
  })
  const width = (column: 0 | 1): number => Math.max(...rows.map(row => row[column].length))
  return rows
    .map(
      ([flag, variable, meaning]) => `  ${flag.padEnd(width(0))}  ${variable.padEnd(width(1))}  ${meaning}\n`,
    )
    .join('')
}
