import { type Expression, Untranslatable } from './expression.js'
import { callSql, dateSql, methodSql, sliceSql } from './sql-call.js'
import { factsOf, type Known, knowing, nothingKnown } from './sql-known.js'
import {
  arithmetic,
  choice,
  compared,
  constant,
  isPlainText,
  merged,
  numberOf,
  requireSame,
  written,
} from './sql-operator.js'
import { orZero, type SqlField, type SqlValue, sameSql, sqlText, truth } from './sql-value.js'

/** A row that a function is called with: its columns, and whether there is one. */
export interface SqlRow {
  columns: ReadonlyMap<string, SqlValue>
  /** Whether there is a row, in SQL; null where there always is one. */
  present: string | null
}

/**
 * Translates expressions of rows to DuckDB's SQL such that every value is the one that JavaScript gives: null counts as 0
 * in arithmetic and comparisons, as 'null' in texts, equals itself; NaN equals nothing; text is measured in UTF-16. What
 * would differ is thrown as {@link Untranslatable}.
 */
export class SqlTranslator {
  readonly #rows: readonly SqlRow[]

  constructor(rows: readonly SqlRow[]) {
    this.#rows = rows
  }

  /** A value. */
  value(expression: Expression): SqlValue {
    return this.#value(expression, nothingKnown)
  }

  /** A value, or an object of values. */
  cell(expression: Expression): SqlValue {
    if (expression.type !== 'object') return this.value(expression)
    const fields = this.fields(expression)
    const names = new Set(fields.map(({ name }) => name.toLowerCase()))
    if (names.size < fields.length || fields.length === 0 || names.has('')) {
      throw new Untranslatable(
        expression.text,
        'the fields of an object in SQL need names that differ without regard to case',
      )
    }
    const sql = `{${fields.map(({ name, value }) => `${sqlText(name)}: ${value.sql}`).join(', ')}}`
    return { sql, type: 'cell', nullable: false }
  }

  /** The values that rows are joined by: one, or those of a list. */
  values(expression: Expression): SqlValue[] {
    const items = expression.type === 'list' ? expression.items : [expression]
    return items.map(item => this.value(item))
  }

  /** A condition, by the truth of the value; never NULL. */
  test(expression: Expression): string {
    return this.#test(expression, nothingKnown)
  }

  /** The fields of a row: an object literal, its spreads written out, or a choice of such with the same fields. */
  fields(expression: Expression): SqlField[] {
    return this.#fields(expression, nothingKnown)
  }

  #fields(expression: Expression, known: Known): SqlField[] {
    switch (expression.type) {
      case 'row': {
        this.#requireRow(expression.row, expression.text, known)
        return [...this.#rows[expression.row]!.columns].map(([name, value]) => ({ name, value }))
      }
      case 'object': {
        const fields = new Map<string, SqlValue>()
        for (const { name, value } of expression.fields) {
          if (name !== null) fields.set(name, this.#passed(value, known))
          else for (const field of this.#fields(value, known)) fields.set(field.name, field.value)
        }
        return [...fields].map(([name, value]) => ({ name, value }))
      }
      case 'choice': {
        const test = this.#test(expression.test, known)
        const yes = this.#fields(expression.yes, knowing(known, factsOf(expression.test, true)))
        const no = this.#fields(expression.no, knowing(known, factsOf(expression.test, false)))
        const same = yes.length === no.length && yes.every(({ name }, i) => name === no[i]!.name)
        if (!same)
          throw new Untranslatable(expression.text, 'both rows have to have the same columns in one order')
        return yes.map(({ name, value }, i) => ({
          name,
          value: choice(test, value, no[i]!.value, expression.text),
        }))
      }
      default:
        throw new Untranslatable(
          expression.text,
          'the columns of the row have to be written out: row => ({ … })',
        )
    }
  }

  /** What a column is given: another one as it is, even one that nothing may be computed of, or a value. */
  #passed(expression: Expression, known: Known): SqlValue {
    const isColumn = expression.type === 'column'
    return isColumn ? this.#columnAsIs(expression, known) : this.#value(expression, known)
  }

  #value(expression: Expression, known: Known): SqlValue {
    const { text } = expression
    switch (expression.type) {
      case 'constant':
        return constant(expression.value, text)
      case 'column':
        return this.#column(expression, known)
      case 'unary':
        return this.#unary(expression, known)
      case 'binary':
        return this.#binary(expression, known)
      case 'logical':
        return this.#logical(expression, known)
      case 'choice': {
        const yes = this.#value(expression.yes, knowing(known, factsOf(expression.test, true)))
        const no = this.#value(expression.no, knowing(known, factsOf(expression.test, false)))
        return choice(this.#test(expression.test, known), yes, no, text)
      }
      case 'template': {
        const parts = expression.parts.map(part =>
          typeof part === 'string' ? constant(part, text) : this.#defined(part, known),
        )
        const sql = `(${parts.map(part => written(part, text)).join(' || ')})`
        return { sql, type: 'string', nullable: false, plain: parts.every(isPlainText) }
      }
      case 'call': {
        if (expression.name === 'new Date') throw new Untranslatable(text, 'a column holds no Date')
        const values = expression.values.map(value => this.#defined(value, known))
        return callSql(expression.name, values, text)
      }
      case 'method':
        return this.#method(expression, known)
      case 'row':
      case 'list':
      case 'object':
        throw new Untranslatable(text, 'a list or an object is no value of a column')
    }
  }

  #column(expression: Expression & { type: 'column' }, known: Known): SqlValue {
    const column = this.#columnAsIs(expression, known)
    if (column.refused === undefined) return column
    throw new Untranslatable(expression.text, column.refused)
  }

  #columnAsIs(expression: Expression & { type: 'column' }, known: Known): SqlValue {
    const row = this.#rows[expression.row]
    const column = row?.columns.get(expression.column)
    if (row === undefined || column === undefined) {
      throw new Untranslatable(expression.text, `there is no column ${expression.column}`)
    }
    const isKnown = known.has(`${expression.row}.${expression.column}`)
    if (row.present === null || known.has(String(expression.row)) || isKnown) {
      return isKnown ? { ...column, nullable: false } : column
    }
    if (!expression.optional) this.#requireRow(expression.row, expression.text, known)
    return { ...column, nullable: true, undefinable: true }
  }

