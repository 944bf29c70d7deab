import { execFile, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import type tsModule from 'typescript'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { topicDefinitions } from '../../src/commands/topic-definitions.js'
import { hardTopics } from '../commands/constructed-topics.js'
import type { Answer, Question } from './ask.js'

/** A folder inside the checkout, so that `obslab` resolves as it does for a user. */
mkdirSync('out', { recursive: true })
const folder = resolve(mkdtempSync('out/types-'))
afterAll(() => rmSync(folder, { recursive: true }))

function writeTypes(name: string, ...args: string[]): void {
  const { stdout, stderr, status } = spawnSync(process.execPath, ['dist/cli.js', 'types', ...args], {
    encoding: 'utf8',
    maxBuffer: 64 << 20,
  })
  expect(status, stderr).toBe(0)
  writeFileSync(join(folder, name), stdout)
}

/** A user's file: it types rows, checks keys, and mistakes a column and a type in lines marked for it. */
const using = `import { connect, pipeline, type TypedTopic } from 'obslab'
import { obs, type ObsRow, obslabTypes } from './topics'

const typed: TypedTopic<ObsRow> = obs
export const heavy = pipeline('heavy').from(typed).filter(o => o.value_numeric === 5 && o.obs_id > 1)
export const big: bigint | null = ({} as Awaited<ReturnType<typeof rows>>)[0]!.big
async function rows() {
  return (await (await connect()).replay(obslabTypes)).current().rows()
}
export const wrong = pipeline('wrong').from(obs).filter(o => o.obs_idd === 1) // wrong column
export const text: string = ({} as ObsRow).obs_id // wrong type
`

beforeAll(() => {
  writeTypes('topics.ts')
  writeTypes('with-schemas.ts', '--source', 'datasets/openmrs-schemas')
  writeFileSync(
    join(folder, 'hard.ts'),
    topicDefinitions(
      hardTopics,
      hardTopics.map(({ topic }) => topic),
    ),
  )
  writeFileSync(join(folder, 'using.ts'), using)
}, 60_000)

const require = createRequire(import.meta.url)
const compilers: [string, typeof tsModule][] = [
  ['5.9', require('typescript') as typeof tsModule],
  ["5.0, tslab's", require('@tslab/typescript-for-tslab') as typeof tsModule],
]
const settings: [string, string, typeof tsModule, boolean][] = compilers.flatMap(([version, ts]) => [
  [version, 'strict', ts, true],
  [version, 'without null checks', ts, false],
])

/** The diagnostics of a program as tslab has one, or of the strictest settings: file, line and sentence. */
function diagnostics(ts: typeof tsModule, files: readonly string[], strict: boolean): string[] {
  const program = ts.createProgram({
    rootNames: files.map(file => join(folder, file)),
    options: {
      target: ts.ScriptTarget.ES2022,
      lib: ['lib.es2022.d.ts'],
      module: ts.ModuleKind.ESNext,
      moduleResolution: ts.version.startsWith('5.0') ? 2 : ts.ModuleResolutionKind.Bundler,
      types: ['node'],
      typeRoots: [resolve('node_modules/@types')],
      noEmit: true,
      skipLibCheck: true,
      declaration: true,
      ...(strict
        ? {
            strict,
            noUncheckedIndexedAccess: true,
            exactOptionalPropertyTypes: true,
            verbatimModuleSyntax: true,
          }
        : { strict, strictNullChecks: false }),
    },
  })
  return ts.getPreEmitDiagnostics(program).map(({ file, start = 0, messageText }) => {
    const { line } = file?.getLineAndCharacterOfPosition(start) ?? { line: -1 }
    const name = file?.fileName.slice(folder.length + 1)
    return `${name}:${line + 1} ${ts.flattenDiagnosticMessageText(messageText, ' ')}`
  })
}

describe('what obslab types writes', () => {
  test.each(settings)('compiles with TypeScript %s, %s', (version, _, ts, strict) => {
    expect(ts.version.startsWith(version.slice(0, 3))).toBe(true)
    expect(diagnostics(ts, ['topics.ts', 'with-schemas.ts', 'hard.ts'], strict)).toEqual([])
  })

  test.each(settings)(
    'makes wrong columns and types errors of TypeScript %s, %s, and nothing else',
    (_, __, ts, strict) => {
      const line = (mark: string): number => using.split('\n').findIndex(text => text.endsWith(mark)) + 1
      expect(diagnostics(ts, ['using.ts'], strict)).toEqual([
        expect.stringMatching(
          `^using.ts:${line('// wrong column')} Property 'obs_idd' does not exist on type 'ObsRow'`,
        ),
        `using.ts:${line('// wrong type')} Type 'number' is not assignable to type 'string'.`,
      ])
    },
  )
})

/** tslab's answers, in the folder of the definitions, to what is asked after the cell that begins a notebook. */
async function ask(begin: string, questions: readonly Question[]): Promise<Answer[]> {
  const all: Question[] = [{ ask: 'execute', text: begin }, ...questions]
  const args = ['node_modules/tsx/dist/cli.mjs', 'test/types/ask.ts', folder, JSON.stringify(all)]
  const { stdout } = await promisify(execFile)(process.execPath, args, { maxBuffer: 64 << 20 })
  const [begun, ...answers] = JSON.parse(stdout) as Answer[]
  expect(begun).toMatchObject({ ok: true, told: [] })
  return answers
}

const cells: [string, string, RegExp, RegExp][] = [
  [
    'of a file that obslab types wrote',
    "import { connect, pipeline } from 'obslab'\nimport { obs, type ObsRow } from './topics'",
    /ObsRow\.obs_id: number\nINT\(11\) NOT NULL\. Key\./,
    /ObsRow\.value_numeric: number\nDOUBLE\./,
  ],
  [
    'of openmrs',
    "import { connect, openmrs, pipeline } from 'obslab'\nconst { obs } = openmrs",
    /ObsRow\.obs_id: number\nINT\. Identifies the obs\./,
    /ObsRow\.value_numeric: number\nDOUBLE\. Answer that is a number, in the concept’s unit\./,
  ],
]

test.each(cells)(
  'in a notebook, o. completes with the columns %s, which tell their types; a wrong one is an error',
  {
    timeout: 120_000,
  },
  async (_, begin, key, value) => {
    const [complete, onKey, onValue, right, wrong, next] = await ask(begin, [
      { ask: 'complete', text: "pipeline('w').from(obs).filter(o => o.|)" },
      { ask: 'inspect', text: "pipeline('w').from(obs).filter(o => o.obs|_id > 1)" },
      { ask: 'inspect', text: "pipeline('w').from(obs).filter(o => o.value_num|eric > 1)" },
      {
        ask: 'execute',
        text:
          'const lab = await connect()\nconst table = await lab.replay(obs, { last: 5, progress: false })\n' +
          "const w = pipeline('w').from(obs).filter(o => o.concept_id === 5089)\n" +
          'table.current().rows().length > 0',
      },
      { ask: 'execute', text: "pipeline('w').from(obs).filter(o => o.concept_idd === 5089)" },
      { ask: 'execute', text: 'table.current().rows()[0].obs_idd' },
    ])
    const columns = complete?.candidates ?? []
    expect(columns).toHaveLength(30)
    expect(columns).toEqual(expect.arrayContaining(['obs_id', 'value_numeric', 'voided']))
    expect(onKey?.shown).toMatch(key)
    expect(onValue?.shown).toMatch(value)
    expect(right).toMatchObject({ ok: true, told: ['true'] })
    expect(wrong).toMatchObject({
      ok: false,
      told: [
        expect.stringContaining("'concept_idd' does not exist on type 'ObsRow'. Did you mean 'concept_id'?"),
      ],
    })
    expect(next).toMatchObject({ ok: false, told: [expect.stringContaining("Did you mean 'obs_id'?")] })
  },
)
