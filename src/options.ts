import type { z } from 'zod'
import { ObslabError } from './errors.js'

/** Parses options that a user handed in; what does not fit is an `option-invalid` error that names the option. */
export function parseOptions<T>(schema: z.ZodType<T>, options: unknown): T {
  const parsed = schema.safeParse(options)
  if (parsed.success) return parsed.data
  const issues = parsed.error.issues.map(issue => `${issue.path.join('.') || 'options'}: ${issue.message}`)
  throw new ObslabError('option-invalid', `These options cannot be understood. ${issues.join('; ')}.`)
}
