/** One column of the tables that the tests of values write: its type and SQL literals at the edges of it. */
export interface ValueColumn {
  name: string
  type: string
  values: readonly string[]
  /** The one database that has the type; both when left out. */
  only?: 'mysql' | 'mariadb'
}

/** `min`, `max` and the like of every integer, decimal and floating type. */
const numbers: readonly ValueColumn[] = [
  { name: 'ti', type: 'TINYINT', values: ['-128', '127', '0'] },
  { name: 'tiu', type: 'TINYINT UNSIGNED', values: ['255', '0'] },
  { name: 'ti1', type: 'TINYINT(1)', values: ['1', '0', '7', '-128'] },
  { name: 'bo', type: 'BOOLEAN', values: ['TRUE', 'FALSE'] },
  { name: 'si', type: 'SMALLINT', values: ['-32768', '32767'] },
  { name: 'siu', type: 'SMALLINT UNSIGNED', values: ['65535', '0'] },
  { name: 'mi', type: 'MEDIUMINT', values: ['-8388608', '8388607'] },
  { name: 'miu', type: 'MEDIUMINT UNSIGNED', values: ['16777215', '0'] },
  { name: 'i', type: 'INT', values: ['-2147483648', '2147483647', '0'] },
  { name: 'iu', type: 'INT UNSIGNED', values: ['4294967295', '0', '2147483648'] },
  { name: 'iz', type: 'INT(8) UNSIGNED ZEROFILL', values: ['42', '4294967295'] },
  {
    name: 'b',
    type: 'BIGINT',
    values: ['-9223372036854775808', '9223372036854775807', '9007199254740993', '-9007199254740993', '0'],
  },
  {
    name: 'bu',
    type: 'BIGINT UNSIGNED',
    values: ['18446744073709551615', '9223372036854775808', '9223372036854775807', '9007199254740993', '0'],
  },
  { name: 'f', type: 'FLOAT', values: ['3.402823e38', '-1.175494e-38', '0.1', '-0.25', '16777217', '0'] },
  { name: 'f73', type: 'FLOAT(7,3)', values: ['-9999.999', '0.001'] },
  {
    name: 'dbl',
    type: 'DOUBLE',
    values: ['1.7976931348623157e308', '-2.2250738585072014e-308', '0.1', '-0e0', '9007199254740993', '1e21'],
  },
  { name: 'd102', type: 'DECIMAL(10,2)', values: ['99999999.99', '-99999999.99', '-0.01', '0', '7.9'] },
  { name: 'd50', type: 'DECIMAL(5)', values: ['-99999', '99999', '0', '1234'] },
  { name: 'd83u', type: 'DECIMAL(8,3) UNSIGNED', values: ['99999.999', '0.001'] },
  {
    name: 'd6530',
    type: 'DECIMAL(65,30)',
    values: [
      '99999999999999999999999999999999999.999999999999999999999999999999',
      '-99999999999999999999999999999999999.999999999999999999999999999999',
      '0.000000000000000000000000000001',
      '-0.5',
    ],
  },
  { name: 'num124', type: 'NUMERIC(12,4)', values: ['12345678.9012', '-0.0001'] },
  { name: 'bit1', type: 'BIT(1)', values: ["b'1'", "b'0'"] },
  { name: 'bit7', type: 'BIT(7)', values: ["b'1111111'", "b'0'", "b'1000000'"] },
  { name: 'bit17', type: 'BIT(17)', values: ["b'10000000000000001'", "b'0'", "b'100000000'"] },
  {
    name: 'bit64',
    type: 'BIT(64)',
    values: [`b'${'1'.repeat(64)}'`, "b'0'", `b'1${'0'.repeat(62)}1'`, "b'11'"],
  },
]

const dates = [
  "'1000-01-01'",
  "'9999-12-31'",
  "'2024-02-29'",
  "'1900-02-28'",
  "'1970-01-01'",
  "'1969-12-31'",
  "'1582-10-10'",
]

