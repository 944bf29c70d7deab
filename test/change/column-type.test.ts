import { describe, expect, test } from 'vitest'
import { type ColumnType, type DeclaredColumn, resolveColumn } from '../../src/change/column-type.js'

const column = (
  kind: ColumnType['kind'],
  encoding: ColumnType['encoding'],
  origin: ColumnType['origin'],
  more = {},
): ColumnType => ({
  name: 'a',
  kind,
  encoding,
  nullable: true,
  origin,
  ...more,
})
const declared = (kind: ColumnType['kind']): DeclaredColumn => ({ name: 'a', nullable: false, kind })

describe('what is known about a column', () => {
  const int64 = column('bigint', 'int64', 'connect-schema')
  const unsignedInt = column('int', 'number', 'schema-change', { mysqlType: 'INT UNSIGNED' })

  test('the kind is the declared one, else the DDL’s, else the record’s own; the encoding is the record’s own', () => {
    expect(resolveColumn({ recordSchema: int64 })).toMatchObject({
      kind: 'bigint',
      encoding: 'int64',
      origin: 'connect-schema',
    })
    expect(resolveColumn({ recordSchema: int64, schemaChange: unsignedInt })).toMatchObject({
      kind: 'int',
      encoding: 'int64',
      mysqlType: 'INT UNSIGNED',
      origin: 'schema-change',
    })
    expect(
      resolveColumn({ recordSchema: int64, schemaChange: unsignedInt, declared: declared('bigint') }),
    ).toMatchObject({
      kind: 'bigint',
      encoding: 'int64',
      origin: 'declared',
    })
  })

  test('a claim that cannot be read from the encoding gives way', () => {
    const double = column('double', 'number', 'connect-schema')
    const date = column('date', 'epoch-days', 'schema-change')
    expect(resolveColumn({ recordSchema: double, schemaChange: date })).toMatchObject({
      kind: 'double',
      encoding: 'number',
    })
  })

  test('a declared double is read from the decimal a column has become', () => {
    const decimal = column('decimal', 'decimal-base64', 'schema-change', { scale: 3 })
    expect(resolveColumn({ schemaChange: decimal, declared: declared('double') })).toMatchObject({
      kind: 'double',
      encoding: 'decimal-base64',
      scale: 3,
      origin: 'declared',
    })
  })

  test('where a schema says text, the DDL says what is in it', () => {
    const text = column('text', 'text', 'connect-schema')
    const decimal = column('decimal', 'decimal-base64', 'schema-change', { scale: 2 })
    expect(resolveColumn({ recordSchema: text, schemaChange: decimal })).toMatchObject({
      kind: 'decimal',
      encoding: 'decimal-text',
    })
    const blob = column('bytes', 'base64', 'schema-change')
    expect(resolveColumn({ recordSchema: text, schemaChange: blob })).toMatchObject({
      kind: 'text',
      encoding: 'text',
    })
  })

  test('a declared type alone gives the encoding', () => {
    const type = column('date', 'epoch-days', 'declared')
    const inferred = column('int', 'number', 'inferred')
    expect(resolveColumn({ declared: { ...declared('date'), type }, inferred })).toMatchObject({
      kind: 'date',
      encoding: 'epoch-days',
    })
    expect(resolveColumn({ declared: declared('bigint'), inferred })).toMatchObject({
      kind: 'bigint',
      encoding: 'number',
    })
  })

  test('a text of a binary column is bytes when the connector is known to write it so, else text', () => {
    const recordSchema = column('text', 'text', 'connect-schema')
    const schemaChange = column('bytes', 'base64', 'schema-change', { mysqlType: 'BLOB' })
    expect(resolveColumn({ recordSchema, schemaChange })).toMatchObject({ kind: 'text', encoding: 'text' })
    expect(resolveColumn({ recordSchema, schemaChange, binaryAsText: true })).toMatchObject({
      kind: 'bytes',
      encoding: 'base64',
    })
  })

  test('the values of an ENUM and the default come from whoever knows them', () => {
    const recordSchema = column('text', 'text', 'connect-schema', { enumValues: ['a'], defaultValue: 'a' })
    expect(resolveColumn({ recordSchema })).toMatchObject({ enumValues: ['a'], defaultValue: 'a' })
    const schemaChange = column('text', 'text', 'schema-change', {
      enumValues: ['a', 'b'],
      defaultValue: 'b',
    })
    expect(resolveColumn({ schemaChange })).toMatchObject({ enumValues: ['a', 'b'], defaultValue: 'b' })
  })
})
