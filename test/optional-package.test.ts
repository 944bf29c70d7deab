import { expect, test } from 'vitest'
import { loadPackage } from '../src/optional-package.js'

/** Not a name the type checker or the test runner can resolve ahead. */
const absent: string = ['no', 'such', 'package'].join('-')

test('a package that is not installed is an error that names it, what needs it and how to install it', async () => {
  await expect(loadPackage(absent, 'arrow()', () => import(/* @vite-ignore */ absent))).rejects.toMatchObject(
    {
      code: 'package-missing',
      message: 'arrow() needs the package no-such-package: npm install no-such-package',
    },
  )
})

test('a name may carry the version that is needed', async () => {
  const named = `${absent}@1.2.3`
  await expect(loadPackage(named, 'a chart', () => import(/* @vite-ignore */ absent))).rejects.toMatchObject({
    code: 'package-missing',
    message: 'a chart needs the package no-such-package@1.2.3: npm install no-such-package@1.2.3',
  })
})

test('any other failure to load is passed on as it is', async () => {
  const broken = new Error('broken')
  await expect(loadPackage('x', 'y', () => Promise.reject(broken))).rejects.toBe(broken)
  await expect(loadPackage('x', 'y', () => import(/* @vite-ignore */ absent))).rejects.not.toHaveProperty(
    'position',
  )
})

test('a package that is there is loaded', async () => {
  expect(await loadPackage('zod', 'this', () => import('zod'))).toHaveProperty('z')
})
