import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, expect, test } from 'vitest'
import { type PipelineSlice, slicePipeline } from '../../src/export/slice.js'
import { type TestCell, writeNotebook } from './notebook.js'

const base = mkdtempSync(join(tmpdir(), 'obslab-slice-'))
afterAll(() => rmSync(base, { recursive: true }))
let folder = base
beforeEach(() => {
  folder = mkdtempSync(join(base, 'case-'))
})

async function sliceOf(cells: readonly TestCell[], name: string = 'vitals'): Promise<PipelineSlice> {
  return await slicePipeline(writeNotebook(folder, cells), name)
}

const imports = "import { openmrs, pipeline } from 'obslab'"
const plain = "const vitals = pipeline('vitals').from(openmrs.obs).to('vitals')"

const using = (name: string): string => plain.replace('.to', `.filter(o => o.obs_id > ${name}).to`)
const table: [title: string, cells: TestCell[], message: RegExp][] = [
  [
    'a value that is awaited',
    [imports, 'const lab = 1\n\nconst limit = (await lab.sql).length', using('limit')],
    /^vitals uses limit, and cell 2, line 3 awaits the value of limit\. Write the value as a constant, or hand it in by param/,
  ],
  [
    'a value that follows from one that is awaited, with the way to it',
    [imports, 'const lab = await connect()', 'const limit = lab.topics.length', using('limit')],
    /^vitals uses limit, which uses lab, and cell 2, line 1 awaits the value of lab/,
  ],
  [
    'a value beside one that is awaited',
    [imports, 'const limit = 5, lab = await connect()', using('limit')],
    /cell 2, line 1 awaits something in the same statement\. Declare limit in one of its own/,
  ],
  [
    'a name taken out of something awaited',
    [imports, 'const { a: [limit] } = await connect()', using('limit')],
    /cell 2, line 1 awaits the value of limit/,
  ],
  [
    'a value taken inside a function of something awaited',
    [imports, 'const lab = await connect()', 'const limit = () => lab.limit', using('limit()')],
    /vitals uses limit, which uses lab, and cell 2, line 1 awaits/,
  ],
  [
    'a variable that is assigned to',
    [imports, 'let n = 0; n++', using('n')],
    /cell 2, line 1 assigns to n\. A job has one value/,
  ],
  [
    'a variable that another cell assigns to, in a pattern or a loop',
    [
      imports,
      'let n = 0\nlet m = 1',
      'function f() { ({ m: [n] } = { m: [2] }) }\nfor (m of [1]) show(m)',
      using('n'),
    ],
    /cell 3, line 1 assigns to n/,
  ],
  [
    'a variable that a pattern of its own name assigns to',
    [imports, 'let n = 0\n;({ n } = { n: 2 })', using('n')],
    /cell 2, line 2 assigns to n/,
  ],
  [
    'a list that is pushed to',
    [imports, 'const list = [1]', 'show(1)\nlist.push(2)', using('list[0]')],
    /cell 3, line 2 changes what list holds\. Write it whole where it is declared/,
  ],
  [
    'an object whose inside is assigned to, deleted or merged into',
    [imports, 'const a = { b: { c: 1 } }', 'a.b.c = 2', using('a.b.c')],
    /cell 3, line 1 changes what a holds/,
  ],
  [
    'an object of which something is deleted',
    [imports, "const a = { b: 1 }\ndelete a['b']", using('a.b')],
    /cell 2, line 2 changes/,
  ],
  [
    'an object that is merged into',
    [imports, 'const a = { b: 1 }\nObject.assign(a, {})', using('a.b')],
    /cell 2, line 2 changes/,
  ],
  [
    'a name that two cells declare',
    [imports, 'const limit = 5', 'show(1)\nconst limit = 6', using('limit')],
    /cell 2, line 1 and cell 3, line 2 both declare limit\. Rename one, or take one out/,
  ],
  [
    'a name that one cell imports and another declares',
    [
      imports,
      "import { num } from 'obslab'",
      'function num(x: unknown) { return 1 }',
      using('num(o.obs_id)'),
    ],
    /cell 2, line 1 and cell 3, line 1 both declare num/,
  ],
  [
    'a pipeline that two cells declare',
    [imports, plain, plain],
    /^vitals is exported, and cell 2, line 1 and cell 3, line 1 both declare vitals/,
  ],
  [
    'a name that is nowhere',
    [imports, using('limit')],
    /^cell 2, line 1 uses limit, which no cell declares at its top/,
  ],
  [
    'a name that only a block declares',
    [imports, 'if (1 > 0) { var limit = 1 }', using('limit')],
    /^cell 3, line 1 uses limit, which no cell declares at its top/,
  ],
  [
    'a name that only notebooks have',
    [
      "import { openmrs, pipeline, chart } from 'obslab'",
      'const limit = () => {\n  chart(1 as never)\n  return 1 }',
      using('limit()'),
    ],
    /^vitals uses limit, which uses chart in cell 2, line 2, and chart is there in notebooks only: obslab\/job/,
  ],
  [
    'a member that only notebooks have',
    [`${imports}\nimport * as all from 'obslab'`, using('all.chart')],
    /vitals uses all in cell 2, line 1, and chart is there in notebooks only/,
  ],
  [
    'a name that obslab does not export',
    ["import { openmrs, pipeline, wrong } from 'obslab'", using('wrong')],
    /obslab exports no wrong/,
  ],
  [
    'the kernel',
    [`${imports}\nimport { display } from 'tslab'`, using('display')],
    /of tslab, the notebook's kernel/,
  ],
  [
    'a dynamic import',
    [imports, "const x = () => import('left-pad')", using('x()')],
    /cell 2, line 1 loads a module when it runs/,
  ],
  ['require', [imports, "const x = require('left-pad')", using('x')], /cell 2, line 1 calls require/],
  ['eval', [imports, using("eval('1')")], /^vitals is exported, and cell 2, line 1 calls eval/],
  [
    'a function made of text',
    [imports, using("new Function('1')()")],
    /cell 2, line 1 makes a function of a text/,
  ],
  [
    'a declaration without a value',
    [imports, 'declare const limit: number', using('limit')],
    /declares it without a value/,
  ],
  [
    'a value that is used before its declaration',
    [imports, 'const limit = half * 2', 'const half = 3', using('limit')],
    /^cell 2, line 1 uses half, which cell 3, line 1 declares only later/,
  ],
  ['a cell that is no TypeScript', [imports, plain, 'const = 5'], /^cell 3, line 1 is no TypeScript: /],
  [
    'rows that are no pipeline yet',
    [imports, "const vitals = pipeline('x').from(openmrs.obs)"],
    /Expected vitals of one\.ipynb to be a pipeline, found rows on their way/,
  ],
  ['a variable that is something else', [imports, 'const vitals = { a: 1 }'], /to be a pipeline/],
  [
    'a function that remembers',
    [
      imports,
      'const seen = new Set<number>()\nfunction isNew(n: number) { return !!seen.add(n) }',
      using('isNew(1)'),
    ],
    /^vitals uses isNew, which uses seen, and cell 2, line 2 changes what seen holds/,
  ],
  [
    'a pipeline without a name',
    [imports, "export default pipeline('vitals').from(openmrs.obs).to('vitals')"],
    /found no pipeline\. Write const vitals = pipeline\('vitals'\)….to\(…\)\.$/,
  ],
  [
    'no such pipeline',
    [imports, "const one = pipeline('x').from(openmrs.obs).to('x')"],
    /Expected a variable vitals, or one made by .* found one\.$/,
  ],
  [
    'a name of several pipelines',
    [
      imports,
      "const a = pipeline('vitals').from(openmrs.obs).to('a')\nconst b = pipeline('vitals').from(openmrs.obs).to('b')",
    ],
    /Expected one pipeline vitals in one\.ipynb, found 2: a, b\./,
  ],
]
test.each(table)('refused: %s', async (_, cells, message) => {
  const failed = await sliceOf(cells).catch((error: unknown) => error)
  expect(failed).toMatchObject({ code: 'export-refused', message: expect.stringMatching(message) })
})

test('what the pipeline does not use is refused for nothing', async () => {
  const cells = [
    "import { openmrs, pipeline, chart } from 'obslab'\nconst lab = await connect()",
    'let n = 0; n++\nconst list = []; list.push(lab)\nconst limit = 5',
    "const limit2 = 6\neval('1')\nconst x = await import('y')\nlimit2.toFixed()",
    'const limit2 = 7',
    using('limit'),
  ]
  expect((await sliceOf(cells)).text).toContain('const limit = 5')
})

test('a folder that holds no such file is told', async () => {
  await expect(slicePipeline(join(folder, 'no.ipynb'), 'vitals')).rejects.toThrow(
    /There is no file .*no\.ipynb/,
  )
})
