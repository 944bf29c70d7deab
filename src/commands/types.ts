import { existsSync } from 'node:fs'
import type { Command } from 'commander'
import { ObslabError } from '../errors.js'
import { writeFileWhole } from '../frame/write-file.js'
import { connect, type Lab } from '../lab.js'
import { onDisk } from '../source/disk.js'
import { resolveTopic } from '../source/topic-name.js'
import { type SourceOptions, sourceOption } from './command.js'
import { recordedTopics } from './recorded-topic.js'
import { topicDefinitions } from './topic-definitions.js'

interface TypesOptions extends SourceOptions {
  out?: string
  force?: boolean
}

const examples = `
Examples:
  obslab types obs encounter > topics.ts
  obslab types --out notebooks/topics.ts
  obslab types eid.sample --source kafka://localhost:9092 --out topics.ts --force

A notebook beside the file then has import { obs } from './topics'.`

/** `obslab types`: the definitions of topics as TypeScript, from what is recorded of their tables. */
export function typesCommand(program: Command): void {
  program
    .command('types [topics...]')
    .description(
      'Write the row types, keys and masked columns of topics as TypeScript; of all tables by default',
    )
    .addOption(sourceOption())
    .option('--out <file>', 'write to this file instead of standard output')
    .option('--force', 'write over the file if there is one')
    .addHelpText('after', examples)
    .action(async (topics: string[], { source, out, force = false }: TypesOptions) => {
      if (out !== undefined && !force) requireNoFile(out)
      const lab = await connect(source)
      try {
        const text = await definitionsOf(lab, topics)
        if (out === undefined) process.stdout.write(text)
        else await onDisk('write', out, () => writeFileWhole(out, [text], 0o666))
      } finally {
        await lab.close()
      }
    })
}

async function definitionsOf(lab: Lab, asked: readonly string[]): Promise<string> {
  const all = await lab.source.topics()
  const names = all.map(({ topic }) => topic)
  const wanted = new Set(
    asked.length === 0 ? await tables(lab) : asked.map(name => resolveTopic(names, name)),
  )
  const recorded = await recordedTopics(
    lab.source,
    all.filter(({ topic }) => wanted.has(topic)),
  )
  const known = recorded.filter(({ columns }) => columns.length > 0)
  const unknown = recorded.filter(topic => !known.includes(topic)).map(({ topic }) => topic)
  if (unknown.length > 0 && (asked.length > 0 || known.length === 0)) {
    throw new ObslabError(
      'schema-unknown',
      `Expected rows, or the DDL of their table, in ${unknown.join(', ')}, found neither. A type needs one of them.`,
    )
  }
  return topicDefinitions(known, names)
}

async function tables(lab: Lab): Promise<string[]> {
  const topics = (await lab.topics()).rows()
  return topics.filter(({ kind }) => kind === 'table').map(({ topic }) => topic)
}

function requireNoFile(path: string): void {
  if (!existsSync(path)) return
  throw new ObslabError(
    'file-exists',
    `Expected no file at ${path}, found one. Its definitions may have been edited: --force writes over it.`,
  )
}
