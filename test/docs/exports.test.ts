import ts from 'typescript'
import { expect, test } from 'vitest'

/** Names a module exports without a doc comment, and public members of its classes without one. */
function undocumented(entry: string): string[] {
  const program = ts.createProgram([entry], { module: ts.ModuleKind.NodeNext, skipLibCheck: true })
  const checker = program.getTypeChecker()
  const source = program.getSourceFile(entry)
  if (source === undefined) throw new Error(`${entry} is not there`)
  const module = checker.getSymbolAtLocation(source)
  return module === undefined ? [] : undocumentedExports(module, checker)
}

function undocumentedExports(module: ts.Symbol, checker: ts.TypeChecker): string[] {
  return checker.getExportsOfModule(module).flatMap(exported => {
    const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported
    if (symbol.flags & ts.SymbolFlags.ValueModule) {
      return undocumentedExports(symbol, checker).map(name => `${exported.name}.${name}`)
    }
    const own = isDocumented(symbol, checker) ? [] : [exported.name]
    return [...own, ...undocumentedMembers(symbol, checker).map(member => `${exported.name}.${member}`)]
  })
}

function undocumentedMembers(symbol: ts.Symbol, checker: ts.TypeChecker): string[] {
  const type = symbol.declarations?.find(ts.isClassDeclaration)
  if (type === undefined) return []
  return type.members
    .filter(
      member => ts.isMethodDeclaration(member) || ts.isPropertyDeclaration(member) || ts.isAccessor(member),
    )
    .filter(member => ts.isIdentifier(member.name) && !isPrivate(member))
    .map(member => checker.getSymbolAtLocation(member.name))
    .filter(member => member !== undefined && !isDocumented(member, checker))
    .map(member => member!.name)
}

function isPrivate(member: ts.ClassElement): boolean {
  return (ts.getCombinedModifierFlags(member) & ts.ModifierFlags.Private) !== 0
}

function isDocumented(symbol: ts.Symbol, checker: ts.TypeChecker): boolean {
  return symbol.getDocumentationComment(checker).length > 0
}

test.each(['src/index.ts', 'src/job.ts'])(
  'everything that %s exports has a doc comment, and so has every public member',
  entry => {
    expect(undocumented(entry)).toEqual([])
  },
)

test('an export and a member without a doc comment are both told', () => {
  expect(undocumented('test/docs/fixture/undocumented.ts')).toEqual([
    'undocumented',
    'Documented.undocumentedMember',
  ])
})
