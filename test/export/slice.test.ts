import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { type PipelineSlice, slicePipeline } from '../../src/export/slice.js'
import { planOf } from '../../src/pipeline/pipeline.js'
import { type TestCell, writeNotebook } from './notebook.js'
import { loadSlice } from './run-slice.js'

const base = mkdtempSync(join(tmpdir(), 'obslab-slice-'))
afterAll(() => rmSync(base, { recursive: true }))
let folder = base
beforeEach(() => {
  folder = mkdtempSync(join(base, 'case-'))
})

async function sliceOf(cells: readonly TestCell[], name: string = 'vitals'): Promise<PipelineSlice> {
  return await slicePipeline(writeNotebook(folder, cells), name)
}

/** A slice without its header. */
function bodyOf({ text }: PipelineSlice): string {
  return text.split('\n').slice(3).join('\n')
}

const imports = "import { openmrs, pipeline } from 'obslab'"
const plain = "const vitals = pipeline('vitals').from(openmrs.obs).to('vitals')"

describe('what goes into a slice', () => {
  const table: [title: string, cells: TestCell[], expected: string][] = [
    [
      'the pipeline, exported, and the names it imports, from obslab/job',
      [
        "import { connect, openmrs, pipeline, show } from 'obslab'\nconst lab = await connect()",
        `${plain}\nshow(vitals)`,
      ],
      `// cell 1\nimport { openmrs, pipeline } from 'obslab/job'\n\n// cell 2\nexport ${plain}\n`,
    ],
    [
      'declarations it depends on, transitively, in the order of the notebook, each cell traced by its id',
      [
        { source: imports, id: 'start' },
        { source: 'const limit = 5\nconst other = 6\nconst bounds = { limit }', id: '4f1c2d' },
        'function isFine(o: { obs_id: number }): boolean { return o.obs_id > bounds.limit }',
        {
          source: "const vitals = pipeline('vitals').from(openmrs.obs).filter(isFine).to('vitals')",
          id: 'no\nid',
        },
      ],
      `// cell 1 (id start)\nimport { openmrs, pipeline } from 'obslab/job'

// cell 2 (id 4f1c2d)
const limit = 5

const bounds = { limit }

// cell 3
function isFine(o: { obs_id: number }): boolean { return o.obs_id > bounds.limit }

// cell 4
export const vitals = pipeline('vitals').from(openmrs.obs).filter(isFine).to('vitals')
`,
    ],
    [
      "the author's comments, types, layout and semicolons, byte for byte",
      [
        `// How we read.\n\n${imports};`,
        `show(1) // not this\n// nor this\n\n// What counts.\n/** In kg. */\nconst limit: number=5 ; // kg\n\n/* between */\ntype Kg =   number\n${plain.replace('.to', '.filter((o): boolean => o.obs_id > (limit as Kg))\n\t.to')} // done\n// after`,
      ],
      `// cell 1
// How we read.

import { openmrs, pipeline } from 'obslab/job';

// cell 2
// What counts.
/** In kg. */
const limit: number=5 ; // kg

/* between */
type Kg =   number
export const vitals = pipeline('vitals').from(openmrs.obs).filter((o): boolean => o.obs_id > (limit as Kg))
	.to('vitals') // done
`,
    ],
    [
      'interfaces, types, enums and classes, and of imports only the types where only types are used',
      [
        "import { type Row, ObsRow, openmrs, pipeline, Param } from 'obslab'\nimport type { Duration } from 'obslab'",
        'interface Named { at: Duration }\ninterface Named { row: ObsRow }\nenum Kind { weight = 5089 }\nclass Box { param?: Param }',
        "type All = Named | Box\nconst vitals = pipeline('vitals').from(openmrs.obs).filter(o => o.concept_id === Kind.weight && (null as All) === null).to('vitals')",
      ],
      `// cell 1
import { type ObsRow, openmrs, pipeline, type Param } from 'obslab/job'
import type { Duration } from 'obslab/job'

// cell 2
interface Named { at: Duration }
interface Named { row: ObsRow }
enum Kind { weight = 5089 }
class Box { param?: Param }

// cell 3
type All = Named | Box
export const vitals = pipeline('vitals').from(openmrs.obs).filter(o => o.concept_id === Kind.weight && (null as All) === null).to('vitals')
`,
    ],
    [
      'a name that is a parameter, a member or a property elsewhere brings nothing in',
      [
        imports,
        'const limit = await load()\nconst o = 3, concept_id = await load()',
        "const vitals = pipeline('vitals').from(openmrs.obs).filter(o => { const limit = 4; return o.concept_id === limit }).map(({ obs_id: n, ...load }) => ({ concept_id: n, obs_id: n, load: load.uuid })).to('vitals')",
      ],
      `// cell 1
import { openmrs, pipeline } from 'obslab/job'

// cell 3
export const vitals = pipeline('vitals').from(openmrs.obs).filter(o => { const limit = 4; return o.concept_id === limit }).map(({ obs_id: n, ...load }) => ({ concept_id: n, obs_id: n, load: load.uuid })).to('vitals')
`,
    ],
    [
      'shell and magic lines stay behind, and code that only begins like one does not',
      [
        '!npm install left-pad\n%time\nimport { openmrs, pipeline } from "obslab"',
        '%%bash\necho const limit = 1',
        "const limit = 5\n%env\n!ls\nconst vitals = pipeline('vitals').from(openmrs.obs).filter(o =>\n!o.voided && o.obs_id\n%limit === 0)\n  .to('vitals')\n!done",
      ],
      `// cell 1
import { openmrs, pipeline } from "obslab/job"

// cell 3
const limit = 5

export const vitals = pipeline('vitals').from(openmrs.obs).filter(o =>
!o.voided && o.obs_id
%limit === 0)
  .to('vitals')
`,
    ],
    [
      'the same import in several cells counts once, and a module imported whole stays so',
      [
        "import * as lab from 'obslab'\nimport { count } from 'obslab'",
        "import { count } from 'obslab'\nconst vitals = lab.pipeline('vitals').from(lab.openmrs.obs).groupBy(o => ({ id: o.person_id })).aggregate({ n: count() }).to('vitals')",
      ],
      `// cell 1
import * as lab from 'obslab/job'
import { count } from 'obslab/job'

// cell 2
export const vitals = lab.pipeline('vitals').from(lab.openmrs.obs).groupBy(o => ({ id: o.person_id })).aggregate({ n: count() }).to('vitals')
`,
    ],
    [
      'a pipeline that is imported is handed on',
      ["import { flatObs as vitals, show } from 'obslab'\nshow(vitals)"],
      "// cell 1\nexport { flatObs as vitals } from 'obslab/job'\n",
    ],
  ]
  test.each(table)('%s', async (_, cells, expected) => {
    expect(bodyOf(await sliceOf(cells))).toBe(expected)
  })

  test('the header names the notebook without its folder, and that exporting again overwrites', async () => {
    const { text } = await sliceOf([imports, plain])
    expect(text.split('\n').slice(0, 3)).toEqual([
      '// The pipeline vitals of one.ipynb, exported by obslab.',
      '// Exporting it again overwrites this file: change it in one.ipynb.',
      '',
    ])
    expect(text).not.toContain(folder)
  })

  test("a pipeline is found by its variable, and by the name that pipeline('…') gives it", async () => {
    const cells = [
      imports,
      "const name = 'signs'\nconst rows = pipeline(name).from(openmrs.obs)",
      "const one = rows.filter(o => o.voided === 0).to('one')\nconst alias = one",
    ]
    const [byVariable, byName, byAlias] = [
      await sliceOf(cells, 'one'),
      await sliceOf(cells, 'signs'),
      await sliceOf(cells, 'alias'),
    ]
    expect([byVariable.exportName, byName.exportName, byAlias.exportName]).toEqual(['one', 'one', 'alias'])
    expect(byName.text).toBe(byVariable.text)
    expect(planOf(loadSlice(byAlias, folder)).output).toBe('one')
  })

  test('what comes of a slice is a pipeline that runs', async () => {
    const slice = await sliceOf([
      imports,
      'const limit = 5',
      plain.replace('.to', '.filter(o => o.obs_id > limit).to'),
    ])
    const plan = planOf(loadSlice(slice, folder))
    expect([plan.name, plan.output, plan.root.verb]).toEqual(['vitals', 'vitals', 'filter'])
  })
})

