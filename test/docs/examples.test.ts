import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
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

function run(command: string, args: string[]): string {
  const { stdout, stderr, status } = spawnSync(command, args, {
    encoding: 'utf8',
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

test('every script, command and file that a document names exists', () => {
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> }
  const help = run(process.execPath, ['dist/cli.js', '--help'])
  for (const { path, code, language } of examples) {
    if (language !== 'sh') continue
    for (const [, script = ''] of code.matchAll(/npm run ([\w:]+)/g))
      expect([path, script, script in scripts]).toEqual([path, script, true])
    for (const [, command = ''] of code.matchAll(/npx obslab (\w+)/g)) expect(help).toContain(`  ${command} `)
  }
  for (const path of documents) {
    const links = [...readFileSync(path, 'utf8').matchAll(/\]\(([^)#:]+)\)/g)].map(([, link = '']) => link)
    for (const link of links)
      expect([path, link, existsSync(join(dirname(path), link))]).toEqual([path, link, true])
  }
})
