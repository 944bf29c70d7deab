import { expect, test } from 'vitest'
import { elide, textWidth } from '../../src/frame/text-width.js'

test.each([
  ['', 0],
  ['abc', 3],
  ['é', 1],
  ['e\u0301', 1],
  ['日本', 4],
  ['한글', 4],
  ['ﾊﾝｶｸ', 4],
  ['😀', 2],
  ['👩‍⚕️', 2],
  ['🇰🇪', 2],
  ['❤️', 2],
  ['a\u200bb', 2],
  ['•••', 3],
  ['…', 1],
])('%s takes %i columns of a terminal', (text, width) => {
  expect(textWidth(text)).toBe(width)
})

test.each([
  ['abcdef', 6, 'abcdef'],
  ['abcdef', 5, 'abcd…'],
  ['日本語', 5, '日本…'],
  ['日本語', 4, '日…'],
  ['👩‍⚕️👩‍⚕️👩‍⚕️', 5, '👩‍⚕️👩‍⚕️…'],
])('%s in %i columns is %s', (text, width, elided) => {
  expect(elide(text, width)).toBe(elided)
})
