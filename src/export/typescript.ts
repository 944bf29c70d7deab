import type ts from 'typescript'
import { loadPackage } from '../optional-package.js'

/** TypeScript's compiler, loaded. */
export type TypeScript = typeof ts

/** Loads the optional package typescript; not installed, it is a `package-missing` error. */
export async function loadTypeScript(): Promise<TypeScript> {
  const loaded = await loadPackage('typescript@5.9', 'obslab export', () => import('typescript'))
  return loaded.default
}
