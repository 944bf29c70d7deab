import { groupDigits } from '../frame/format.js'
import { jobSettingsTable } from '../job/job-settings-table.js'
import { jobNames } from '../job/names.js'
import type { OutputColumn } from '../pipeline/output-changes.js'
import { planTopics } from '../pipeline/plan.js'
import { paramsOf } from '../pipeline/plan-params.js'
import { healthPort } from './dockerfile.js'
import type { RecordedRun } from './recorded-run.js'
import type { TopicsFile } from './topics-file.js'

/** What a {@link readme} tells of. */
export interface ReadmeParts {
  /** The name of the job's folder and image. */
  name: string
  /** `src/vitals.ts`. */
  file: string
  /** `05-vitals.ipynb`. */
  notebook: string
  exportName: string
  run: RecordedRun
  topics: TopicsFile
  /** The packed obslab beside it. */
  obslab: string
  fixture: { changes: number; rows: number }
  /** The codes of the findings in spite of which it was exported. */
  forced: readonly string[]
}

/** The README of a job, for who reviews it and who runs it. */
export function readme(parts: ReadmeParts): string {
  const sections = [head, whatItDoes, tryIt, operating, settings, state, recovery, promises, files]
  return `${sections.map(section => wrapped(section(parts))).join('\n\n')}\n`
}

function head({ name, notebook, file, run, exportName, forced }: ReadmeParts): string {
  const { plan } = run
  const reads = planTopics(plan.root).map(({ topic }) => `\`${topic}\``)
  const lines = [
    `# ${name}`,
    `Keeps \`${plan.output}\` up to date with ${reads.length === 1 ? 'the topic' : 'the topics'} ${reads.join(', ')}, change by ` +
      `change. \`${file}\` says how: it is the pipeline \`${exportName}\` of \`${notebook}\`. Exporting it again overwrites ` +
      'what is here; change the notebook and not this folder.',
  ]
  if (forced.length > 0) {
    lines.push(
      `**It was exported by force**, in spite of: ${forced.join(', ')}. \`provenance.json\` says more.`,
    )
  }
  return lines.join('\n\n')
}

function whatItDoes({ run, topics }: ReadmeParts): string {
  const { key, columns } = topics.declaration
  const inputs = run.inputs.map(({ topic, partitions }) => `| \`${topic}\` | ${partitions.length} |`)
  const shown = columns?.map(column => columnRow(column, key ?? [])) ?? []
  return [
    '## What it reads and writes',
    'Topics are found by the ends of their names; `OBSLAB_PREFIX` says which ones are meant when there are several.',
    ['| topic it was proven on | partitions |', '| --- | --- |', ...inputs].join('\n'),
    `It writes upserts and tombstones, one for each key${key === null ? '' : ` (${key.join(', ')})`}, as JSON: nulls are ` +
      'there, integers beyond 2^53 are integers, decimals are text, times are milliseconds since 1970.',
    shown.length === 0
      ? 'Nothing tells the columns of its rows. A schema in `.to(…)` would.'
      : ['| column | kind | |', '| --- | --- | --- |', ...shown].join('\n'),
    `What it cannot make anything of goes to \`${topics.deadLetters.topic}\`. \`topics.json\` has the settings of both topics; ` +
      'missing ones are created by the job.',
  ].join('\n\n')
}

function columnRow({ name, kind, nullable, mysqlType }: OutputColumn, key: readonly string[]): string {
  const about = key.includes(name) ? 'key' : nullable ? 'may be null' : ''
  return `| \`${name}\` | ${mysqlType ?? kind} | ${about} |`
}

function tryIt({ name, fixture }: ReadmeParts): string {
  return `## Trying and building it

\`\`\`sh
npm ci
npm test                 # ${fixture.changes} recorded changes in, ${fixture.rows} rows out, byte for byte
npm run build            # dist/main.js, one file
docker build --tag ${name} .
\`\`\`

\`npx obslab run . --source <recording>\` runs it on recorded changes and prints its rows.`
}

function operating({ name }: ReadmeParts): string {
  return `## Running it

\`\`\`sh
OBSLAB_SOURCE=kafka://broker:9092 npm start
OBSLAB_SOURCE=kafka://broker:9092 OBSLAB_SINK=mysql://etl@db/reports npm start

docker run --read-only --tmpfs /tmp --volume ${name}-state:/state --publish ${healthPort}:${healthPort} \\
  --env OBSLAB_SOURCE=kafka://broker:9092 ${name}
\`\`\`

SIGTERM makes it finish what it has in hand and leave with exit code 0. With \`OBSLAB_PORT\`, which the image sets to
${healthPort}, it serves \`/metrics\` for Prometheus, \`/healthz\` and \`/readyz\`. Logs are lines of JSON on standard error and
hold no values of rows.`
}

