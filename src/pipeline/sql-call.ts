import { Untranslatable } from './expression.js'
import {
  isPlain,
  lengthSql,
  orZero,
  refusing,
  type SqlValue,
  sqlNumber,
  sqlText,
  textSql,
  truth,
} from './sql-value.js'

/** A call of a global function or of one of obslab's, of values that may be null. */
export function callSql(name: string, values: readonly SqlValue[], text: string): SqlValue {
  if (name.startsWith('Math.')) return mathSql(name, values, text)
  const [value] = values
  if (value === undefined || values.length !== 1) throw notTranslated(name, text)
  switch (name) {
    case 'String':
      return { sql: textSql(value), type: 'string', nullable: false }
    case 'Boolean':
      return { sql: truth(value), type: 'boolean', nullable: false }
    case 'Number':
      return numberSql(value, text)
    case 'num':
      return numSql(value, text)
    case 'Number.isNaN':
      return testSql(value, number => `isnan(${number})`)
    case 'Number.isFinite':
      return testSql(value, number => `isfinite(${number})`)
    case 'Number.isInteger':
      return testSql(value, number => `(isfinite(${number}) AND floor(${number}) = ${number})`)
    case 'Number.isSafeInteger':
      return testSql(
        value,
        number =>
          `(isfinite(${number}) AND floor(${number}) = ${number} AND abs(${number}) <= 9007199254740991)`,
      )
    default:
      throw notTranslated(name, text)
  }
}

function notTranslated(name: string, text: string): Untranslatable {
  return new Untranslatable(text, `${name} has no translation that gives the same for every value`)
}

/** Tests of Number's: false for what is no number. */
function testSql({ sql, type, nullable }: SqlValue, test: (number: string) => string): SqlValue {
  if (type !== 'number') return { sql: 'false', type: 'boolean', nullable: false }
  return { sql: nullable ? `coalesce(${test(sql)}, false)` : test(sql), type: 'boolean', nullable: false }
}

function numberSql(value: SqlValue, text: string): SqlValue {
  switch (value.type) {
    case 'null':
    case 'number':
      return { sql: orZero(value), type: 'number', nullable: false, whole: value.whole ?? false }
    case 'boolean':
      return {
        sql: `CAST(coalesce(${value.sql}, false) AS DOUBLE)`,
        type: 'number',
        nullable: false,
        whole: true,
      }
    case 'bigint':
      return { sql: doubleOf(orZero(value)), type: 'number', nullable: false, whole: true }
    default:
      throw new Untranslatable(
        text,
        'what Number() takes for a number in a text is wider than SQL’s; use num()',
      )
  }
}

/** Through text, because an integer is converted by halves otherwise, and rounded twice. */
function doubleOf(integer: string): string {
  return `CAST(CAST(${integer} AS VARCHAR) AS DOUBLE)`
}

function numSql(value: SqlValue, text: string): SqlValue {
  const { sql, type, nullable } = value
  switch (type) {
    case 'null':
    case 'number':
      return value
    case 'bigint':
      return { sql: doubleOf(sql), type: 'number', nullable, whole: true }
    case 'string': {
      const isDecimal = `regexp_full_match(${sql}, '[+-]?\\d+(\\.\\d+)?')`
      return {
        sql: refusing(`NOT ${isDecimal}`, 'num()', `CAST(${sql} AS DOUBLE)`),
        type: 'number',
        nullable,
      }
    }
    default:
      throw new Untranslatable(text, `num() does not take a ${type}`)
  }
}