const times: readonly ValueColumn[] = [
  { name: 'd', type: 'DATE', values: dates },
  {
    name: 'dt',
    type: 'DATETIME',
    values: [
      "'1000-01-01 00:00:00'",
      "'9999-12-31 23:59:59'",
      "'2024-02-29 23:59:59'",
      "'1969-12-31 23:59:59'",
    ],
  },
  {
    name: 'dt3',
    type: 'DATETIME(3)',
    values: ["'9999-12-31 23:59:59.999'", "'1969-12-31 23:59:59.999'", "'1970-01-01 00:00:00.001'"],
  },
  {
    name: 'dt6',
    type: 'DATETIME(6)',
    values: [
      "'9999-12-31 23:59:59.999999'",
      "'1000-01-01 00:00:00.000001'",
      "'1969-12-31 23:59:59.999999'",
      "'2024-02-29 12:34:56.123456'",
      "'1753-06-15 08:09:10.100000'",
    ],
  },
  {
    name: 'ts',
    type: 'TIMESTAMP NULL',
    values: [
      "'1970-01-01 00:00:01'",
      "'2038-01-19 03:14:07'",
      "'2024-02-29 12:00:00'",
      "'2024-10-27 01:30:00'",
    ],
  },
  {
    name: 'ts3',
    type: 'TIMESTAMP(3) NULL',
    values: ["'1970-01-01 00:00:01.001'", "'2038-01-19 03:14:07.999'"],
  },
  {
    name: 'ts6',
    type: 'TIMESTAMP(6) NULL',
    values: ["'2038-01-19 03:14:07.999999'", "'1970-01-01 00:00:01.000001'", "'2026-03-01 12:34:56.100000'"],
  },
  {
    name: 't',
    type: 'TIME',
    values: ["'-838:59:59'", "'838:59:59'", "'00:00:00'", "'23:59:59'", "'-00:00:01'"],
  },
  {
    name: 't3',
    type: 'TIME(3)',
    values: ["'-838:59:58.999'", "'838:59:58.999'", "'-00:00:00.001'", "'12:00:00.5'"],
  },
  {
    name: 't6',
    type: 'TIME(6)',
    values: ["'-838:59:59.000001'", "'838:59:58.999999'", "'-00:00:00.000001'", "'23:59:59.000001'"],
  },
  { name: 'y', type: 'YEAR', values: ['1901', '2155', '2000', '1970'] },
]

const emoji = "'emoji 😀👩‍⚕️ 日本 ñ'"

const texts: readonly ValueColumn[] = [
  { name: 'c', type: 'CHAR(38)', values: ["''", emoji, "'trailing   '", "'NULL'"] },
  { name: 'vc', type: 'VARCHAR(64)', values: [emoji, "''", "'trailing   '", "'nul\\0byte'", "'\\\\\"\\'`'"] },
  { name: 'vl', type: 'VARCHAR(64) CHARACTER SET latin1', values: ["'Zambézia ñ €'", "''"] },
  { name: 'v3', type: 'VARCHAR(64) CHARACTER SET utf8', values: ["'日本 é'", "''"] },
  { name: 'v16', type: 'VARCHAR(64) CHARACTER SET utf16', values: [emoji, "''"] },
  { name: 'vu', type: 'VARCHAR(64) CHARACTER SET ucs2', values: ["'日本 é'"] },
  { name: 'vb4', type: 'VARCHAR(64) COLLATE utf8mb4_bin', values: ["'Case'", emoji] },
  { name: 'tt', type: 'TINYTEXT', values: ["'new\\nline\\ttab\\r'", emoji] },
  { name: 'tx', type: 'TEXT', values: ["''", "REPEAT('é😀', 5000)", "'\\u0041\\\\u0041'"] },
  { name: 'mt', type: 'MEDIUMTEXT', values: [emoji, "REPEAT('x', 70000)"] },
  { name: 'lt', type: 'LONGTEXT', values: ["''", emoji] },
  {
    name: 'en',
    type: "ENUM('a','b,c','é','d''q','😀','')",
    values: ["'a'", "'b,c'", "'é'", "'d''q'", "'😀'", "''"],
  },
  { name: 'ew', type: "ENUM('only')", values: ["'none of them'", "'only'"] },
  { name: 'st', type: "SET('x','y z','é','😀')", values: ["''", "'x'", "'x,y z,é,😀'", "'é'"] },
  {
    name: 'js',
    type: 'JSON',
    values: [
      `'{"a": [1, 2.5, "é😀", null, true], "empty": {}, "n": 9007199254740993}'`,
      `'[]'`,
      `'null'`,
      `'"text \\\\"quoted\\\\" \\\\\\\\ back"'`,
      `'{"": 18446744073709551615, "neg": -9223372036854775808}'`,
      `'{"deep": {"er": [[], [[]], {"x": -0.5, "big": 1e100}]}}'`,
      `'-1'`,
    ],
  },
]

