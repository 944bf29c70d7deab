import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseJaas, parseProperties } from '../../src/source/client-properties.js'

describe('parseProperties', () => {
  test.each([
    ['a=1', { a: '1' }],
    ['a = 1 ', { a: '1 ' }],
    ['a:1', { a: '1' }],
    ['a 1', { a: '1' }],
    ['a', { a: '' }],
    ['  # comment\n! another\n\na=1', { a: '1' }],
    ['a=one \\\n   two', { a: 'one two' }],
    ['a=one\\\\\nb=2', { a: 'one\\', b: '2' }],
    ['a=\\u00e4\\t\\n\\q', { a: 'ä\t\nq' }],
    ['a\\=b\\:c\\ d=1', { 'a=b:c d': '1' }],
    ['a=1=2:3', { a: '1=2:3' }],
    ['a=1\r\nb=2\rc=3', { a: '1', b: '2', c: '3' }],
    ['a=1\na=2', { a: '2' }],
    ['a=1\\', { a: '1' }],
  ])('%j reads as Java reads it', (text, expected) => {
    expect(Object.fromEntries(parseProperties(text))).toEqual(expected)
  })

  test('any value is read back after the escapes that Java would write', () => {
    const written = (text: string): string =>
      [...text]
        .map(char =>
          /[\w.]/.test(char) ? char : `\\u${unit(char, 0)}${char.length > 1 ? `\\u${unit(char, 1)}` : ''}`,
        )
        .join('')
    const unit = (char: string, at: number): string => char.charCodeAt(at).toString(16).padStart(4, '0')
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', minLength: 1 }),
        fc.string({ unit: 'binary' }),
        (key, value) => {
          expect(parseProperties(`${written(key)}=${written(value)}`)).toEqual(new Map([[key, value]]))
        },
      ),
      { numRuns: 200 },
    )
  })
})

describe('parseJaas', () => {
  test.each([
    ['a.B required username="u" password="p";', { username: 'u', password: 'p' }],
    ["a.B required username='u' password='it\"s';", { username: 'u', password: 'it"s' }],
    ['a.B required\n  username="u"\n  password="p;=q";\n', { username: 'u', password: 'p;=q' }],
    ['a.B required password="a\\"b\\\\c\\101";', { password: 'a"b\\cA' }],
    ['a.B required username=u-1.x password=p$;', { username: 'u-1.x', password: 'p$' }],
    ['a.B required /* why */ username="u"; // end', { username: 'u' }],
    ['a.B required;', {}],
  ])('%s gives the options Kafka would see', (text, options) => {
    expect(parseJaas(text)).toEqual({ loginModule: 'a.B', options: new Map(Object.entries(options)) })
  })

  test.each([
    ['a.B required username="u" password="hunter2"', 'no ; at the end'],
    ['a.B required username="u" password="hunter2;', 'a quote that is not closed'],
    ['a.B required password "hunter2";', 'an option that is not name="value"'],
    ['a.B required password="hunter2"; c.D required;', 'more than one login module'],
    ['', 'no login module and control flag'],
  ])('%s is refused without repeating it', (text, found) => {
    expect(() => parseJaas(text)).toThrow(found)
    expect(() => parseJaas(text)).not.toThrow('hunter2')
  })
})
