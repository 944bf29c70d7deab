import type { Expression } from './expression.js'

/** The columns, `row.column`, and rows that are known not to be null where an expression is evaluated. */
export type Known = ReadonlySet<string>

/** Nothing is known. */
export const nothingKnown: Known = new Set()

/** Both. */
export function knowing(known: Known, facts: Known): Known {
  return facts.size === 0 ? known : new Set([...known, ...facts])
}

/** The columns and rows that are not null where `test` is true, or, where it is not. */
export function factsOf(test: Expression, isTrue: boolean): Known {
  switch (test.type) {
    case 'column':
      return new Set(isTrue ? [`${test.row}.${test.column}`, String(test.row)] : [])
    case 'row':
      return new Set(isTrue ? [String(test.row)] : [])
    case 'unary':
      return test.operator === '!' ? factsOf(test.operand, !isTrue) : nothingKnown
    case 'logical': {
      if (test.operator === '??') return nothingKnown
      const [left, right] = [factsOf(test.left, isTrue), factsOf(test.right, isTrue)]
      const both = (test.operator === '&&') === isTrue
      return both ? new Set([...left, ...right]) : new Set([...left].filter(fact => right.has(fact)))
    }
    case 'binary':
      return comparisonFacts(test, isTrue)
    default:
      return nothingKnown
  }
}

function comparisonFacts({ operator, left, right }: Expression & { type: 'binary' }, isTrue: boolean): Known {
  const isEqual = operator === '===' || operator === '=='
  if (!isEqual && operator !== '!==' && operator !== '!=') return nothingKnown
  const holds = isEqual === isTrue
  for (const [subject, other] of [
    [left, right],
    [right, left],
  ] as const) {
    if (subject.type !== 'column' && subject.type !== 'row') continue
    if (other.type !== 'constant') continue
    const isNothing = other.value === null || (other.value === undefined && operator.length === 2)
    // Not null, or equal to something that is not null.
    if (isNothing ? holds : other.value === undefined || !holds) continue
    if (subject.type === 'row') return new Set([String(subject.row)])
    // Strictly unequal to null, undefined is left: a row that is not there.
    const isStrictlyNotNull = isNothing && operator.length === 3 && subject.optional
    return isStrictlyNotNull
      ? nothingKnown
      : new Set([`${subject.row}.${subject.column}`, String(subject.row)])
  }
  return nothingKnown
}
