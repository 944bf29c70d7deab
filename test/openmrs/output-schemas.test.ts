import ts from 'typescript'
import { expect, test } from 'vitest'

/** A standard pipeline's schema is no export: types of exports are written out, and a zod schema's is long. */
const pipelines = [
  ['src/openmrs/vitals.ts', 'VitalsRow'],
  ['src/openmrs/flat-obs.ts', 'FlatObsRow'],
  ['src/openmrs/hiv-summary.ts', 'HivSummaryRow'],
] as const

const { config } = ts.readConfigFile('tsconfig.json', ts.sys.readFile)
const { options } = ts.parseJsonConfigFileContent(config, ts.sys, '.')
const program = ts.createProgram(
  pipelines.map(([file]) => file),
  { ...options, noEmit: true },
)
const checker = program.getTypeChecker()

function typesIn(file: string, row: string): { declared: ts.Type; checked: ts.Type } {
  const source = program.getSourceFile(file)!
  const nodeOf = (name: string): ts.Node => {
    let found: ts.Node | undefined
    ts.forEachChild(source, node => {
      if (ts.isInterfaceDeclaration(node) && node.name.text === name) found = node.name
      if (!ts.isVariableStatement(node)) return
      for (const { name: own } of node.declarationList.declarations)
        if (ts.isIdentifier(own) && own.text === name) found = own
    })
    return found!
  }
  const schema = checker.getTypeAtLocation(nodeOf('schema'))
  return {
    declared: checker.getTypeAtLocation(nodeOf(row)),
    checked: checker.getTypeOfSymbol(schema.getProperty('_output')!),
  }
}

test.each(pipelines)('the schema in %s is of the very type %s', (file, row) => {
  const { declared, checked } = typesIn(file, row)
  const told = checker.typeToString(checked, undefined, ts.TypeFormatFlags.NoTruncation)
  expect(told).toContain('encounter_id: number')
  expect([
    checker.isTypeAssignableTo(checked, declared),
    checker.isTypeAssignableTo(declared, checked),
  ]).toEqual([true, true])
})