describe('a TypeScript file', () => {
  test('is sliced as a notebook is, without comments of cells', async () => {
    const path = join(folder, 'signs.ts')
    writeFileSync(
      path,
      "// Licence.\n\nimport { openmrs, pipeline, runJob } from 'obslab/job'\n\nconst limit = 5\nexport const vitals = pipeline('v').from(openmrs.obs).filter(o => o.obs_id > limit).to('v')\nexport const more = pipeline('m').from(openmrs.obs).to('m')\nawait runJob(vitals)\n",
    )
    const slice = await slicePipeline(path, 'v')
    expect(bodyOf(slice)).toBe(
      "// Licence.\n\nimport { openmrs, pipeline } from 'obslab/job'\n\nconst limit = 5\nexport const vitals = pipeline('v').from(openmrs.obs).filter(o => o.obs_id > limit).to('v')\n",
    )
    expect(slice.cells).toEqual([{ number: 1, id: null, hash: slice.notebookHash }])
    expect(slice.origins.at(-1)).toEqual({ place: 'signs.ts, line 6', cell: null, line: 6 })
  })

  test('is named by its lines in refusals', async () => {
    writeFileSync(
      join(folder, 'signs.ts'),
      `${imports}\n\nlet n = 0\nn = 1\n${plain.replace('.to', '.filter(() => n > 0).to')}\n`,
    )
    await expect(slicePipeline(join(folder, 'signs.ts'), 'vitals')).rejects.toThrow(
      /signs\.ts, line 4 assigns to n/,
    )
  })
})