const allBytes = `x'${Buffer.from(Array.from({ length: 256 }, (_, i) => i)).toString('hex')}'`

const binaries: readonly ValueColumn[] = [
  { name: 'bi', type: 'BINARY(8)', values: ["x'0102030000000000'", "x'80'", "''", "x'ffffffffffffffff'"] },
  { name: 'vb', type: 'VARBINARY(300)', values: [allBytes, "''", "x'00'", "x'fbff'", "x'deadbeef'"] },
  { name: 'tb', type: 'TINYBLOB', values: ["x'00'", "''", "x'fbefbe'"] },
  { name: 'bl', type: 'BLOB', values: [allBytes, "''", "x'61626364'"] },
  { name: 'mb', type: 'MEDIUMBLOB', values: ["REPEAT(x'ff', 70000)", "x'00'"] },
  { name: 'lb', type: 'LONGBLOB', values: ["x'7f80'", "''"] },
]

const geometries: readonly ValueColumn[] = [
  {
    name: 'pt',
    type: 'POINT',
    values: ["ST_GeomFromText('POINT(1 2)')", "ST_GeomFromText('POINT(-1.5 0)', 4326)"],
  },
  {
    name: 'ge',
    type: 'GEOMETRY',
    values: ["ST_GeomFromText('POINT(0 0)')", "ST_GeomFromText('LINESTRING(0 0,1 1)')"],
  },
  { name: 'ls', type: 'LINESTRING', values: ["ST_GeomFromText('LINESTRING(0 0,1 1,2 0)')"] },
  {
    name: 'pg',
    type: 'POLYGON',
    values: ["ST_GeomFromText('POLYGON((0 0,4 0,4 4,0 0),(1 1,2 1,2 2,1 1))')"],
  },
  { name: 'mpt', type: 'MULTIPOINT', values: ["ST_GeomFromText('MULTIPOINT(0 0,1 1)')"] },
  {
    name: 'mls',
    type: 'MULTILINESTRING',
    values: ["ST_GeomFromText('MULTILINESTRING((0 0,1 1),(2 2,3 3))')"],
  },
  { name: 'mpg', type: 'MULTIPOLYGON', values: ["ST_GeomFromText('MULTIPOLYGON(((0 0,1 0,1 1,0 0)))')"] },
  {
    name: 'gc',
    type: 'GEOMETRYCOLLECTION',
    values: ["ST_GeomFromText('GEOMETRYCOLLECTION(POINT(1 1),LINESTRING(0 0,1 1))')"],
  },
]

/** INET4 and INET6 are missing: Debezium 3.5 cannot parse the DDL of a table that has one, and its connector fails. */
const others: readonly ValueColumn[] = [
  {
    name: 'uu',
    type: 'UUID',
    only: 'mariadb',
    values: ["'123e4567-e89b-12d3-a456-426655440001'", "'123e4567-e89b-12d3-a456-426655440000'"],
  },
  {
    name: 'jo',
    type: 'JSON',
    only: 'mysql',
    values: [
      "JSON_OBJECT('dec', CAST('-7.90' AS DECIMAL(10,2)), 'd', CAST('2024-02-29' AS DATE))",
      "JSON_OBJECT('dt', CAST('2024-02-29 12:34:56.123456' AS DATETIME(6)), 't', CAST('12:34:56.123456' AS TIME(6)))",
    ],
  },
  { name: 'gs', type: 'INT GENERATED ALWAYS AS (ti + 1) STORED', values: [] },
  { name: 'gv', type: 'INT GENERATED ALWAYS AS (ti + 2) VIRTUAL', values: [] },
  { name: 'order', type: 'INT', values: ['7'] },
  { name: 'with blank é', type: "INT COMMENT 'it''s a name'", values: ['8'] },
]

/** A column of every type, with the values at its edges. */
export const valueColumns: readonly ValueColumn[] = [
  ...numbers,
  ...times,
  ...texts,
  ...binaries,
  ...geometries,
  ...others,
]
