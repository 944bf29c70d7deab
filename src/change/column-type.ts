/**
 * What a column holds, and so which JavaScript value stands for it in a row:
 *
 * | kind | value |
 * | --- | --- |
 * | `int` | number: TINYINT to INT, signed or not, YEAR |
 * | `bigint` | bigint: BIGINT, always, whatever its size |
 * | `double` | number: FLOAT, DOUBLE |
 * | `decimal` | exact text, `'7.90'`: DECIMAL. `num()` to compute |
 * | `datetime` | number, milliseconds since the epoch as if the local time were UTC; the fraction keeps microseconds |
 * | `timestamp` | number, milliseconds since the epoch in UTC; the fraction keeps microseconds |
 * | `date` | ISO text, `'2026-03-01'` |
 * | `time` | ISO-like text, `'-12:34:56'`, `'838:59:59.000001'` |
 * | `boolean` | boolean: BIT(1) |
 * | `bytes` | Uint8Array: BLOB, BINARY, BIT(n), geometry |
 * | `json` | the document's text |
 * | `text` | string: CHAR, VARCHAR, TEXT, ENUM, SET, and whatever else is written as text |
 *
 * Every kind may be null, never undefined.
 */
export type ColumnKind =
  | 'int'
  | 'bigint'
  | 'double'
  | 'decimal'
  | 'datetime'
  | 'timestamp'
  | 'date'
  | 'time'
  | 'boolean'
  | 'bytes'
  | 'json'
  | 'text'

/** One value of a row. See {@link ColumnKind} for which kind of column gives which. */
export type Value = null | number | bigint | boolean | string | Uint8Array

/** A decoded row: column name to value, in the order of the table's columns. */
export type Row = Readonly<Record<string, Value>>
