import { readChange, type WrittenChange } from '../change/change-line.js'
import { ObslabError } from '../errors.js'
import { Engine } from '../pipeline/engine.js'
import { type Pipeline, planOf } from '../pipeline/pipeline.js'
import { planTopics } from '../pipeline/plan.js'

/**
 * Runs recorded changes through a pipeline, one after the other, and gives what its output holds then: a line of JSON for
 * each row, `{"key":…,"row":…}`, in the order of the keys' bytes, as a job writes them. For tests:
 *
 * ```
 * expect(outputOf(vitals, fixture)).toBe(expected)
 * ```
 *
 * `changes` is text, a line of JSON for each change as the fixture of an exported job has them; its topics are those that
 * the pipeline names. What is no such line, and a change of a topic that the pipeline does not read, is an
 * `option-invalid` error; a row that a function fails on is a `pipeline-failed` error.
 */
export function outputOf<R>(pipeline: Pipeline<R>, changes: string): string {
  const plan = planOf(pipeline)
  const topics = new Set(planTopics(plan.root).map(({ topic }) => topic))
  const engine = new Engine(plan, { onError: 'stop' })
  for (const [i, line] of changes.split('\n').entries()) {
    if (line === '') continue
    const written = parsed(line, i)
    if (!topics.has(written.topic)) {
      throw invalid(
        i,
        `a change of ${[...topics].join(' or ')}, which ${plan.name} reads, found one of ${written.topic}`,
      )
    }
    engine.apply([readChange(written)])
    engine.flush()
  }
  engine.caughtUp()
  engine.flush()
  return outputLines(engine.output)
}

/** An output after compaction as lines of JSON, in the order of the keys' bytes. */
export function outputLines(output: ReadonlyMap<string, string>): string {
  const rows = [...output].sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
  return rows.map(([key, row]) => `{"key":${key},"row":${row}}\n`).join('')
}

function parsed(line: string, i: number): WrittenChange {
  let written: Partial<WrittenChange> | null = null
  try {
    written = JSON.parse(line) as WrittenChange | null
  } catch {
    // Told below, without the line: it may hold values of a row.
  }
  if (typeof written?.topic === 'string' && typeof written.op === 'string') return written as WrittenChange
  throw invalid(
    i,
    'a change, {"topic":…,"partition":…,"offset":…,"op":…,"key":…,"after":…}, found something else',
  )
}

function invalid(i: number, told: string): ObslabError {
  return new ObslabError('option-invalid', `Line ${i + 1} of the changes: expected ${told}.`)
}