function mathSql(name: string, values: readonly SqlValue[], text: string): SqlValue {
  if (values.some(({ type }) => type !== 'number' && type !== 'null')) {
    throw new Untranslatable(text, `${name} is translated for numbers`)
  }
  const [x, y, ...more] = values.map(orZero)
  const whole = values.every(value => value.whole)
  const given = (sql: string, isWhole: boolean): SqlValue => ({
    sql,
    type: 'number',
    nullable: false,
    whole: isWhole,
  })
  if (x === undefined) throw notTranslated(name, text)
  if (name === 'Math.min' || name === 'Math.max') {
    const pick = name === 'Math.min' ? least : greatest
    return given([...(y === undefined ? [] : [y]), ...more].reduce(pick, x), whole)
  }
  if (y !== undefined) throw notTranslated(name, text)
  switch (name) {
    case 'Math.abs':
      return given(`abs(${x})`, whole)
    case 'Math.floor':
    case 'Math.ceil':
    case 'Math.trunc':
      return given(`${name.slice(5)}(${x})`, whole)
    case 'Math.round':
      // Halves go up; where the rest is below a half, adding one half could round up as well.
      return given(`(CASE WHEN ${x} - floor(${x}) < 0.5 THEN floor(${x}) ELSE ceil(${x}) END)`, whole)
    case 'Math.sqrt':
      return given(`(CASE WHEN ${x} < 0 THEN ${sqlNumber(Number.NaN)} ELSE sqrt(${x}) END)`, false)
    case 'Math.sign':
      return given(
        `(CASE WHEN ${x} > 0 AND NOT isnan(${x}) THEN 1 WHEN ${x} < 0 THEN -1 ELSE ${x} END)`,
        whole,
      )
    default:
      throw notTranslated(name, text)
  }
}

/** Of 0 and -0 the second is less; NaN wins. */
function least(a: string, b: string): string {
  return extreme(a, b, '<', `WHEN 1 / ${a} < 0 THEN ${a} ELSE ${b}`)
}

function greatest(a: string, b: string): string {
  return extreme(a, b, '>', `WHEN 1 / ${a} < 0 THEN ${b} ELSE ${a}`)
}

function extreme(a: string, b: string, operator: string, ofEqual: string): string {
  const ofNaN = `WHEN isnan(${a}) THEN ${a} WHEN isnan(${b}) THEN ${b}`
  return `(CASE ${ofNaN} WHEN ${a} ${operator} ${b} THEN ${a} WHEN ${b} ${operator} ${a} THEN ${b} ${ofEqual} END)`
}

/** What JavaScript calls white space, and takes off by `trim`. */
const space =
  '\t\n\v\f\r \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000\ufeff'

/** A method of a text that is not null, or `length`. */
export function methodSql(name: string, of: SqlValue, values: readonly SqlValue[], text: string): SqlValue {
  const { sql, nullable } = of
  const string = (written: string, plain = false): SqlValue => ({
    sql: written,
    type: 'string',
    nullable,
    plain,
  })
  const other = values[0]
  switch (`${name}/${values.length}`) {
    case 'length/0':
      return { sql: lengthSql(sql), type: 'number', nullable, whole: true }
    case 'trim/0':
      return string(`trim(${sql}, ${sqlText(space)})`, of.plain)
    case 'trimStart/0':
      return string(`ltrim(${sql}, ${sqlText(space)})`, of.plain)
    case 'trimEnd/0':
      return string(`rtrim(${sql}, ${sqlText(space)})`, of.plain)
    case 'toLowerCase/0':
    case 'toUpperCase/0':
      return string(
        refusing(
          `NOT regexp_full_match(${sql}, '(?s)[\\x00-\\x7F]*')`,
          `.${name}()`,
          `${name === 'toLowerCase' ? 'lower' : 'upper'}(${sql})`,
        ),
        true,
      )
    case 'includes/1':
      return { sql: `contains(${sql}, ${textOfArgument(other!, text)})`, type: 'boolean', nullable }
    case 'startsWith/1':
      return { sql: `starts_with(${sql}, ${textOfArgument(other!, text)})`, type: 'boolean', nullable }
    case 'endsWith/1':
      return { sql: `suffix(${sql}, ${textOfArgument(other!, text)})`, type: 'boolean', nullable }
    case 'concat/1':
      return string(`(${sql} || ${textSql(other!)})`)
    case 'toString/0':
      return of
    default:
      throw new Untranslatable(text, `.${name}(…) has no translation that gives the same for every text`)
  }
}

