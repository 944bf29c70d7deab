import { z } from 'zod'
import { ObslabError } from './errors.js'

/** A whole number from 1 up, for the schemas of options. */
export const positiveInt: z.ZodType<number> = z
  .int('expected a whole number from 1 up')
  .positive('expected a whole number from 1 up')

/** A whole number from 0 up, for the schemas of options. */
export const wholeNumber: z.ZodType<number> = z
  .int('expected a whole number from 0 up')
  .nonnegative('expected a whole number from 0 up')

/**
 * Parses options that a user handed in; what does not fit is an `option-invalid` error that names the option, what was
 * expected and what was found. `what` is how the message calls one of them.
 */
export function parseOptions<T>(schema: z.ZodType<T>, options: unknown, what: string = 'Option'): T {
  const parsed = schema.safeParse(options, { error: issue => expectation(issue), reportInput: true })
  if (parsed.success) return parsed.data
  const sentences = parsed.error.issues.map(issue => sentence(schema, issue, what))
  throw new ObslabError('option-invalid', sentences.join(' '))
}

/** How a message shows a value that was found: short ones as they are, the rest by what they are. */
export function foundText(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (value === null || typeof value === 'number' || typeof value === 'boolean') return String(value)
  if (typeof value === 'bigint') return `${value}n`
  if (typeof value === 'string')
    return value.length <= 40 ? `'${value}'` : `a text of ${value.length} characters`
  if (typeof value === 'function') return 'a function'
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : `a list of ${value.length}`
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'an invalid Date' : 'a Date'
  if (typeof value !== 'object') return `a ${typeof value}`
  const type = value.constructor?.name
  return type === undefined || type === 'Object' ? 'an object' : `an object of ${type}`
}

function sentence(schema: z.ZodType, issue: z.core.$ZodIssue, what: string): string {
  if (issue.code === 'unrecognized_keys') {
    const known = schema instanceof z.ZodObject && issue.path.length === 0 ? Object.keys(schema.shape) : []
    const listed = known.length > 0 ? `; there are ${known.join(', ')}` : ''
    return `There is no option ${issue.keys.map(key => `'${key}'`).join(', ')}${listed}.`
  }
  const where = issue.path.length === 0 ? `${what}s` : `${what} ${issue.path.join('.')}`
  return `${where}: ${issue.message}, found ${mayShow(issue.path) ? foundText(issue.input) : 'another'}.`
}

/** Whether what was found at `path` cannot be a credential. */
function mayShow(path: readonly PropertyKey[]): boolean {
  return !path.some(part => /pass|secret|token|credential|url/i.test(String(part)))
}

type RawIssue = Parameters<z.core.$ZodErrorMap>[0]

/** What an option should have been, for schemas that do not say it themselves. */
export function expectation(issue: RawIssue | z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return `expected ${typeNames[String(issue.expected)] ?? `a ${issue.expected}`}`
    case 'invalid_value':
      return `expected ${(issue.values as readonly unknown[]).map(foundText).join(' or ')}`
    case 'invalid_union': {
      const branches = (issue.errors as readonly (readonly z.core.$ZodIssue[])[]).map(([first]) => first)
      const expected = branches.flatMap(branch => (branch === undefined ? [] : [expectation(branch)]))
      return `expected ${[...new Set(expected)].map(text => text.replace(/^expected /, '')).join(' or ')}`
    }
    case 'too_small':
      return `expected ${bound(issue, issue.minimum, issue.inclusive ? `from ${issue.minimum} up` : `above ${issue.minimum}`, 'at least')}`
    case 'too_big':
      return `expected ${bound(issue, issue.maximum, issue.inclusive ? `up to ${issue.maximum}` : `below ${issue.maximum}`, 'at most')}`
    default:
      return 'message' in issue && issue.message ? issue.message : 'expected another value'
  }
}

function bound({ origin }: { origin?: unknown }, limit: unknown, number: string, count: string): string {
  if (origin === 'array') return `a list of ${count} ${limit}`
  if (origin === 'string') return `a text of ${count} ${limit} characters`
  return `a number ${number}`
}

const typeNames: Readonly<Record<string, string>> = {
  int: 'a whole number',
  number: 'a number',
  string: 'a text',
  boolean: 'true or false',
  bigint: 'a bigint',
  array: 'a list',
  object: 'an object',
  record: 'an object',
  date: 'a valid Date',
  AbortSignal: 'an AbortSignal',
}
