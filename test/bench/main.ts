/**
 * `npm run bench` measures everything; `npm run bench decode frames` measures those groups and keeps the other rows.
 * Writes results.json and machine.json, and renders RESULTS.md of them.
 */
import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { cpus, totalmem } from 'node:os'
import path from 'node:path'
import { decodeResults } from './decode.js'
import { duckdbResults } from './duckdb.js'
import { frameResults } from './frames.js'
import { liveResults } from './live-file.js'
import { pipelineResults } from './pipelines.js'
import { replayResults } from './replays.js'
import { type Machine, type Result, render } from './results.js'
import { tableResults } from './tables.js'

const groups: Readonly<Record<string, () => Promise<Result[]>>> = {
  decode: decodeResults,
  replay: replayResults,
  duckdb: duckdbResults,
  frame: frameResults,
  pipeline: pipelineResults,
  table: tableResults,
}

const asked = process.argv.slice(2)
const unknown = asked.filter(name => !(name in groups))
if (unknown.length > 0) {
  process.stderr.write(`No such group: ${unknown.join(', ')}. There are ${Object.keys(groups).join(', ')}.\n`)
  process.exit(2)
}

const machine: Machine = {
  cpu: cpus()[0]?.model.trim() ?? 'unknown processor',
  cores: cpus().length,
  memory: `${Math.round(totalmem() / 2 ** 30)} GB`,
  node: process.versions.node,
  day: new Date().toISOString().slice(0, 10),
  dataset:
    'The records are those of datasets/, a real Debezium’s, read several times over where a work says so. The changes to pipelines are generated.',
}

const file = (name: string): string => path.join(import.meta.dirname, name)
const kept = existsSync(file('results.json'))
  ? (JSON.parse(await readFile(file('results.json'), 'utf8')) as Result[])
  : []
const results: Result[] = []
for (const [name, measure] of Object.entries(groups)) {
  if (asked.length > 0 && !asked.includes(name)) {
    results.push(...kept.filter(({ id }) => id.startsWith(`${name}.`)))
    continue
  }
  process.stderr.write(`${name} …\n`)
  results.push(...(await measure()))
}
await writeFile(file('results.json'), `${JSON.stringify(results, null, 2)}\n`)
await writeFile(file('machine.json'), `${JSON.stringify(machine, null, 2)}\n`)
const rendered = render(results, machine, liveResults())
await writeFile(file('RESULTS.md'), rendered)
process.stdout.write(rendered)
