import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { ObslabError } from '../errors.js'
import { diskError, errnoOf, onDisk } from './disk.js'
import type { RegisteredSchema, SchemaRegistry } from './schema-registry.js'

/** The name of the file with the schemas of a recording's Avro records, beside `recording.json`. */
export const recordedSchemasName = 'schemas.json'

/** The content of `schemas.json`: schemas by the number that records name them by. */
export interface SchemasFile {
  format: 1
  schemas: Record<string, RegisteredSchema>
}

const schemasFile: z.ZodType<SchemasFile> = z.strictObject({
  format: z.literal(1),
  schemas: z.record(
    z.string().regex(/^[1-9]\d{0,9}$/),
    z.strictObject({ type: z.string(), schema: z.string(), references: z.array(z.string()) }),
  ),
})

/** The schemas that were recorded with some records; others are asked of `next`, where there is one. */
export class RecordedSchemas implements SchemaRegistry {
  readonly name: string
  readonly #schemas: ReadonlyMap<number, RegisteredSchema>
  readonly #next: SchemaRegistry | undefined

  constructor(path: string, schemas: ReadonlyMap<number, RegisteredSchema>, next?: SchemaRegistry) {
    this.name = path
    this.#schemas = schemas
    this.#next = next
  }

  async schema(id: number): Promise<RegisteredSchema | null> {
    return this.#schemas.get(id) ?? (await this.#next?.schema(id)) ?? null
  }
}

/**
 * The schemas in a folder's `schemas.json`, before those of `next`; only `next` when there is no such file. A file that
 * cannot be understood is a `recording-invalid` error.
 */
export async function readRecordedSchemas(
  folder: string,
  next?: SchemaRegistry,
): Promise<SchemaRegistry | undefined> {
  const path = join(folder, recordedSchemasName)
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return next
    throw diskError('read', path, error)
  }
  const { schemas } = parseSchemas(path, text)
  return new RecordedSchemas(
    path,
    new Map(Object.entries(schemas).map(([id, schema]) => [Number(id), schema])),
    next,
  )
}

/** Writes a folder's `schemas.json`. */
export function writeRecordedSchemas(
  folder: string,
  schemas: ReadonlyMap<number, RegisteredSchema>,
): Promise<void> {
  const path = join(folder, recordedSchemasName)
  const content: SchemasFile = { format: 1, schemas: Object.fromEntries(schemas) }
  return onDisk('write', path, () =>
    writeFile(path, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600 }),
  )
}

function parseSchemas(path: string, text: string): SchemasFile {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    throw invalid(path, 'text that is not JSON')
  }
  const parsed = schemasFile.safeParse(json)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]!
  throw invalid(path, `a mistake at ${issue.path.join('.') || 'its top'}: ${issue.message}`)
}

function invalid(path: string, found: string): ObslabError {
  return new ObslabError(
    'recording-invalid',
    `Expected ${path} to hold the schemas of a recording, found ${found}. Record the topics again, or restore the file.`,
  )
}
