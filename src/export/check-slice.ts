import { dirname, join } from 'node:path'
import type ts from 'typescript'
import type { Finding } from '../finding.js'
import { entryDeclarations } from './obslab-names.js'
import type { PipelineSlice } from './pipeline-slice.js'
import { loadTypeScript, type TypeScript } from './typescript.js'

/**
 * What strict TypeScript says of a slice and its files, compiled as in an exported job against obslab's own types: a
 * finding `export-type-error` each, with cell and line. Notebooks are compiled less strictly: there null fits every type.
 * Takes a second or two. Needs the optional package typescript.
 */
export async function checkSlice(slice: PipelineSlice): Promise<Finding[]> {
  const ts = await loadTypeScript()
  const { path: job } = await entryDeclarations('job')
  // Beside the source, where its packages are found, and only in memory.
  const folder = join(dirname(slice.source), '.obslab-export')
  const root = join(folder, `${slice.exportName}.ts`)
  const texts = new Map([
    [root, slice.text],
    ...slice.files.map(({ path, text }) => [join(folder, path), text] as const),
    [join(folder, 'package.json'), '{ "type": "module" }'],
  ])
  const options: ts.CompilerOptions = {
    target: ts.ScriptTarget.ES2023,
    lib: ['lib.es2023.d.ts'],
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    moduleDetection: ts.ModuleDetectionKind.Force,
    strict: true,
    verbatimModuleSyntax: true,
    resolveJsonModule: true,
    allowJs: true,
    checkJs: false,
    skipLibCheck: true,
    noEmit: true,
    paths: { 'obslab/job': [job] },
  }
  const program = ts.createProgram([root], options, hostWith(ts, options, folder, texts))
  const placeOf = (file: string, line: number): string => {
    if (file !== root) return `${file.slice(folder.length + 1)}, line ${line}`
    return slice.origins[line - 1]?.place ?? `line ${line} of the export`
  }
  return [...texts.keys()].flatMap(name => {
    const file = program.getSourceFile(name)
    if (file === undefined || /\.json$/.test(name)) return []
    const found = [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)]
    return found.map(({ start = 0, messageText, code }) => {
      const line = file.getLineAndCharacterOfPosition(start).line + 1
      const [reason] = ts.flattenDiagnosticMessageText(messageText, '\n').split('\n')
      return finding(`${placeOf(name, line)}: ${reason} (TS${code})`)
    })
  })
}

function finding(told: string): Finding {
  return { code: 'export-type-error', severity: 'warning', sentence: `In strict TypeScript, ${told}` }
}

/** The compiler's own host, with files that are only in memory. */
function hostWith(
  ts: TypeScript,
  options: ts.CompilerOptions,
  folder: string,
  texts: ReadonlyMap<string, string>,
): ts.CompilerHost {
  const host = ts.createCompilerHost(options)
  const isInMemory = (path: string): boolean => path === folder || path.startsWith(`${folder}/`)
  return {
    ...host,
    getCurrentDirectory: () => folder,
    directoryExists: path => isInMemory(path) || ts.sys.directoryExists(path),
    fileExists: path => texts.has(path) || (!isInMemory(path) && host.fileExists(path)),
    readFile: path => texts.get(path) ?? (isInMemory(path) ? undefined : host.readFile(path)),
    getSourceFile: (path, languageVersion, ...more) => {
      const text = texts.get(path)
      return text === undefined
        ? host.getSourceFile(path, languageVersion, ...more)
        : ts.createSourceFile(path, text, languageVersion)
    },
  }
}