  #requireRow(row: number, text: string, known: Known): void {
    if (this.#rows[row]?.present === null || known.has(String(row))) return
    throw new Untranslatable(text, 'there may be no row: ask for it, or read its columns by ?.')
  }

  /** A value where undefined and null are not the same. */
  #defined(expression: Expression, known: Known): SqlValue {
    const value = this.#value(expression, known)
    if (!value.undefinable) return value
    throw new Untranslatable(expression.text, 'it may be undefined, which is not null here: add ?? null')
  }

  #test(expression: Expression, known: Known): string {
    switch (expression.type) {
      case 'logical': {
        if (expression.operator === '??') break
        const isAnd = expression.operator === '&&'
        const right = this.#test(expression.right, knowing(known, factsOf(expression.left, isAnd)))
        return `(${this.#test(expression.left, known)} ${isAnd ? 'AND' : 'OR'} ${right})`
      }
      case 'unary':
        if (expression.operator === '!') return `(NOT ${this.#test(expression.operand, known)})`
        break
      case 'row': {
        const { present } = this.#rows[expression.row]!
        return present ?? 'true'
      }
    }
    return truth(this.#value(expression, known))
  }

  #unary(expression: Expression & { type: 'unary' }, known: Known): SqlValue {
    const { operator, operand, text } = expression
    if (operator === '!') return { sql: this.#test(expression, known), type: 'boolean', nullable: false }
    const value = this.#defined(operand, known)
    const isNumber = value.type === 'number' || value.type === 'null'
    if (isNumber && (operator === '-' || operator === '+')) {
      const sql = operator === '-' ? `(-${orZero(value)})` : orZero(value)
      return { sql, type: 'number', nullable: false, whole: value.whole ?? false }
    }
    throw new Untranslatable(text, `${operator} is translated for numbers`)
  }

  #binary(expression: Expression & { type: 'binary' }, known: Known): SqlValue {
    const { operator, left, right, text } = expression
    const yesOrNo = (sql: string): SqlValue => ({ sql, type: 'boolean', nullable: false })
    switch (operator) {
      case '===':
      case '==':
        return yesOrNo(this.#equal(expression, known))
      case '!==':
      case '!=':
        return yesOrNo(`(NOT ${this.#equal(expression, known)})`)
      case '<':
      case '<=':
      case '>':
      case '>=':
        return yesOrNo(compared(operator, this.#defined(left, known), this.#defined(right, known), text))
      case '+':
      case '-':
      case '*':
      case '/':
      case '%':
        return arithmetic(operator, this.#defined(left, known), this.#defined(right, known), text)
      default:
        throw new Untranslatable(text, `${operator} has no translation that gives the same for every value`)
    }
  }

  #equal({ operator, left, right, text }: Expression & { type: 'binary' }, known: Known): string {
    const isLoose = operator === '==' || operator === '!='
    for (const [row, other] of [
      [left, right],
      [right, left],
    ] as const) {
      if (row.type !== 'row') continue
      const isNothing = other.type === 'constant' && other.value == null
      if (!isNothing) throw new Untranslatable(text, 'a row equals nothing but itself')
      if (!isLoose && other.value === undefined) return 'false'
      const { present } = this.#rows[row.row]!
      return present === null ? 'false' : `(NOT ${present})`
    }
    const [a, b] = [this.#value(left, known), this.#value(right, known)]
    if (isLoose) {
      if (a.type !== b.type && a.type !== 'null' && b.type !== 'null') {
        throw new Untranslatable(text, `== converts a ${a.type} and a ${b.type}; use ===`)
      }
      return sameSql(a, b)
    }
    return this.#strictlyEqual(a, b, text)
  }

  #strictlyEqual(a: SqlValue, b: SqlValue, text: string): string {
    // Undefined is not null: where either may be both, NULL does not tell.
    const maybe = (a.undefinable && b.nullable) || (b.undefinable && a.nullable)
    if (a.type === 'null' && b.type === 'null') return String(a.undefinable === b.undefinable)
    const isUndefined = (value: SqlValue): boolean => value.type === 'null' && value.undefinable === true
    if ((isUndefined(a) && !b.undefinable) || (isUndefined(b) && !a.undefinable)) return 'false'
    if (maybe)
      throw new Untranslatable(text, 'one may be undefined, which is not null: use == or add ?? null')
    if (a.type === 'bytes' || a.type === 'cell' || b.type === 'bytes' || b.type === 'cell') {
      if (a.type !== 'null' && b.type !== 'null')
        throw new Untranslatable(text, 'bytes, lists and objects are equal to themselves only')
    }
    return sameSql(a, b)
  }

  #logical(expression: Expression & { type: 'logical' }, known: Known): SqlValue {
    const { operator, left, right, text } = expression
    if (operator === '??') {
      const a = this.#value(left, known)
      const b = this.#value(right, known)
      if (!a.nullable) return a
      if (a.type === 'null') return b
      if (b.type === 'null') return { ...a, undefinable: b.undefinable ?? false }
      requireSame(a, b, text)
      return {
        ...merged(a, b),
        sql: `coalesce(${a.sql}, ${b.sql})`,
        nullable: b.nullable,
        undefinable: b.undefinable ?? false,
      }
    }
    const isAnd = operator === '&&'
    if (left.type === 'row' && isAnd) {
      const none: SqlValue = { sql: 'NULL', type: 'null', nullable: true }
      return choice(
        this.#test(left, known),
        this.#value(right, knowing(known, factsOf(left, true))),
        none,
        text,
      )
    }
    const a = this.#value(left, known)
    const b = this.#value(right, knowing(known, factsOf(left, isAnd)))
    if (a.type === 'boolean' && b.type === 'boolean' && !a.nullable && !b.nullable) {
      return { sql: `(${a.sql} ${isAnd ? 'AND' : 'OR'} ${b.sql})`, type: 'boolean', nullable: false }
    }
    return isAnd ? choice(truth(a), b, a, text) : choice(truth(a), a, b, text)
  }

  #method(expression: Expression & { type: 'method' }, known: Known): SqlValue {
    const { name, of, values, text, optional } = expression
    if (of.type === 'call' && of.name === 'new Date') {
      return dateSql(name, this.#defined(of.values[0]!, known), text)
    }
    if (of.type === 'list') return this.#isListed(expression, of, known)
    const value = this.#value(of, known)
    if (value.type !== 'string')
      throw new Untranslatable(text, `.${name} is translated for texts, not for a ${value.type}`)
    const isChained = optional || value.undefinable === true
    if (value.nullable && !isChained) {
      throw new Untranslatable(
        text,
        'it may be null, of which nothing can be read: ask for it first, or use ?.',
      )
    }
    const undefinable = value.nullable
    if (name === 'slice' || name === 'substring') {
      const [from, to] = values.map(place => numberOf(place, text))
      if (
        from === undefined ||
        values.length > 2 ||
        (name === 'substring' && (from < 0 || (to ?? from) < from))
      ) {
        throw new Untranslatable(text, `.${name}(…) is translated for places that are written out in order`)
      }
      return { ...sliceSql(value, from, to, text), undefinable }
    }
    const translated = methodSql(
      name,
      value,
      values.map(argument => this.#defined(argument, known)),
      text,
    )
    return { ...translated, undefinable }
  }

  /** `[1, 2].includes(x)` and `set.has(x)`: NaN is among NaN, null among null. */
  #isListed(
    { name, values, text }: Expression & { type: 'method' },
    list: Expression & { type: 'list' },
    known: Known,
  ): SqlValue {
    const [sought] = values
    if ((name !== 'includes' && name !== 'has') || sought === undefined || values.length > 1) {
      throw new Untranslatable(
        text,
        'of a list only .includes(value) is translated, of a Set only .has(value)',
      )
    }
    const value = this.#defined(sought, known)
    if (value.type === 'bytes' || value.type === 'cell')
      throw new Untranslatable(text, `no ${value.type} is in a list`)
    const items = list.items.map(item => this.#defined(item, known))
    const tests = items.map(item => {
      const isNumbers = item.type === 'number' && value.type === 'number'
      return isNumbers ? `(${value.sql} IS NOT DISTINCT FROM ${item.sql})` : sameSql(value, item)
    })
    return { sql: tests.length === 0 ? 'false' : `(${tests.join(' OR ')})`, type: 'boolean', nullable: false }
  }
}
