import { ObslabError } from '../errors.js'
import type { KafkaRecord } from '../source/record.js'
import {
  type RegisteredSchema,
  type SchemaRegistry,
  schemaIdOf,
  schemaIdsOf,
} from '../source/schema-registry.js'
import type { Source } from '../source/source.js'
import { connectSchemaOf } from './avro-connect.js'
import { parseAvroSchema } from './avro-schema.js'
import { type AvroDecoder, avroDecoder } from './avro-value.js'
import type { BinaryParser, KnownSchema, Payload } from './schema-prefix.js'

interface Known {
  schema: KnownSchema
  decode: AvroDecoder
}

const shared = new WeakMap<SchemaRegistry, AvroRecords>()

/**
 * Reads keys and values in Confluent's wire format: a zero byte, the number of a schema, Avro. A schema has to be fetched
 * before the first of its records can be read, so call {@link load} with records and then {@link parse} with their bytes.
 */
export class AvroRecords implements BinaryParser {
  readonly #registry: SchemaRegistry | null
  readonly #known = new Map<number, Known | ObslabError>()

  private constructor(registry: SchemaRegistry | null) {
    this.#registry = registry
  }

  /** The reader of a source's Avro records. All that read from one registry share what they have fetched. */
  static of({ registry }: Pick<Source, 'registry'>): AvroRecords {
    if (registry === undefined) return new AvroRecords(null)
    const found = shared.get(registry) ?? new AvroRecords(registry)
    shared.set(registry, found)
    return found
  }

  /**
   * Fetches the schemas that these records name and that are not known yet. Avro records of a source without a registry
   * are a `registry-missing` error; a registry that does not answer is an error as well. A schema that there is not, or
   * that obslab cannot read, is an error of the records alone, when they are parsed.
   */
  async load(records: Iterable<KafkaRecord>): Promise<void> {
    const asked = new Set<number>()
    for (const record of records) {
      for (const id of schemaIdsOf(record)) {
        if (asked.has(id) || this.#known.has(id)) continue
        if (this.#registry === null) throw noRegistry(record, id)
        asked.add(id)
      }
    }
    const registry = this.#registry
    if (asked.size === 0 || registry === null) return
    await Promise.all(
      [...asked].map(async id => {
        const found = await registry.schema(id)
        if (!this.#known.has(id)) this.#known.set(id, compile(id, found, registry.name))
      }),
    )
  }

  /** Like {@link load}, but schemas that cannot be had now stay unknown, without an error. */
  async loadWhatIsThere(records: Iterable<KafkaRecord>): Promise<void> {
    try {
      await this.load(records)
    } catch (error) {
      if (!(error instanceof ObslabError)) throw error
    }
  }

  /** Parses a key or value. What cannot be read is an `avro-unreadable` error. */
  parse(bytes: Buffer): Payload {
    const id = schemaIdOf(bytes)
    if (id === null) throw notWireFormat()
    const known = this.#known.get(id)
    if (known === undefined) {
      throw new ObslabError(
        'avro-unreadable',
        `Expected JSON, found Avro with schema ${id} of a schema registry, whose schemas were not given.`,
      )
    }
    if (known instanceof ObslabError) throw known
    return { schema: known.schema, payload: known.decode(bytes.subarray(5)) }
  }
}

function compile(id: number, found: RegisteredSchema | null, registry: string): Known | ObslabError {
  if (found === null) {
    return new ObslabError(
      'avro-unreadable',
      `Expected schema ${id} in ${registry}, found no such schema: the record was written with another registry, or the ` +
        'schema was deleted for good.',
    )
  }
  if (found.type !== 'AVRO') {
    return new ObslabError(
      'avro-unreadable',
      `Expected schema ${id} of ${registry} to be Avro, found ${found.type}. Have Debezium write with AvroConverter or ` +
        'JsonConverter.',
    )
  }
  try {
    const type = parseAvroSchema(found.schema, found.references)
    return { schema: { schema: connectSchemaOf(type) }, decode: avroDecoder(type) }
  } catch (error) {
    if (!(error instanceof ObslabError)) throw error
    return new ObslabError(error.code, `${error.message} It is schema ${id} of ${registry}.`)
  }
}

function noRegistry({ topic, partition, offset }: KafkaRecord, id: number): ObslabError {
  return new ObslabError(
    'registry-missing',
    `The records of ${topic} are Avro with schema ${id} of a schema registry, and no registry is given. Add ` +
      'registry=http://host:8081 to the Kafka URL, schema.registry.url to client.properties, or set OBSLAB_REGISTRY, ' +
      'which holds for folders as well.',
    { position: { topic, partition, offset } },
  )
}

function notWireFormat(): ObslabError {
  return new ObslabError(
    'avro-unreadable',
    "Expected JSON, or Avro in Confluent's wire format, found bytes that begin with a zero and name no schema. " +
      'Apicurio’s converter writes such with numbers of eight bytes, unless apicurio.registry.as-confluent is true.',
  )
}