function settings({ run }: ReadmeParts): string {
  const rows = jobSettingsTable.map(
    ({ variable, flag, meaning, default: usual }) =>
      `| \`${variable}\` | ${flag === null ? '' : `\`${flag}\``} | ${meaning} | ${usual ?? ''} |`,
  )
  const params = paramsOf(run.plan).map(({ name, default: usual }) => `\`${name}\` (${String(usual)})`)
  const told = params.length === 0 ? 'The pipeline has no params.' : `Its params: ${params.join(', ')}.`
  return [
    '## Settings',
    ['| variable | or flag | what it says | default |', '| --- | --- | --- | --- |', ...rows].join('\n'),
    told,
  ].join('\n\n')
}

function state({ run }: ReadmeParts): string {
  const operators = run.operators.filter(({ entries }) => entries > 0)
  const bytes = operators.reduce((sum, one) => sum + one.bytes, 0)
  const rows = operators.map(
    ({ operator, entries, bytes: size }) => `| ${operator} | ${groupDigits(entries)} | ${sizeText(size)} |`,
  )
  const perChange = run.changes === 0 ? 0 : bytes / run.changes
  return [
    '## State and scale',
    `After the ${groupDigits(run.changes)} changes it was proven on it remembers about ${sizeText(bytes)}, estimated from a ` +
      `sample: ${Math.round(perChange)} bytes a change, so that a million of the same kind leave about ` +
      `${sizeText(perChange * 1e6)}. On disk, in the folder of \`OBSLAB_STATE\`, it is some more. The folder holds values of ` +
      'rows as they are: it is for the job alone.',
    ['| operator | entries | memory |', '| --- | --- | --- |', ...rows].join('\n'),
    'It is one process: rows that belong together come from several partitions and topics, and one state holds them. A ' +
      'second instance names the first and ends with exit code 3, or waits (`OBSLAB_WAIT`).',
  ].join('\n\n')
}

function recovery({ run }: ReadmeParts): string {
  const { group } = jobNames(run.plan.name)
  return `## When something goes wrong

- **It was killed.** Start it again: it goes on where it was. \`kafka-consumer-groups --group ${group} --describe\` shows how
  far it is.
- **The state is lost.** Start it again: it reads its topics from their beginning, compares with what the output holds and
  writes the difference, rows that are gone included. It refuses when a topic no longer has all its rows.
- **Records that it has not read are gone from a topic.** It stops and asks: \`--on-gap rebuild\` computes everything anew
  from what is there, \`--on-gap skip\` goes on without them.
- **Dead letters.** \`npx obslab dead-letters list ${run.plan.output} --source …\` shows what failed, where and why;
  \`npx obslab dead-letters replay . --source …\` reads the newest versions again once that is mended.
- **Backup.** \`npx obslab job backup state <folder>\` copies the state while the job runs; \`npx obslab job status state\` says what
  it holds. A backup that is older than the output is of use as long as the topics still have what came since.
- **A new version of the pipeline.** Before it starts, the job says for each operator whether its state is kept or rebuilt.`
}

function promises(_: ReadmeParts): string {
  return `## What it promises

- Into Kafka and MySQL or MariaDB each change affects the output exactly once, through crashes and restarts of the job, the
  brokers and the database. Read the topic with \`isolation.level=read_committed\`. Into a file, at least once.
- When the topics are read to their ends, the output is what the pipeline computes from the final tables. In between, a
  reader may see one table's part of a transaction.
- No record is dropped: what fails is in the dead letters, with its position and the reason, sensitive values masked. The
  output itself holds real values.`
}

function files({ file, obslab }: ReadmeParts): string {
  return `## What is here

| file | |
| --- | --- |
| \`${file}\` | the pipeline, as it stands in the notebook |
| \`src/main.ts\` | starts it |
| \`test/\` | recorded changes with sensitive values masked, the rows expected, the test |
| \`build.js\` | makes \`dist/main.js\`, one file |
| \`topics.json\` | the topics as code, and what the rows are: a change that breaks readers is refused at the next export |
| \`provenance.json\` | the cells, records, checks and versions it comes from |
| \`${obslab}\` | obslab, packed |

obslab is in no registry yet, so \`package.json\` names the packed file beside it. Once it is published, replace
\`"file:${obslab}"\` by its version, run \`npm install\` and remove the file here and in the Dockerfile.`
}

function sizeText(bytes: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB']
  const unit = bytes < 1000 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(bytes) / 3))
  const size = bytes / 1000 ** unit
  return `${size < 10 && unit > 0 ? size.toFixed(1) : Math.round(size)} ${units[unit]}`
}

const width = 118

/** Paragraphs broken into lines; what has lines already, lists and tables among it, stays as it is. */
function wrapped(text: string): string {
  return text
    .split('\n\n')
    .map(part =>
      part.includes('\n') || part.startsWith('|') ? part : part.replaceAll(lineOfWords, '$1\n').trimEnd(),
    )
    .join('\n\n')
}

const lineOfWords = new RegExp(`(.{1,${width}})(?: +|$)`, 'g')
