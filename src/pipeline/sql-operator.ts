import { type Constant, type Expression, Untranslatable } from './expression.js'
import { constantSql } from './sql-call.js'
import { orZero, type SqlValue, textSql } from './sql-value.js'

/** A constant; half a character and integers beyond 127 bits are refused. */
export function constant(value: Constant, text: string): SqlValue {
  if (typeof value === 'string' && /\p{Surrogate}/u.test(value)) {
    throw new Untranslatable(text, 'half a character has no form in SQL')
  }
  if (typeof value === 'bigint' && BigInt.asIntN(127, value) !== value) {
    throw new Untranslatable(text, 'it is beyond SQL’s integers')
  }
  return constantSql(value)
}

/** The text of a value in a template or a sum of texts. */
export function written(value: SqlValue, text: string): string {
  if (value.type === 'bytes' || value.type === 'cell') {
    throw new Untranslatable(text, 'bytes, lists and objects have no text of their own')
  }
  return textSql(value)
}

/** Whether the text of a value is {@link SqlValue.plain}. */
export function isPlainText({ type, plain }: SqlValue): boolean {
  return plain === true || (type !== 'string' && type !== 'cell')
}

/** A number that is written out. */
export function numberOf(expression: Expression, text: string): number {
  if (expression.type === 'constant' && typeof expression.value === 'number') return expression.value
  if (expression.type === 'unary' && expression.operator === '-') return -numberOf(expression.operand, text)
  throw new Untranslatable(text, 'the places have to be written out')
}

/** Refuses two values of different types for one column. */
export function requireSame(a: SqlValue, b: SqlValue, text: string): void {
  if (a.type === b.type) return
  throw new Untranslatable(text, `it is a ${a.type} or a ${b.type}, and a column of SQL has one type`)
}

/** What is known of a value that is either of two. */
export function merged(a: SqlValue, b: SqlValue): Omit<SqlValue, 'sql'> {
  return {
    type: a.type === 'null' ? b.type : a.type,
    nullable: a.nullable || b.nullable,
    undefinable: a.undefinable === true || b.undefinable === true,
    whole: (a.whole ?? a.type === 'null') && (b.whole ?? b.type === 'null'),
    plain: (a.plain ?? a.type === 'null') && (b.plain ?? b.type === 'null'),
  }
}

/** One of two values, by a test that is never NULL. */
export function choice(test: string, yes: SqlValue, no: SqlValue, text: string): SqlValue {
  if (yes.type !== 'null' && no.type !== 'null') requireSame(yes, no, text)
  return { ...merged(yes, no), sql: `(CASE WHEN ${test} THEN ${yes.sql} ELSE ${no.sql} END)` }
}

/** `<`, `<=`, `>` and `>=`: null is 0, NaN is neither less nor greater. Never NULL. */
export function compared(operator: string, a: SqlValue, b: SqlValue, text: string): string {
  const [left, right] = [orZero(a), orZero(b)]
  const types = new Set([a.type, b.type].filter(type => type !== 'null'))
  if (types.size > 1) throw new Untranslatable(text, `${operator} converts a ${a.type} and a ${b.type}`)
  const [type] = types
  switch (type) {
    case undefined:
    case 'number': {
      const numbers = [a, b].filter(value => value.type === 'number' && !value.whole)
      const notNaN = numbers.map(value => ` AND NOT isnan(${orZero(value)})`).join('')
      return `(${left} ${operator} ${right}${notNaN})`
    }
    case 'bigint':
      return `(${left} ${operator} ${right})`
    case 'string':
      if (a.nullable || b.nullable) {
        throw new Untranslatable(text, `${operator} converts null and a text to numbers: ask for null first`)
      }
      if (!a.plain && !b.plain) {
        throw new Untranslatable(text, `${operator} orders texts by UTF-16 units, and SQL by characters`)
      }
      return `(${a.sql} ${operator} ${b.sql})`
    default:
      throw new Untranslatable(text, `${operator} is translated for numbers, bigints and texts`)
  }
}

/** `+`, `-`, `*`, `/` and `%` of numbers, null as 0, and `+` of texts. */
export function arithmetic(operator: string, a: SqlValue, b: SqlValue, text: string): SqlValue {
  if (operator === '+' && (a.type === 'string' || b.type === 'string')) {
    const plain = isPlainText(a) && isPlainText(b)
    return { sql: `(${written(a, text)} || ${written(b, text)})`, type: 'string', nullable: false, plain }
  }
  if ([a, b].some(({ type }) => type !== 'number' && type !== 'null')) {
    throw new Untranslatable(
      text,
      `${operator} is translated for numbers${operator === '+' ? ' and texts' : ''}`,
    )
  }
  const whole = operator !== '/' && [a, b].every(value => value.whole ?? value.type === 'null')
  // Beyond 2^53 a whole number may have been rounded, and infinite ones have no remainder: both stay doubles.
  return {
    sql: `(${orZero(a)} ${operator} ${orZero(b)})`,
    type: 'number',
    nullable: false,
    whole: whole && (operator === '+' || operator === '-'),
  }
}
