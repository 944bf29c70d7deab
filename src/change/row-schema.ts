import { z } from 'zod'
import { ObslabError } from '../errors.js'
import type { DeclaredColumn } from './column-type.js'
import { columnOfMysqlType, parseMysqlType } from './mysql-type.js'

/** The columns that a row schema names, with what it fixes about each. Empty when it is not a zod object. */
export function declaredColumns(schema: z.ZodType): readonly DeclaredColumn[] {
  if (!(schema instanceof z.ZodObject)) return []
  return Object.entries(schema.shape as Record<string, z.ZodType>).map(([name, field]) =>
    declaredColumn(name, field),
  )
}

function declaredColumn(name: string, field: z.ZodType): DeclaredColumn {
  const nullable = takesNull(field)
  const mysqlType = field.meta()?.mysqlType
  if (typeof mysqlType === 'string') {
    const type = columnOfMysqlType(name, parseMysqlType(mysqlType), { nullable, origin: 'declared' })
    // How a document is written, as text or as JSON itself, differs by connector: only records can tell.
    return type.kind === 'json' ? { name, nullable, kind: 'json' } : { name, nullable, kind: type.kind, type }
  }
  const inner = withoutWrappers(field)
  if (inner instanceof z.ZodBigInt) return { name, nullable, kind: 'bigint' }
  if (inner instanceof z.ZodBoolean) return { name, nullable, kind: 'boolean' }
  return { name, nullable }
}

/** A refinement of the field that fails on null, or cannot wait for its answer, makes it one without nulls. */
function takesNull(field: z.ZodType): boolean {
  try {
    return field.safeParse(null).success
  } catch {
    return false
  }
}

function withoutWrappers(field: z.ZodType): z.ZodType {
  let inner = field
  while (inner instanceof z.ZodNullable || inner instanceof z.ZodOptional) inner = inner.unwrap() as z.ZodType
  return inner
}

/**
 * Refuses a row schema that would change rows, by `.transform()`, `.default()`, `.catch()`, `z.coerce`, `.trim()` and
 * their like: rows are what the database holds, so a schema checks them and changes nothing. It is an `option-invalid`
 * error that names the column.
 */
export function requireUnchanging(topic: string, schema: z.ZodType): void {
  const column = changingPart(schema)
  if (column === null) return
  throw new ObslabError(
    'option-invalid',
    `Expected the row schema of topic ${topic} to check rows, found ${column.what}` +
      `${column.path === '' ? '' : ` in column ${column.path}`}, which changes them. A row is what the database holds: ` +
      'change it in a pipeline instead.',
  )
}

/** What in a schema changes the values that it checks: `a default`, and the path of the column, empty for the whole. */
export interface ChangingPart {
  what: string
  path: string
}

type Schema = z.core.$ZodType

/** The first part of a schema that would change what it checks; null when there is none. */
export function changingPart(schema: Schema, seen: Set<Schema> = new Set()): ChangingPart | null {
  if (seen.has(schema)) return null
  seen.add(schema)
  const def = schema._zod.def as z.core.$ZodTypeDef & Readonly<Record<string, unknown>>
  const what = changeOf(def)
  if (what !== null) return { what, path: '' }
  if (def.type === 'lazy') return changingPart((def.getter as () => Schema)(), seen)
  for (const [name, value] of Object.entries(def)) {
    const parts = name === 'shape' ? Object.entries(value as object) : namelessParts(value)
    for (const [column, part] of parts) {
      const found = isSchema(part) ? changingPart(part, seen) : null
      if (found !== null) return { what: found.what, path: [column, found.path].filter(Boolean).join('.') }
    }
  }
  return null
}

function namelessParts(value: unknown): [string, unknown][] {
  return (Array.isArray(value) ? value : [value]).map(part => ['', part])
}

function isSchema(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && '_zod' in value && 'run' in (value._zod as object)
}

const changing: Readonly<Partial<Record<z.core.$ZodTypeDef['type'], string>>> = {
  transform: 'a transform',
  default: 'a default',
  prefault: 'a default',
  catch: 'a catch',
  success: 'a success',
  promise: 'a promise',
}

function changeOf(def: z.core.$ZodTypeDef & Readonly<Record<string, unknown>>): string | null {
  const what = changing[def.type]
  if (what !== undefined) return what
  if (def.coerce === true) return 'a coercion'
  if (def.type === 'pipe' && typeof def.transform === 'function') return 'a codec'
  const rewrites = (def.checks ?? []).some(check => check._zod.def.check === 'overwrite')
  return rewrites ? 'a check that rewrites, such as trim()' : null
}
