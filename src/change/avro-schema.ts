import { ObslabError } from '../errors.js'
import { isJsonObject, type JsonObject, type JsonValue, parseJson } from './json.js'

/** The types without parts that Avro has. */
export type AvroPrimitive = 'null' | 'boolean' | 'int' | 'long' | 'float' | 'double' | 'bytes' | 'string'

/** One field of an Avro record. */
export interface AvroField {
  readonly name: string
  readonly type: AvroType
  /** Whatever else the schema says of it: `default`, `connect.parameters`. */
  readonly props: JsonObject
}

/**
 * An Avro schema with its names resolved: a record met again by its name is the same object. `props` is whatever its JSON
 * says, `logicalType` and `connect.name` among it.
 */
export type AvroType =
  | { readonly kind: AvroPrimitive; readonly props: JsonObject }
  | { readonly kind: 'array' | 'map'; readonly items: AvroType; readonly props: JsonObject }
  | { readonly kind: 'union'; readonly branches: readonly AvroType[]; readonly props: JsonObject }
  | {
      readonly kind: 'enum'
      readonly name: string
      readonly symbols: readonly string[]
      readonly props: JsonObject
    }
  | { readonly kind: 'fixed'; readonly name: string; readonly size: number; readonly props: JsonObject }
  | {
      readonly kind: 'record'
      readonly name: string
      readonly fields: readonly AvroField[]
      readonly props: JsonObject
    }

const primitives: ReadonlySet<string> = new Set<AvroPrimitive>([
  'null',
  'boolean',
  'int',
  'long',
  'float',
  'double',
  'bytes',
  'string',
])

/**
 * Parses the text of an Avro schema. `references` are the schemas whose types it names, each after those that it names
 * itself. What is not an Avro schema is an `avro-unreadable` error.
 */
export function parseAvroSchema(text: string, references: readonly string[] = []): AvroType {
  const parser = new SchemaParser()
  for (const reference of references) parser.parse(jsonOf(reference), '')
  return parser.parse(jsonOf(text), '')
}

function jsonOf(text: string): JsonValue {
  try {
    return parseJson(text)
  } catch {
    throw notAvro('text that is not JSON')
  }
}

class SchemaParser {
  readonly #named = new Map<string, AvroType>()

  parse(json: JsonValue, namespace: string): AvroType {
    if (typeof json === 'string') return this.#ofName(json, namespace)
    if (Array.isArray(json)) {
      if (json.length === 0) throw notAvro('a union without branches')
      return { kind: 'union', branches: json.map(branch => this.parse(branch, namespace)), props: {} }
    }
    if (!isJsonObject(json)) throw notAvro('a type that is neither a name, a list nor an object')
    const { type } = json
    switch (type) {
      case 'array':
        return { kind: type, items: this.parse(json.items ?? null, namespace), props: json }
      case 'map':
        return { kind: type, items: this.parse(json.values ?? null, namespace), props: json }
      case 'record':
      case 'error':
      case 'enum':
      case 'fixed':
        return this.#define(json, type, namespace)
      default:
        if (typeof type === 'string' && primitives.has(type))
          return { kind: type as AvroPrimitive, props: json }
        return this.parse(type ?? null, namespace)
    }
  }

  #ofName(name: string, namespace: string): AvroType {
    if (primitives.has(name)) return { kind: name as AvroPrimitive, props: {} }
    const found = this.#named.get(fullName(name, namespace)) ?? this.#named.get(name)
    if (found === undefined) throw notAvro(`the name ${name}, which it does not define`)
    return found
  }

  #define(json: JsonObject, type: 'record' | 'error' | 'enum' | 'fixed', outer: string): AvroType {
    if (typeof json.name !== 'string') throw notAvro(`a type ${type} without a name`)
    const name = fullName(json.name, typeof json.namespace === 'string' ? json.namespace : outer)
    const own = name.includes('.') ? name.slice(0, name.lastIndexOf('.')) : ''
    if (type === 'enum') {
      const symbols = Array.isArray(json.symbols)
        ? json.symbols.filter(symbol => typeof symbol === 'string')
        : []
      return this.#name({ kind: 'enum', name, symbols, props: json })
    }
    if (type === 'fixed') {
      const { size } = json
      if (typeof size !== 'number' || !(size >= 0)) throw notAvro(`a type fixed without a size`)
      return this.#name({ kind: 'fixed', name, size, props: json })
    }
    if (!Array.isArray(json.fields)) throw notAvro(`the record ${name} without fields`)
    const fields: AvroField[] = []
    // Its name is known before its fields are: they may refer to it.
    const record = this.#name({ kind: 'record', name, fields, props: json })
    for (const field of json.fields) {
      if (!isJsonObject(field) || typeof field.name !== 'string')
        throw notAvro(`a field of ${name} without a name`)
      fields.push({ name: field.name, type: this.parse(field.type ?? null, own), props: field })
    }
    return record
  }

  #name(type: Extract<AvroType, { name: string }>): AvroType {
    this.#named.set(type.name, type)
    return type
  }
}

function fullName(name: string, namespace: string): string {
  return name.includes('.') || namespace === '' ? name : `${namespace}.${name}`
}

function notAvro(found: string): ObslabError {
  return new ObslabError('avro-unreadable', `Expected an Avro schema in the registry, found ${found}.`)
}