function textOfArgument(value: SqlValue, text: string): string {
  if (value.type !== 'string' || value.nullable)
    throw new Untranslatable(text, 'what is looked for has to be a text')
  return value.sql
}

/** `.slice(from, to)` of a text that is not null, for whole numbers that are written out. */
export function sliceSql(of: SqlValue, from: number, to: number | undefined, text: string): SqlValue {
  const isPlainRange = Number.isInteger(from) && (to === undefined || Number.isInteger(to))
  if (!isPlainRange || (from < 0 && to !== undefined) || (to !== undefined && to < 0)) {
    throw new Untranslatable(text, '.slice(…) is translated for places from the start, or one from the end')
  }
  const { sql, nullable, plain = false } = of
  const cut =
    from < 0
      ? `right(${sql}, ${-from})`
      : to === undefined
        ? `substring(${sql}, ${from + 1})`
        : to <= from
          ? `left(${sql}, 0)`
          : `substring(${sql}, ${from + 1}, ${to - from})`
  const wide = `regexp_matches(${sql}, '[\\x{10000}-\\x{10FFFF}]')`
  return { sql: plain ? cut : refusing(wide, '.slice()', cut), type: 'string', nullable, plain }
}

/** The methods of `new Date(milliseconds)` in UTC. */
export function dateSql(name: string, ms: SqlValue, text: string): SqlValue {
  if (ms.type !== 'number' && ms.type !== 'null')
    throw new Untranslatable(text, 'new Date takes milliseconds here')
  const x = orZero(ms)
  const isDate = `(isfinite(${x}) AND abs(${x}) <= 8640000000000000)`
  // Beyond the years that both write with four digits they are refused, not guessed.
  const inYears = `(${x} >= -62167219200000 AND ${x} < 253402300800000)`
  const moment = `make_timestamp(CAST(trunc(${x}) * 1000 AS BIGINT))`
  const number = (part: string): SqlValue => ({
    sql: `(CASE WHEN NOT ${isDate} THEN ${sqlNumber(Number.NaN)} WHEN NOT ${inYears} THEN ${refusing('true', `.${name}()`, '0')} ELSE CAST(${part} AS DOUBLE) END)`,
    type: 'number',
    nullable: false,
    whole: true,
  })
  switch (name) {
    case 'getTime':
    case 'valueOf':
      return {
        sql: `(CASE WHEN ${isDate} THEN trunc(${x}) + 0 ELSE ${sqlNumber(Number.NaN)} END)`,
        type: 'number',
        nullable: false,
      }
    case 'getUTCFullYear':
      return number(`year(${moment})`)
    case 'getUTCMonth':
      return number(`month(${moment}) - 1`)
    case 'getUTCDate':
      return number(`day(${moment})`)
    case 'getUTCDay':
      return number(`dayofweek(${moment})`)
    case 'getUTCHours':
      return number(`hour(${moment})`)
    case 'getUTCMinutes':
      return number(`minute(${moment})`)
    case 'getUTCSeconds':
      return number(`second(${moment})`)
    case 'toISOString':
      return {
        sql: refusing(`NOT ${inYears}`, '.toISOString()', `strftime(${moment}, '%Y-%m-%dT%H:%M:%S.%gZ')`),
        type: 'string',
        nullable: false,
        plain: true,
      }
    default:
      throw new Untranslatable(text, `.${name}() of a Date has no translation`)
  }
}

/** A constant's value. */
export function constantSql(value: null | undefined | number | bigint | string | boolean): SqlValue {
  switch (typeof value) {
    case 'number':
      return { sql: sqlNumber(value), type: 'number', nullable: false, whole: Number.isSafeInteger(value) }
    case 'bigint':
      return { sql: `CAST('${value}' AS HUGEINT)`, type: 'bigint', nullable: false }
    case 'string':
      return { sql: sqlText(value), type: 'string', nullable: false, plain: isPlain(value) }
    case 'boolean':
      return { sql: String(value), type: 'boolean', nullable: false }
    default:
      return { sql: 'NULL', type: 'null', nullable: true, undefinable: value === undefined }
  }
}