describe('the same notebook', () => {
  const cells: TestCell[] = [
    { source: imports, id: 'a' },
    { source: 'const limit = 5', id: 'b' },
    {
      source: `const half = 2\n${plain.replace('.to', '.filter(o => o.obs_id > limit / half).to')}`,
      id: 'c',
    },
  ]

  test('gives the same bytes whatever its outputs are, and tells every line of it', async () => {
    const slice = await sliceOf(cells)
    const run = cells.map((cell, i) => ({
      ...(cell as { source: string }),
      outputs: [{ name: 'stdout', text: `${i}` }],
      execution_count: i,
    }))
    expect(await sliceOf([{ cell_type: 'markdown', source: '# text' }, ...run])).toEqual(slice)
    expect(slice.cells.map(({ number, id }) => [number, id])).toEqual([
      [1, 'a'],
      [2, 'b'],
      [3, 'c'],
    ])
    const lines = slice.text.split('\n')
    for (const [i, origin] of slice.origins.entries()) {
      if (origin === null) continue
      const written = (cells[origin.cell! - 1] as { source: string }).source.split('\n')[origin.line - 1]
      expect(lines[i]!.replace('obslab/job', 'obslab').replace('export ', '')).toBe(written)
    }
    expect(slice.origins.filter(origin => origin !== null)).toHaveLength(4)
  })

  test('has another hash when any of its code differs', async () => {
    const { notebookHash } = await sliceOf(cells)
    expect((await sliceOf([...cells, 'show(1)'])).notebookHash).not.toBe(notebookHash)
  })

  test('cells that the pipeline does not use never change its declarations', async () => {
    const unrelated = fc.constantFrom(
      'show(vitals)',
      'const rows = await lab.preview(vitals)\nrows.head(5)',
      "const other = pipeline('other').from(openmrs.obs).to('other')",
      '!ls',
      'let n = 0\nn++',
      'vitals',
      "import { chart } from 'obslab'\nchart(1)",
    )
    const expected = declarationsOf(await sliceOf(cells))
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(fc.nat(3), unrelated), { maxLength: 4 }), async added => {
        const all = [...cells]
        for (const [at, source] of added) all.splice(at, 0, source)
        expect(declarationsOf(await sliceOf(all))).toBe(expected)
      }),
      { numRuns: 25 },
    )
  })

  test('cells that do not depend on each other may stand in any order', async () => {
    const independent = ['const a = 1', 'const b = [2]', 'function c() { return a + b[0] }', imports]
    const order = fc.shuffledSubarray(independent, { minLength: 4 })
    await fc.assert(
      fc.asyncProperty(order, async first => {
        const slice = await sliceOf([...first, plain.replace('.to', '.filter(o => o.obs_id > c()).to')])
        const { root } = planOf(loadSlice(slice, folder))
        const { test: isKept } = root as unknown as { test: (row: { obs_id: number }) => boolean }
        expect([isKept({ obs_id: 3 }), isKept({ obs_id: 4 })]).toEqual([false, true])
      }),
      { numRuns: 15 },
    )
  })
})

/** A slice without what tells where it came from. */
function declarationsOf(slice: PipelineSlice): string {
  return bodyOf(slice)
    .split('\n')
    .filter(line => !/^\/\/ cell \d+/.test(line))
    .join('\n')
}
