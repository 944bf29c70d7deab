import type { MadeDataset } from './datasets.js'

/** The text of datasets/README.md: how the recordings were made, and what is in them. */
export function datasetsReadme(made: readonly MadeDataset[]): string {
  return `# Recorded data

Made by \`npm run datasets\`; do not edit by hand. **All people, places and numbers in it are invented.** Everything
else is real: a MySQL 8.0.15 that obslab simulate played a clinic's life into, captured by Debezium 3.5.0.Final on
Kafka Connect 4.3.1 (JsonConverter) into a Kafka 4.3.1 broker, and recorded from there with \`obslab record\` in zstd.
No event was written or changed by hand.

Each folder is a recording: Kafka's own segments, \`<topic>-<partition>/<base offset>.log\`, beside a
\`recording.json\`. They hold every topic of the connector \`dbserver1\`: a topic for each table, \`dbserver1\` with the
schema changes, \`dbserver1.transaction\`, and the heartbeats. Times of the rows are the simulated clinic's; times of
the records are those of the recording.

What MySQL held at the end is in \`test/datasets/<recording>-final.jsonl.gz\`: a line
\`{"table", "columns": [{"name", "type"}], "key"}\` for each table, followed by its rows in key order as arrays of text.
DATETIME and TIMESTAMP (UTC) are \`YYYY-MM-DD hh:mm:ss.ffffff\`, TIME \`[-]hh:mm:ss.ffffff\`, BLOB, BINARY and BIT are
hex; everything else is MySQL's own text.

What the topics cannot tell, compared with that, is all in \`obslab_types\`: a zero date arrives as null, or as
1970-01-01 where the column is NOT NULL; the largest BIGINT UNSIGNED values arrive negative; YEAR 0 as 1900; a
DECIMAL without schemas has no scale (the schema changes tell it); JSON without the blanks that MySQL writes.
${made.map(section).join('')}`
}

function section({ plan, run, contents }: MadeDataset): string {
  const steps = Object.entries(run.life.steps).sort(([a], [b]) => (a < b ? -1 : 1))
  const records = contents.reduce((sum, topic) => sum + topic.records, 0)
  const bytes = contents.reduce((sum, topic) => sum + topic.bytes, 0)
  const replayed = contents.reduce((sum, topic) => sum + topic.replayed, 0)
  return `
## ${plan.name}

Seed ${plan.seed}, ${plan.patients} patients before the snapshot, then ${run.life.rows.life} row changes${plan.rate === 0 ? '' : ` at ${plan.rate} a second`}; schemas
${plan.schemas ? 'enabled' : 'disabled'}. ${records} records, ${(bytes / 1e6).toFixed(2)} MB. ${
    plan.eventful
      ? `Connect was killed with kill -9 half-way and\nstarted again: ${replayed} records are a replayed block, written a second time after later ones. Later on a row in
\`debezium_signal\` asked for an incremental snapshot of \`location\` and \`person\`, taken while changes streamed in.`
      : 'Nothing was killed.'
  }

| topic | partitions | records | r | c | u | d | tombstones | replayed |
| --- | --: | --: | --: | --: | --: | --: | --: | --: |
${contents.map(topicLine).join('\n')}

The life, by what its transactions did: ${steps.map(([kind, count]) => `${kind} ${count}`).join(', ')}.
`
}

function topicLine({
  topic,
  partitions,
  records,
  operations,
  replayed,
}: MadeDataset['contents'][number]): string {
  const counts = ['r', 'c', 'u', 'd', 'tombstone'].map(operation => operations[operation] ?? 0)
  return `| ${[`\`${topic}\``, partitions, records, ...counts, replayed].join(' | ')} |`
}
