import { expect, test } from 'vitest'
import { type JobSettings, readJobSettings } from '../../src/job/job-settings.js'
import { jobSettingsTable, jobSettingsText } from '../../src/job/job-settings-table.js'

const source = 'kafka://broker:9092'
const read = (argv: string[], env: Record<string, string> = {}): JobSettings | null =>
  readJobSettings(argv, { OBSLAB_SOURCE: source, ...env }).settings

test('the source alone is enough: rows go back to its cluster, and the state into ./state', () => {
  expect(read([])).toEqual({
    source,
    sink: source,
    state: './state',
    onGap: undefined,
    wait: false,
    port: null,
    untilEnd: false,
    prefix: undefined,
    topics: {},
    params: {},
    acceptIncomplete: false,
    deadLetterLimit: undefined,
    logLevel: 'info',
  })
})

test('from a recording, rows go to standard output', () => {
  expect(read(['--source', 'datasets/openmrs'])?.sink).toBe('-')
})

test.each<[string[], Record<string, string>, Partial<JobSettings>]>([
  [['--to', 'mysql://etl@db/reports'], { OBSLAB_SINK: 'rows.jsonl' }, { sink: 'mysql://etl@db/reports' }],
  [[], { OBSLAB_SINK: 'rows.jsonl' }, { sink: 'rows.jsonl' }],
  [['--to', '-'], {}, { sink: '-' }],
  [[], { OBSLAB_STATE: 'none' }, { state: null }],
  [['--state=/data/state'], { OBSLAB_STATE: 'none' }, { state: '/data/state' }],
  [['--on-gap', 'skip', '--wait'], {}, { onGap: 'skip', wait: true }],
  [[], { OBSLAB_ON_GAP: 'rebuild', OBSLAB_WAIT: 'true' }, { onGap: 'rebuild', wait: true }],
  [['--port', '9464'], { OBSLAB_PORT: '1' }, { port: 9464 }],
  [[], { OBSLAB_PORT: '0' }, { port: 0 }],
  [[], { OBSLAB_PORT: '', OBSLAB_PREFIX: '' }, { port: null, prefix: undefined }],
  [[], { OBSLAB_UNTIL_END: '1', OBSLAB_ACCEPT_INCOMPLETE: '0' }, { untilEnd: true, acceptIncomplete: false }],
  [
    ['--topic', 'obs=a.b.obs', '--topic', 'person=a.b.person'],
    {},
    { topics: { obs: 'a.b.obs', person: 'a.b.person' } },
  ],
  [
    [],
    { OBSLAB_TOPICS: 'obs=a.b.obs, person=a.b.person' },
    { topics: { obs: 'a.b.obs', person: 'a.b.person' } },
  ],
  [['--param', 'text=a=b,c'], { OBSLAB_PARAMS: 'least=5' }, { params: { text: 'a=b,c' } }],
  [[], { OBSLAB_DEAD_LETTER_LIMIT: '5', LOG_LEVEL: 'warn' }, { deadLetterLimit: 5, logLevel: 'warn' }],
])('%j with %j gives %j', (argv, env, expected) => {
  expect(read(argv, env)).toMatchObject(expected)
})

test.each([
  [['--prot', '9464'], {}, 'There is no flag --prot: did you mean --port? --help shows what there is.'],
  [['extra'], {}, "There is no argument 'extra' of a job. --help shows what there is."],
  [['--state'], {}, '--state takes a value. --help shows what there is.'],
  [['--wait=no'], {}, '--wait takes no value. --help shows what there is.'],
  [
    [],
    { OBSLAB_SOURCE: '' },
    'Setting OBSLAB_SOURCE: expected where the topics are read, kafka://host:port (or --source), found nothing.',
  ],
  [['--port', 'high'], {}, "Setting OBSLAB_PORT: expected a port from 0 to 65535, found 'high'."],
  [['--port', '65536'], {}, 'Setting OBSLAB_PORT: expected a port from 0 to 65535, found 65536.'],
  [['--on-gap', 'ask'], {}, "Setting OBSLAB_ON_GAP: expected 'rebuild' or 'skip', found 'ask'."],
  [['--topic', 'obs'], {}, "Setting OBSLAB_TOPICS: expected name=value, found 'obs'."],
  [
    [],
    { LOG_LEVEL: 'loud' },
    "Setting LOG_LEVEL: expected 'debug' or 'info' or 'warn' or 'error' or 'silent', found 'loud'.",
  ],
  [
    ['--dead-letter-limit', 'few'],
    {},
    "Setting OBSLAB_DEAD_LETTER_LIMIT: expected a whole number from 0 up, found 'few'.",
  ],
])('%j with %j is refused: %s', (argv, env, message) => {
  expect(() => read(argv, env)).toThrow(expect.objectContaining({ code: 'option-invalid', message }))
})

test('a variable that nobody reads is a warning with the nearest', () => {
  const { warnings } = readJobSettings([], {
    OBSLAB_SOURCE: source,
    OBSLAB_SYNC: 'x',
    OBSLAB_KAFKA_PASSWORT: 'secret',
    OBSLAB_SOMETHING_ELSE_ENTIRELY: '',
    OBSLAB_KAFKA_URL: source,
    HOME: '/root',
  })
  expect(warnings).toEqual([
    'The variable OBSLAB_KAFKA_PASSWORT is read by nobody: did you mean OBSLAB_KAFKA_PASSWORD?',
    'The variable OBSLAB_SOMETHING_ELSE_ENTIRELY is read by nobody.',
    'The variable OBSLAB_SYNC is read by nobody: did you mean OBSLAB_SINK?',
  ])
})

test("Kubernetes's link to a service named obslab is not taken for a port", () => {
  const env = { OBSLAB_SOURCE: source, OBSLAB_PORT: 'tcp://10.0.0.7:80' }
  const { settings, warnings } = readJobSettings([], env)
  expect([settings?.port, warnings.join()]).toEqual([
    null,
    expect.stringContaining('enableServiceLinks: false'),
  ])
  expect(readJobSettings(['--port', '80'], env)).toMatchObject({ settings: { port: 80 }, warnings: [] })
})

test('help is given even where a setting is missing, and names every setting', () => {
  expect(readJobSettings(['--help'], {}).settings).toBeNull()
  expect(readJobSettings(['-h'], {}).settings).toBeNull()
  const text = jobSettingsText()
  for (const { variable, flag, meaning } of jobSettingsTable) {
    const line = text.split('\n').find(one => one.includes(` ${variable} `))
    expect(line).toContain(meaning)
    expect(line).toContain(flag ?? '')
  }
})

test('no secret can be given as a flag, which process lists show', () => {
  for (const { variable, flag } of jobSettingsTable) {
    if (/PASSWORD|USERNAME/.test(variable)) expect(flag).toBeNull()
  }
})
