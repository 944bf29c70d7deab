import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import { contentsOf, type TopicContents } from './contents.js'
import { type DatasetPlan, type DatasetRun, makeDataset } from './dataset.js'
import { datasetsReadme } from './datasets-readme.js'
import type { FinalTable } from './final-rows.js'
import { stackFolder } from './stack.js'

const root = path.join(import.meta.dirname, '../..')

const plans: readonly DatasetPlan[] = [
  { name: 'openmrs', seed: 2026, patients: 230, changes: 34_000, rate: 400, schemas: false, eventful: true },
  { name: 'openmrs-schemas', seed: 7, patients: 8, changes: 500, rate: 0, schemas: true, eventful: false },
]

/** A recording that was made, and what is in it. */
export interface MadeDataset {
  plan: DatasetPlan
  run: DatasetRun
  contents: TopicContents[]
}

const made: MadeDataset[] = []
for (const plan of plans) made.push(await make(plan))
await mkdir(path.join(root, 'test/datasets'), { recursive: true })
for (const { plan, run } of made) {
  const folder = path.join(root, 'datasets', plan.name)
  await rm(folder, { recursive: true, force: true })
  await mkdir(path.dirname(folder), { recursive: true })
  await rename(stagingFolder(plan), folder)
  await writeFile(path.join(root, 'test/datasets', `${plan.name}-final.jsonl.gz`), finalFile(run.tables))
}
await writeFile(path.join(root, 'datasets/README.md'), datasetsReadme(made))

/** Makes a recording beside the stack; one that was to hold a replayed block and holds none is made again. */
async function make(plan: DatasetPlan): Promise<MadeDataset> {
  for (let attempt = 1; attempt <= 3; attempt++) {
    const run = await makeDataset(plan, stagingFolder(plan))
    const contents = await contentsOf(stagingFolder(plan))
    const sum = (field: 'records' | 'bytes' | 'replayed'): number =>
      contents.reduce((total, topic) => total + topic[field], 0)
    console.log(
      `${plan.name}: ${sum('records')} records, ${sum('bytes')} bytes, ${sum('replayed')} of them replayed`,
    )
    if (!plan.eventful || contents.some(({ topic, replayed }) => topic.endsWith('.obs') && replayed > 0))
      return { plan, run, contents }
  }
  throw new Error(`Killing Connect gave no replayed block in three attempts at ${plan.name}.`)
}

function stagingFolder(plan: DatasetPlan): string {
  return path.join(stackFolder, 'datasets', plan.name)
}

/** A line for each table with its columns and key, followed by a line for each of its rows; the level is the smallest file. */
function finalFile(tables: readonly FinalTable[]): Buffer {
  const lines = tables.flatMap(({ rows, ...table }) => [table, ...rows].map(line => JSON.stringify(line)))
  return gzipSync(`${lines.join('\n')}\n`, { level: 9 })
}
