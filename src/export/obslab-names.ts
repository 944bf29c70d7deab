import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { TypeScript } from './typescript.js'

/** What obslab's entries export, types included. */
export interface ObslabNames {
  /** Of `obslab/job`, which an exported job imports. */
  job: ReadonlySet<string>
  /** Of `obslab`, which notebooks import. */
  notebook: ReadonlySet<string>
}

/** Reads the names from the entries' own declarations. */
export async function obslabNames(ts: TypeScript): Promise<ObslabNames> {
  return { job: await exportsOf(ts, 'job'), notebook: await exportsOf(ts, 'index') }
}

/** The file that declares an entry of this obslab. */
export async function entryDeclarations(entry: 'job' | 'index'): Promise<{ path: string; text: string }> {
  const declarations = new URL(`../${entry}.d.ts`, import.meta.url)
  const source = new URL(`../${entry}.ts`, import.meta.url)
  const built = await readFile(declarations, 'utf8').catch(() => null)
  if (built !== null) return { path: fileURLToPath(declarations), text: built }
  return { path: fileURLToPath(source), text: await readFile(source, 'utf8') }
}

async function exportsOf(ts: TypeScript, entry: 'job' | 'index'): Promise<Set<string>> {
  const { path, text } = await entryDeclarations(entry)
  const names = new Set<string>()
  for (const node of ts.createSourceFile(path, text, ts.ScriptTarget.ESNext).statements) {
    if (!ts.isExportDeclaration(node) || node.exportClause === undefined) continue
    if (ts.isNamespaceExport(node.exportClause)) names.add(node.exportClause.name.text)
    else for (const { name } of node.exportClause.elements) names.add(name.text)
  }
  return names
}
