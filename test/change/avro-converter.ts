import avsc from 'avsc'
import type { JsonObject, JsonValue } from '../../src/change/json.js'
import { parseJson } from '../../src/change/json.js'
import type { RegistryServer } from '../source/registry-server.js'

/** A Connect schema as JsonConverter writes it, with all of its parts. */
export interface WrittenSchema {
  type: string
  optional?: boolean
  name?: string
  version?: number
  doc?: string
  parameters?: Record<string, string>
  default?: JsonValue
  field?: string
  fields?: WrittenSchema[]
  items?: WrittenSchema
  values?: WrittenSchema
}

const avroTypes: Readonly<Record<string, string>> = {
  int8: 'int',
  int16: 'int',
  int32: 'int',
  int64: 'long',
  float: 'float',
  double: 'double',
  boolean: 'boolean',
  string: 'string',
  bytes: 'bytes',
}

const logicalTypes: Readonly<Record<string, string>> = {
  'org.apache.kafka.connect.data.Decimal': 'decimal',
  'org.apache.kafka.connect.data.Date': 'date',
  'org.apache.kafka.connect.data.Time': 'time-millis',
  'org.apache.kafka.connect.data.Timestamp': 'timestamp-millis',
}

/**
 * The Avro schema that Confluent's AvroConverter registers for a Connect schema with its default settings: a struct's name
 * is its record's, and what Avro has no word for is in properties `connect.…`.
 */
export function avroSchemaOf(schema: WrittenSchema): JsonValue {
  return optionalOf(schema, new Set())
}

function optionalOf(schema: WrittenSchema, seen: Set<string>): JsonValue {
  const base = baseOf(schema, seen)
  if (schema.optional !== true) return base
  return schema.default === undefined ? ['null', base] : [base, 'null']
}

function baseOf(schema: WrittenSchema, seen: Set<string>): JsonValue {
  const { type, name, version, doc, parameters } = schema
  if (type === 'struct' && name !== undefined && seen.has(name)) return name
  const avro: JsonObject = partsOf(schema, seen)
  if (doc !== undefined) avro['connect.doc'] = doc
  if (version !== undefined) avro['connect.version'] = version
  if (parameters !== undefined) avro['connect.parameters'] = parameters
  if (schema.default !== undefined) avro['connect.default'] = defaultOf(schema)
  if (name !== undefined) avro['connect.name'] = name
  if (type === 'int8' || type === 'int16') avro['connect.type'] = type
  const logical = logicalTypes[name ?? '']
  if (logical !== undefined) avro.logicalType = logical
  if (logical === 'decimal') {
    avro.scale = Number(parameters?.scale)
    avro.precision = Number(parameters?.['connect.decimal.precision'] ?? 64)
  }
  return Object.keys(avro).length === 1 && typeof avro.type === 'string' ? avro.type : avro
}

function partsOf(schema: WrittenSchema, seen: Set<string>): JsonObject {
  const { type, name } = schema
  if (type === 'array') return { type, items: optionalOf(schema.items!, seen) }
  if (type === 'map') return { type, values: optionalOf(schema.values!, seen) }
  if (type !== 'struct') return { type: avroTypes[type]! }
  const full = name ?? 'io.confluent.connect.avro.ConnectDefault'
  seen.add(full)
  const at = full.lastIndexOf('.')
  return {
    type: 'record',
    name: full.slice(at + 1),
    ...(at > 0 && { namespace: full.slice(0, at) }),
    fields: schema.fields!.map(field => ({
      name: field.field!,
      type: optionalOf(field, seen),
      ...(field.default !== undefined
        ? { default: defaultOf(field) }
        : field.optional === true && { default: null }),
    })),
  }
}

function defaultOf({ type, default: value }: WrittenSchema): JsonValue {
  return type === 'bytes' ? Buffer.from(value as string, 'base64').toString('latin1') : value!
}

/** avsc's type of 64-bit integers: a bigint, so that none is rounded. */
const exactLong = avsc.types.LongType.__with({
  fromBuffer: (bytes: Buffer) => bytes.readBigInt64LE(),
  toBuffer: (value: bigint) => {
    const bytes = Buffer.alloc(8)
    bytes.writeBigInt64LE(value)
    return bytes
  },
  fromJSON: BigInt,
  toJSON: String,
  isValid: (value: unknown) => typeof value === 'bigint',
  compare: (one: bigint, other: bigint) => (one < other ? -1 : one > other ? 1 : 0),
})

/** The type of an Avro schema as avsc, which shares nothing with obslab, understands it. */
export function avscType(schema: JsonValue): avsc.Type {
  const isLong = (type: unknown): boolean => type === 'long' || (type as { type?: unknown }).type === 'long'
  return avsc.Type.forSchema(schema as avsc.Schema, {
    typeHook: type => (isLong(type) ? exactLong : undefined),
  })
}

/** What avsc takes for what JsonConverter writes. */
export function avscValue(schema: WrittenSchema, value: JsonValue): unknown {
  if (value === null) return null
  switch (schema.type) {
    case 'int64':
      return BigInt(value as number | bigint)
    case 'bytes':
      return Buffer.from(value as string, 'base64')
    case 'array':
      return (value as JsonValue[]).map(item => avscValue(schema.items!, item))
    case 'map':
      return mapped(value as JsonObject, (_, item) => avscValue(schema.values!, item))
    case 'struct':
      return Object.fromEntries(
        schema.fields!.map(field => [
          field.field!,
          avscValue(field, (value as JsonObject)[field.field!] ?? null),
        ]),
      )
    default:
      return value
  }
}

function mapped(object: JsonObject, change: (name: string, value: JsonValue) => unknown): object {
  return Object.fromEntries(Object.entries(object).map(([name, value]) => [name, change(name, value)]))
}

/** Puts a schema's number before its bytes, as Confluent's serializers do. */
export function inWireFormat(id: number, bytes: Uint8Array): Buffer {
  const header = Buffer.alloc(5)
  header.writeInt32BE(id, 1)
  return Buffer.concat([header, bytes])
}

/** Writes keys and values as AvroConverter does, from what JsonConverter wrote of them. */
export class AvroConverter {
  readonly #registry: RegistryServer
  readonly #types = new Map<string, { id: number; type: avsc.Type; schema: WrittenSchema }>()

  constructor(registry: RegistryServer) {
    this.#registry = registry
  }

  /** The same key or value in Avro, its schema registered under `subject`. */
  convert(subject: string, bytes: Uint8Array | null): Buffer | null {
    if (bytes === null) return null
    const json = parseJson(Buffer.from(bytes).toString()) as { schema: JsonValue; payload: JsonValue }
    const schemaText = JSON.stringify(json.schema)
    let known = this.#types.get(schemaText)
    if (known === undefined) {
      const schema = json.schema as unknown as WrittenSchema
      const avro = avroSchemaOf(schema)
      const id = this.#registry.register(subject, { schema: JSON.stringify(avro) })
      known = { id, type: avscType(avro), schema }
      this.#types.set(schemaText, known)
    }
    return inWireFormat(known.id, known.type.toBuffer(avscValue(known.schema, json.payload)))
  }
}
