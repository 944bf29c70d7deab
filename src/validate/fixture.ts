import { readFile } from 'node:fs/promises'
import { readChange, type WrittenChange, writtenChange } from '../change/change-line.js'
import { ValueMask } from '../change/value-mask.js'
import { ObslabError } from '../errors.js'
import { writeFileWhole } from '../frame/write-file.js'
import type { FromNode } from '../pipeline/plan.js'
import { type Delivery, deliver } from './delivery.js'

/** A failing input as it is saved, to be run by a test. Values of sensitive columns are masked. */
interface FixtureFile {
  format: 1
  pipeline: string
  /** Always true: a fixture holds no value of a sensitive column. */
  masked: true
  changes: readonly FixtureChange[]
}

interface FixtureChange extends WrittenChange {
  /** The output is taken after it. */
  cut?: true
  restart?: true
}

/** The content of a fixture file: one line of JSON for each change. */
export function fixtureText(pipeline: string, topics: readonly FromNode[], delivery: Delivery): string {
  const mask = new ValueMask(topics)
  const changes = delivery.map(({ change, cut, restart }, i): FixtureChange => {
    const isLast = i === delivery.length - 1
    const ends = { ...(cut && !isLast && { cut: true as const }), ...(restart && { restart: true as const }) }
    return { ...writtenChange(change, (topic, row) => mask.row(topic, row)), ...ends }
  })
  const head = `{"format":1,"pipeline":${JSON.stringify(pipeline)},"masked":true,"changes":[\n`
  return `${head}${changes.map(change => `  ${JSON.stringify(change)}`).join(',\n')}\n]}\n`
}

/** Writes a fixture file. It appears whole or not at all. */
export async function writeFixture(path: string, text: string): Promise<void> {
  await writeFileWhole(path, [text], 0o644)
}

/** Reads a fixture file; one that is none is an `option-invalid` error. */
export async function readFixture(path: string): Promise<Delivery> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new ObslabError(
      'option-invalid',
      `Expected a fixture at ${path}, but it cannot be read: ${error.code}.`,
    )
  })
  return deliveryOf(text, path)
}

/** The delivery that a fixture's text holds. */
export function deliveryOf(text: string, path: string): Delivery {
  const file = parsed(text) as Partial<FixtureFile> | null
  if (file?.format !== 1 || !Array.isArray(file.changes)) {
    throw new ObslabError(
      'option-invalid',
      `Expected ${path} to be a fixture, as saveFixture() writes it, found something else.`,
    )
  }
  const delivery = deliver((file as FixtureFile).changes.map(readChange))
  return delivery.map((one, i) => {
    const { cut = false, restart = false } = file.changes![i]!
    return { ...one, cut: one.cut || cut, restart }
  })
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
