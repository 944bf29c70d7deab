import type { AvroType } from './avro-schema.js'
import { branchName, isTagged } from './avro-value.js'
import type { ConnectSchema } from './connect-schema.js'
import { isJsonObject, type JsonObject, type JsonValue } from './json.js'

/** A Connect schema with all that JsonConverter writes of one. */
interface WholeSchema extends ConnectSchema {
  version?: number
  default?: JsonValue
  items?: ConnectSchema
  keys?: ConnectSchema
  values?: ConnectSchema
}

/**
 * The Connect schema that an Avro schema was made of by Connect's AvroConverter, as JsonConverter would write it: what
 * Avro has no word for is in `connect.name`, `connect.parameters` and the like. Of an Avro schema that has none of those,
 * logical types become Connect's and Debezium's types of the same meaning.
 */
export function connectSchemaOf(type: AvroType): ConnectSchema {
  return whole(type, { optional: false, open: new Set() })
}

interface Around {
  optional: boolean
  /** The `default` of the field it is the type of. */
  fieldDefault?: JsonValue | undefined
  /** The records it is in. */
  open: ReadonlySet<AvroType>
}

function whole(type: AvroType, around: Around): WholeSchema {
  if (type.kind === 'union') {
    const nullable = type.branches.some(({ kind }) => kind === 'null')
    const optional = nullable || around.optional
    const branch = type.branches.find(({ kind }) => kind !== 'null')
    if (!isTagged(type) && branch !== undefined) return whole(branch, { ...around, optional })
    return {
      type: 'struct',
      name: 'io.confluent.connect.avro.Union',
      optional,
      fields: branchFields(type, around),
    }
  }
  const { props } = type
  const logical = logicalSchema(type)
  const name = textOf(props['connect.name']) ?? logical?.name ?? ownName(type)
  const version = props['connect.version'] ?? logical?.version
  const parameters = { ...logical?.parameters, ...parametersOf(props) }
  const doc = textOf(props['connect.doc'])
  const given = around.fieldDefault ?? props['connect.default'] ?? null
  return {
    type: connectTypeOf(type),
    optional: around.optional,
    ...(name !== undefined && { name }),
    ...(typeof version === 'number' && { version }),
    ...(Object.keys(parameters).length > 0 && { parameters }),
    ...(doc !== undefined && { doc }),
    ...(given !== null && { default: defaultOf(type, given) }),
    ...partsOf(type, around.open),
  }
}

function branchFields(type: Extract<AvroType, { kind: 'union' }>, { open }: Around): ConnectSchema[] {
  return type.branches
    .filter(({ kind }) => kind !== 'null')
    .map(branch => ({ ...whole(branch, { optional: true, open }), field: branchName(branch) }))
}

/** What a type consists of. A record within itself is told by its name alone. */
function partsOf(type: AvroType, open: ReadonlySet<AvroType>): Partial<WholeSchema> {
  switch (type.kind) {
    case 'array':
      return { items: whole(type.items, { optional: false, open }) }
    case 'map':
      return {
        keys: { type: 'string', optional: false },
        values: whole(type.items, { optional: false, open }),
      }
    case 'record': {
      if (open.has(type)) return {}
      const within = new Set(open).add(type)
      return {
        fields: type.fields.map(({ name, type: fieldType, props }) => {
          const schema = whole(fieldType, { optional: false, fieldDefault: props.default, open: within })
          const own = parametersOf(props)
          const parameters = own === undefined ? undefined : { ...schema.parameters, ...own }
          return { ...schema, ...(parameters && { parameters }), field: name }
        }),
      }
    }
    default:
      return {}
  }
}

const connectTypes: Readonly<Record<Exclude<AvroType['kind'], 'union'>, string>> = {
  null: 'string',
  boolean: 'boolean',
  int: 'int32',
  long: 'int64',
  float: 'float',
  double: 'double',
  bytes: 'bytes',
  fixed: 'bytes',
  string: 'string',
  enum: 'string',
  array: 'array',
  map: 'map',
  record: 'struct',
}

function connectTypeOf(type: Exclude<AvroType, { kind: 'union' }>): string {
  const narrow = type.props['connect.type']
  return type.kind === 'int' && (narrow === 'int8' || narrow === 'int16') ? narrow : connectTypes[type.kind]
}

interface Logical {
  name: string
  version: number
  parameters?: Record<string, string>
}

const logicalNames: Readonly<Record<string, string>> = {
  'int date': 'org.apache.kafka.connect.data.Date',
  'int time-millis': 'org.apache.kafka.connect.data.Time',
  'long time-micros': 'io.debezium.time.MicroTime',
  'long timestamp-millis': 'org.apache.kafka.connect.data.Timestamp',
  'long timestamp-micros': 'io.debezium.time.MicroTimestamp',
  'long timestamp-nanos': 'io.debezium.time.NanoTimestamp',
  'long local-timestamp-millis': 'io.debezium.time.Timestamp',
  'long local-timestamp-micros': 'io.debezium.time.MicroTimestamp',
  'long local-timestamp-nanos': 'io.debezium.time.NanoTimestamp',
}

function logicalSchema({ kind, props }: AvroType): Logical | undefined {
  const { logicalType, scale, precision } = props
  if (logicalType === 'decimal' && (kind === 'bytes' || kind === 'fixed')) {
    // AvroConverter writes 64 where it was told of no precision.
    const told = typeof precision === 'number' && precision !== 64
    return {
      name: 'org.apache.kafka.connect.data.Decimal',
      version: 1,
      parameters: {
        scale: String(typeof scale === 'number' ? scale : 0),
        ...(told && { 'connect.decimal.precision': String(precision) }),
      },
    }
  }
  const name = logicalNames[`${kind} ${String(logicalType)}`]
  return name === undefined ? undefined : { name, version: 1 }
}

/** A named type's name is the Connect schema's; a struct without one got a made-up name. */
function ownName(type: AvroType): string | undefined {
  if (!('name' in type)) return undefined
  return type.name.startsWith('io.confluent.connect.avro.ConnectDefault') ? undefined : type.name
}

function parametersOf(props: JsonObject): Record<string, string> | undefined {
  const parameters = props['connect.parameters']
  if (!isJsonObject(parameters)) return undefined
  return Object.fromEntries(
    Object.entries(parameters).flatMap(([name, value]) => (typeof value === 'string' ? [[name, value]] : [])),
  )
}

/** Avro writes bytes as text with a character for each, JsonConverter as base64. */
function defaultOf(type: AvroType, value: JsonValue): JsonValue {
  const isBytes = type.kind === 'bytes' || type.kind === 'fixed'
  return isBytes && typeof value === 'string' ? Buffer.from(value, 'latin1').toString('base64') : value
}

function textOf(value: JsonValue | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined
}
