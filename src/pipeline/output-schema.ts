import { z } from 'zod'
import { changingPart } from '../change/row-schema.js'
import { ObslabError } from '../errors.js'
import { foundText } from '../options.js'

/**
 * The declared schema of an output's rows. One that is no zod object, that changes what it checks, or that has no columns
 * for the key is an `option-invalid` error; so is an optional column, because an output row has all its columns.
 */
export function requireOutputSchema(schema: unknown, output: string, key: readonly string[]): z.ZodObject {
  if (!(schema instanceof z.ZodObject)) {
    const found = schema instanceof z.ZodType ? `a schema of ${schema.def.type}` : foundText(schema)
    throw invalid(output, `expected a zod object of the row's columns, z.object({ … }), found ${found}.`)
  }
  const changing = changingPart(schema)
  if (changing !== null) {
    const where = changing.path === '' ? '' : ` in column ${changing.path}`
    throw invalid(
      output,
      `found ${changing.what}${where}, but it checks rows and changes none. Change them in a step before.`,
    )
  }
  const shape = schema.shape as Readonly<Record<string, z.ZodType>>
  const optional = Object.keys(shape).find(name => fits(shape[name]!, undefined) && !fits(shape[name]!, null))
  if (optional !== undefined) {
    throw invalid(
      output,
      `${optional} is optional, but an output row has all its columns: write .nullable().`,
    )
  }
  const missing = key.filter(column => !(column in shape))
  if (missing.length > 0) {
    throw invalid(
      output,
      `the key has ${missing.join(', ')}, and the schema only ${Object.keys(shape).join(', ')}.`,
    )
  }
  return schema
}

/** Whether a value fits; a refinement that throws, or has to be waited for, lets none through. */
export function fits(schema: z.ZodType, value: unknown): boolean {
  try {
    return schema.safeParse(value).success
  } catch {
    return false
  }
}

/**
 * What a schema asks for, as text that is equal for equal schemas: its form, without the functions of its refinements,
 * which are {@link refinementsOf}.
 */
export function schemaForm(schema: z.ZodObject): string {
  const asItIs = ({ zodSchema, jsonSchema }: { zodSchema: z.core.$ZodTypes; jsonSchema: object }): void => {
    const { bag, def } = zodSchema._zod
    Object.assign(jsonSchema, { zod: (bag.Class as { name: string } | undefined)?.name ?? def.type })
  }
  return JSON.stringify(z.toJSONSchema(schema, { unrepresentable: 'any', cycles: 'ref', override: asItIs }))
}

/** The functions of a schema's refinements, in the order they are met. */
export function refinementsOf(schema: z.core.$ZodType): readonly ((...parameters: never[]) => unknown)[] {
  const found: ((...parameters: never[]) => unknown)[] = []
  const seen = new Set<unknown>()
  const visit = (part: unknown): void => {
    if (typeof part !== 'object' || part === null || seen.has(part)) return
    seen.add(part)
    if (Array.isArray(part)) part.forEach(visit)
    if (!('_zod' in part)) return
    const def = (part as z.core.$ZodType)._zod.def as unknown as Readonly<Record<string, unknown>>
    // That of z.instanceof(…) is zod's own, and its class is in the form.
    const { bag } = (part as z.core.$ZodType)._zod as { bag?: Readonly<Record<string, unknown>> }
    const own = bag?.Class !== undefined
    if (typeof def.fn === 'function' && !own) found.push(def.fn as (...parameters: never[]) => unknown)
    for (const [name, value] of Object.entries(def)) {
      if (name === 'shape') Object.values(value as object).forEach(visit)
      else visit(value)
    }
  }
  visit(schema)
  return found
}

function invalid(output: string, problem: string): ObslabError {
  return new ObslabError('option-invalid', `The schema of .to('${output}'): ${problem}`)
}
