import { z } from 'zod'
import { expectation } from '../options.js'
import type { Row, Value } from './column-type.js'

type RawIssue = z.core.$ZodRawIssue

/**
 * What `value` fails on in `schema`, a text for each issue, empty when it fits: the column and what was expected of it,
 * never the value, not even by way of a refinement's own message. `column` is the name of the column that `value` is of;
 * without one, it is a row.
 */
export function misfitsOf(schema: z.ZodType, value: Row | Value, column?: string): readonly string[] {
  try {
    // zod's safeParse makes an error object, which costs more than the check.
    const result = schema._zod.run({ value, issues: [] }, { async: false })
    if (result instanceof Promise) {
      result.catch(() => {})
      return [waits]
    }
    return result.issues.map(issue => misfitText(issue, value, column))
  } catch (error) {
    if (error instanceof z.core.$ZodAsyncError) return [waits]
    return [`a refinement of the schema threw ${error instanceof Error ? error.name : 'something'}`]
  }
}

const waits = 'the schema has to be waited for, and rows are checked at once'

function misfitText(issue: RawIssue, value: Row | Value, column: string | undefined): string {
  const name = column ?? issue.path?.[0]
  if (name === undefined) return expected(issue)
  const isWhole = (issue.path?.length ?? 0) === (column === undefined ? 1 : 0)
  const found = column === undefined ? (value as Row)[String(name)] : (value as Value)
  const told = isWhole && issue.code === 'invalid_type' ? `, found ${valueType(found)}` : ''
  const path = column === undefined ? (issue.path ?? []) : [column]
  return `column ${path.map(String).join('.')}: ${expected(issue)}${told}`
}

/** What a value is, without the value: `a text`, `null`. */
export function valueType(value: Value | undefined): string {
  if (value === undefined) return 'no such column in the table'
  if (value === null) return 'null'
  if (typeof value === 'string') return 'a text'
  if (typeof value === 'object') return 'bytes'
  return typeof value === 'boolean' ? 'true or false' : `a ${typeof value}`
}

function expected(issue: RawIssue | z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'custom':
      return refinementText(issue)
    case 'invalid_format':
      return `expected a text of format ${String(issue.pattern ?? issue.format)}`
    case 'not_multiple_of':
      return `expected a multiple of ${String(issue.divisor)}`
    case 'invalid_union': {
      const branches = (issue.errors as readonly (readonly z.core.$ZodIssue[])[]).flatMap(([first]) =>
        first === undefined ? [] : [expected(first)],
      )
      const texts = [...new Set(branches)].map(text => text.replace(/^expected /, ''))
      return `expected ${texts.length === 0 ? 'one of several forms' : texts.join(' or ')}`
    }
    case 'invalid_type':
    case 'invalid_value':
    case 'too_small':
    case 'too_big':
      return expectation(issue)
    default:
      return unsaid
  }
}

const unsaid = 'expected what a refinement of the schema asks for'

/** A refinement's own message, made without the value, so that the value cannot be in it. */
function refinementText(issue: RawIssue | z.core.$ZodIssue): string {
  const error = 'inst' in issue ? (issue.inst?._zod.def.error as z.core.$ZodErrorMap | undefined) : undefined
  try {
    const made = error?.({ ...issue, input: undefined, message: undefined } as RawIssue)
    return (typeof made === 'object' ? made?.message : made) || unsaid
  } catch {
    return unsaid
  }
}
