import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { Compose, composeFile } from '../../src/stack/compose.js'

const folder = mkdtempSync(path.join(tmpdir(), 'obslab-docker-'))
afterAll(() => rmSync(folder, { recursive: true }))

const containers = [
  '{"Service":"mysql","State":"running","Health":"healthy","Publishers":[{"URL":"127.0.0.1","TargetPort":3306,"PublishedPort":3306,"Protocol":"tcp"},{"URL":"","TargetPort":33060,"PublishedPort":0,"Protocol":"tcp"}]}',
  '{"Service":"backend","State":"running","Health":"starting","Publishers":[]}',
  '{"Service":"kafka","State":"exited","Health":"","ExitCode":1,"Publishers":null}',
]

interface Docker {
  compose?: string
  engine?: string
  ps?: string
  up?: number
}

let made = 0

/** A program called docker that answers as the real one does, as far as obslab asks it, and notes what it was asked. */
function docker({ compose, engine, ps = containers.join('\n'), up = 0 }: Docker): {
  compose: Compose
  asked: () => string[]
} {
  const bin = path.join(folder, String(made++))
  mkdirSync(bin)
  const notes = path.join(bin, 'asked')
  const program = `#!/bin/sh
printf '%s\\n' "$*" >>'${notes}'
case "$*" in
  'compose version --short') ${compose === undefined ? 'echo "unknown command: docker compose" >&2; exit 1' : `echo ${compose}`} ;;
  version*) ${engine === undefined ? 'echo 27.5.1' : `echo "${engine}" >&2; exit 1`} ;;
  *'config --services') printf 'mysql\\nkafka\\nbackend\\njupyter\\n' ;;
  *'ps --all --format json') printf '%s\\n' '${ps}' ;;
  *) exit ${up} ;;
esac
`
  writeFileSync(path.join(bin, 'docker'), program)
  chmodSync(path.join(bin, 'docker'), 0o755)
  return {
    compose: new Compose(composeFile, { PATH: `${bin}:/usr/bin:/bin` }),
    asked: () => readFileSync(notes, 'utf8').trim().split('\n'),
  }
}

test.each([
  ['one object a line, as Compose gives since 2.21', containers.join('\n')],
  ['an array, as Compose gave before', `[${containers.join(',')}]`],
])('services are told in the order of the file, from %s', async (_, ps) => {
  expect(await docker({ compose: '2.29.7', ps }).compose.status()).toEqual([
    { service: 'mysql', state: 'running', health: 'healthy', address: '127.0.0.1:3306' },
    { service: 'kafka', state: 'exited', health: null, address: null },
    { service: 'backend', state: 'running', health: 'starting', address: null },
    { service: 'jupyter', state: 'missing', health: null, address: null },
  ])
})

test('nothing started is told as missing', async () => {
  const states = await docker({ compose: '2.29.7', ps: '' }).compose.status()
  expect(states.map(({ state }) => state)).toEqual(['missing', 'missing', 'missing', 'missing'])
})

test('up and down name the file of the package, whatever folder they are called in', async () => {
  const { compose, asked } = docker({ compose: 'v2.40.3-desktop.1' })
  await compose.up(['mysql', 'kafka'])
  await compose.down()
  await compose.down({ volumes: true })
  const file = path.resolve('docker-compose-mysql.yaml')
  expect(asked().filter(args => args.startsWith('compose --file'))).toEqual([
    `compose --file ${file} up --detach mysql kafka`,
    `compose --file ${file} down`,
    `compose --file ${file} down --volumes`,
  ])
})

test.each<[string, Docker, string]>([
  ['has no Compose', {}, 'Docker has no Compose: install its plugin'],
  ['has an old Compose', { compose: '2.23.0' }, 'Docker Compose 2.23.1 or newer is needed, found 2.23.0'],
  ['has a very old Compose', { compose: '1.29.2' }, 'Docker Compose 2.23.1 or newer is needed, found 1.29.2'],
  [
    'has no engine that runs',
    { compose: '2.29.7', engine: 'Cannot connect to the Docker daemon at unix:///var/run/docker.sock.' },
    "Docker's engine does not run: start it",
  ],
  [
    'refuses the user',
    { compose: '2.29.7', engine: 'permission denied while trying to connect to the Docker daemon socket' },
    'Docker refused this user: add it to the group docker',
  ],
  ['fails', { compose: '2.29.7', up: 17 }, 'docker compose up ended with code 17'],
])('a Docker that %s is told in one sentence', async (_, answers, told) => {
  await expect(docker(answers).compose.up()).rejects.toMatchObject({
    code: 'docker-failed',
    message: expect.stringContaining(told),
  })
})

test('no Docker at all is told in one sentence', async () => {
  const compose = new Compose(composeFile, { PATH: folder })
  await expect(compose.status()).rejects.toMatchObject({
    code: 'docker-failed',
    message: expect.stringMatching(/^Docker was not found: install/),
  })
})
