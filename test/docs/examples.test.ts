import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import type { Command } from 'commander'
import { afterAll, expect, test } from 'vitest'
import { createProgram } from '../../src/program.js'
import { type Example, examplesOf, writeOutput } from './documents.js'

const documents = [
  'README.md',
  'CHANGELOG.md',
  'CONTRIBUTING.md',
  ...readdirSync('docs')
    .filter(name => name.endsWith('.md'))
    .map(name => `docs/${name}`),
]
const examples = documents.flatMap(path => examplesOf(path).map(example => ({ path, ...example })))
const named = (language: string): [string, Example & { path: string }][] =>
  examples
    .filter(example => example.language === language)
    .map(example => [`${example.path}:${example.line}`, example])

/** A folder inside the checkout, so that `obslab` resolves as it does for a user. */
mkdirSync('out', { recursive: true })
const folder = mkdtempSync('out/examples-')
afterAll(() => rmSync(folder, { recursive: true }))

function run(command: string, args: string[], cwd: string = '.'): string {
  const { stdout, stderr, status } = spawnSync(command, args, {
    cwd,
    input: '',
    encoding: 'utf8',
    maxBuffer: 64 << 20,
    env: { ...process.env, COLUMNS: '120' },
  })
  expect(status, stderr).toBe(0)
  return stdout
}

/** `OBSLAB_WRITE_DOCS=1` writes the outputs into the documents instead of comparing. */
function check(example: Example & { path: string }, output: string): void {
  if (example.output === null) return
  if (process.env.OBSLAB_WRITE_DOCS === '1') writeOutput(example.path, example, output)
  else expect(output).toBe(example.output)
}

test.each(named('ts'))('the example at %s runs, and prints what is shown', (place, example) => {
  const file = join(folder, `${place.replaceAll(/\W/g, '-')}.mts`)
  writeFileSync(file, example.code)
  check(example, run(process.execPath, ['node_modules/tsx/dist/cli.mjs', file]))
})

test.each(named('sh').filter(([, example]) => example.output !== null))(
  'the command at %s prints what is shown',
  (_, example) => {
    const command = example.code.trim()
    const [, args] = /^npx obslab (.*)$/.exec(command) ?? []
    if (args === undefined) expect(command).toBe('npm ci && npm start')
    check(example, run(process.execPath, ['dist/cli.js', ...(args ?? 'start').split(' ')]))
  },
)

/** Every `npx obslab …` of the documents, in blocks, outputs and sentences, without the words that follow it. */
const commandLines = documents.flatMap(path =>
  readFileSync(path, 'utf8')
    .split('\n')
    .flatMap((text, i) =>
      [...text.matchAll(/npx obslab ([^`#>]+?)(?=`|#|\s+>|\s{2,}|$)/g)].map(
        ([, line = '']): [string, string[]] => [`${path}:${i + 1}`, line.trim().split(/\s+/)],
      ),
    ),
)

/** The real command line, parsing as it does, whose commands do nothing. */
function idleProgram(ran: string[]): Command {
  const program = createProgram()
  for (const command of program.commands) {
    for (const action of [command, ...command.commands]) {
      action.action(() => {
        ran.push(command.name())
      })
    }
  }
  return program
}

test.each(commandLines)('the command line at %s is understood: %j', async (_, args) => {
  const ran: string[] = []
  await idleProgram(ran).parseAsync(args, { from: 'user' })
  expect(ran).toEqual([args[0]])
})

const reading = ['topics', 'replay', 'tail', 'record', 'repl', 'stats', 'schema', 'transactions', 'types']

test.each(commandLines.filter(([, [command = '']]) => reading.includes(command)))(
  'the command line at %s runs on the recording: %j',
  (_, args) => {
    const recording = resolve('datasets/openmrs')
    const target = mkdtempSync(join(folder, 'target-'))
    const given = args.map((arg, i) => {
      const isSource = arg.startsWith('kafka://') || /^(-s|--source)$/.test(args[i - 1] ?? '')
      return isSource ? recording : arg.startsWith('recordings/') ? join(target, arg) : arg
    })
    const pace =
      args[0] === 'tail' && !args.includes('--limit') ? ['--speed', 'Infinity', '--limit', '3'] : []
    const out = run(process.execPath, ['dist/cli.js', ...given, ...pace])
    if (args[0] === 'record') expect(readdirSync(join(target, 'recordings/monday'))).not.toEqual([])
    else if (args[0] !== 'repl') expect(out).not.toBe('')
  },
)

test('the first job is written as shown and runs as shown, giving JSON lines', () => {
  const markdown = readFileSync('README.md', 'utf8')
  const begin = markdown.indexOf('## A first job')
  const section = markdown.slice(begin, markdown.indexOf('\n## ', begin))
  const file = /`(\w+\.ts)`/.exec(section)?.[1] ?? ''
  const code = /```ts\n([\s\S]*?)```/.exec(section)?.[1] ?? ''
  const line = /^npx obslab (run .*?) +# on the recording/m.exec(section)?.[1] ?? ''
  const place = mkdtempSync(join(tmpdir(), 'obslab-first-job-'))
  try {
    writeFileSync(join(place, file), code)
    const rows = run(process.execPath, [resolve('dist/cli.js'), ...line.split(/\s+/)], place)
      .trim()
      .split('\n')
      .map(row => JSON.parse(row))
    expect(rows.slice(0, 3)).toEqual(
      Array(3).fill({
        key: { person_id: expect.any(Number) },
        row: { person_id: expect.any(Number), weight: expect.any(Number) },
      }),
    )
    expect(rows.length).toBe(336)
  } finally {
    rmSync(place, { recursive: true })
  }
})

test('every script, command and file that a document names exists', () => {
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> }
  const help = run(process.execPath, ['dist/cli.js', '--help'])
  for (const { path, code, language } of examples) {
    if (language !== 'sh') continue
    for (const [, script = ''] of code.matchAll(/npm run ([\w:]+)/g))
      expect([path, script, script in scripts]).toEqual([path, script, true])
    for (const [, command = ''] of code.matchAll(/npx obslab ([\w-]+)/g))
      expect(help).toContain(`  ${command} `)
  }
  for (const path of documents) {
    const links = [...readFileSync(path, 'utf8').matchAll(/\]\(([^)#:]+)\)/g)].map(([, link = '']) => link)
    for (const link of links)
      expect([path, link, existsSync(join(dirname(path), link))]).toEqual([path, link, true])
  }
})
