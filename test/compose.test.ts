import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'

/** The part of the Compose specification that the file uses: a key that is misspelt does not pass. */
const duration = z.string().regex(/^\d+[smh]$/)
const service = z.strictObject({
  image: z.string(),
  build: z.strictObject({ context: z.string(), dockerfile: z.string() }).optional(),
  restart: z.literal('unless-stopped'),
  command: z.array(z.string()).optional(),
  depends_on: z
    .record(z.string(), z.strictObject({ condition: z.enum(['service_healthy', 'service_started']) }))
    .default({}),
  environment: z.record(z.string().regex(/^[A-Z0-9_]+$/), z.string()).default({}),
  configs: z.array(z.strictObject({ source: z.string(), target: z.string() })).default([]),
  ports: z.array(z.string()).default([]),
  volumes: z.array(z.string()).default([]),
  healthcheck: z.strictObject({
    test: z.union([z.string(), z.tuple([z.literal('CMD')], z.string())]),
    interval: duration,
    timeout: duration,
    retries: z.int().min(3),
    start_period: duration,
  }),
})
const schema = z.strictObject({
  name: z.string(),
  services: z.record(z.string(), service),
  configs: z.record(z.string(), z.strictObject({ content: z.string() })),
  volumes: z.record(z.string(), z.null()),
})

const text = readFileSync('docker-compose-mysql.yaml', 'utf8')
const compose = schema.parse(parse(text))
const services = Object.entries(compose.services)
const docs = readFileSync('docs/compose.md', 'utf8')
const pom = readFileSync('test/stack/pom.xml', 'utf8')
const version = (property: string): string =>
  new RegExp(`<${property}>(.*)</${property}>`).exec(pom)?.[1] ?? 'not in the pom'

test('its services are MySQL, Kafka, Connect, OpenMRS, Portainer and JupyterLab, and no ZooKeeper', () => {
  expect(services.map(([name]) => name).sort()).toEqual(
    ['backend', 'connect', 'frontend', 'gateway', 'jupyter', 'kafka', 'mysql', 'portainer'].sort(),
  )
  expect(services.map(([, { image }]) => image).join()).not.toMatch(/zookeeper/i)
})

test.each(services)('the image of %s is pinned to an exact version', (_, { image }) => {
  expect(image).toMatch(/^[\w./-]+:\d+\.\d+\.\d+(\.Final)?(-alpine)?$/)
})

test('Kafka and Debezium are the versions that the stack of the tests runs', () => {
  expect(compose.services.kafka?.image).toBe(`apache/kafka:${version('kafka.version')}`)
  expect(compose.services.connect?.image).toBe(`quay.io/debezium/connect:${version('debezium.version')}`)
})

test('the image built from this repository has its version, an existing Dockerfile and pinned parts', () => {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }
  const { image, build } = compose.services.jupyter!
  expect(image).toBe(`obslab-jupyter:${version}`)
  const dockerfile = readFileSync(`${build!.context}/${build!.dockerfile}`, 'utf8')
  expect(dockerfile).toMatch(/^FROM node:\d+\.\d+\.\d+-bookworm-slim$/m)
  expect(dockerfile).toMatch(/jupyterlab==\d+\.\d+\.\d+/)
  const copied = [...dockerfile.matchAll(/^COPY .*?node:node (.*) \S+$/gm)].flatMap(([, paths]) =>
    paths!.split(' '),
  )
  expect(copied.length).toBeGreaterThan(5)
  expect(copied.filter(path => !existsSync(path))).toEqual([])
  const kept = readFileSync(`${build!.dockerfile}.dockerignore`, 'utf8').split('\n')
  expect(copied.filter(path => !kept.includes(`!${path}`))).toEqual([])
})

test('every service depends on services that exist, and whose healthchecks say more than that a port is open', () => {
  for (const [, { depends_on }] of services) {
    for (const name of Object.keys(depends_on)) {
      expect(compose.services[name]?.healthcheck.test).toBeDefined()
    }
  }
  expect(compose.services.connect?.depends_on.kafka?.condition).toBe('service_healthy')
  expect(compose.services.backend?.depends_on.mysql?.condition).toBe('service_healthy')
})

test('every named volume is declared and used, and data lives in one', () => {
  const used = services.flatMap(([, { volumes }]) => volumes.map(volume => volume.split(':')[0]!))
  const named = used.filter(source => !source.startsWith('/'))
  expect([...new Set(named)].sort()).toEqual(Object.keys(compose.volumes).sort())
  for (const name of ['mysql', 'kafka', 'backend', 'portainer', 'jupyter'])
    expect(compose.services[name]?.volumes.some(volume => !volume.startsWith('/'))).toBe(true)
})

test('ports are the documented ones, bound to 127.0.0.1', () => {
  const published = services.flatMap(([name, { ports }]) => ports.map(port => [name, port]))
  expect(published).toEqual([
    ['mysql', '127.0.0.1:3306:3306'],
    ['kafka', '127.0.0.1:9092:9092'],
    ['connect', '127.0.0.1:8083:8083'],
    ['gateway', '127.0.0.1:8080:80'],
    ['portainer', '127.0.0.1:9000:9000'],
    ['jupyter', '127.0.0.1:8888:8888'],
  ])
  for (const [name, port] of published) {
    const row = new RegExp(`^\\| ${name} \\|.*localhost:${port!.split(':')[1]}`, 'm')
    expect(docs).toMatch(row)
  }
})

test("MySQL's flags are those that Debezium needs and that the docs list", () => {
  const { command } = compose.services.mysql!
  expect(command).toEqual(
    expect.arrayContaining([
      '--log-bin=mysql-bin',
      '--binlog-format=ROW',
      '--binlog-row-image=FULL',
      '--binlog-row-metadata=FULL',
      '--gtid-mode=ON',
      '--enforce-gtid-consistency=ON',
      '--character-set-server=utf8mb4',
    ]),
  )
  const documented = docs.match(/^--.*=.*$/gm)
  expect(documented).toHaveLength(8)
  expect(command!.slice(0, 8)).toEqual(documented)
})

test("the grants of Debezium's user are those that the docs list, and none writes", () => {
  const { content } = compose.configs['debezium-user']!
  const grants = content.match(/^GRANT .*;$/gm)
  expect(grants).toEqual(docs.match(/^GRANT .*;$/gm))
  expect(grants!.join()).not.toMatch(/ALL|INSERT|UPDATE|DELETE|CREATE|SUPER/)
})

test('every password comes from a variable, and its default is marked as one for development', () => {
  const secrets = text.split('\n').filter(line => /(PASSWORD|TOKEN): /.test(line))
  expect(secrets.length).toBeGreaterThan(5)
  for (const line of secrets) expect(line).toMatch(/: \$\{[A-Z_]+:-\w+\} # development default$/)
  const variables = [...text.matchAll(/\$\{([A-Z_]+):-/g)].map(([, name]) => name!)
  for (const name of new Set(variables)) expect(docs).toContain(name)
})

test('the registration beside it fits these services, and holds no password', () => {
  const { config } = JSON.parse(readFileSync('register-mysql.json', 'utf8')) as {
    config: Record<string, string>
  }
  const { environment } = compose.services.connect!
  expect(config['database.hostname']).toBe('mysql')
  expect(config['schema.history.internal.kafka.bootstrap.servers']).toBe(environment.BOOTSTRAP_SERVERS)
  const listeners = compose.services.kafka!.environment.KAFKA_ADVERTISED_LISTENERS!
  expect(listeners.split(',')).toEqual(['INTERNAL://kafka:29092', 'EXTERNAL://127.0.0.1:9092'])
  expect(config['database.include.list']).toBe(compose.services.mysql!.environment.MYSQL_DATABASE)
  expect(config['database.password']).toMatch(/^\$\{env:DEBEZIUM_PASSWORD\}$/)
  expect(environment.CONNECT_CONFIG_PROVIDERS_ENV_PARAM_ALLOWLIST_PATTERN).toBe('DEBEZIUM_PASSWORD')
  expect(compose.configs['debezium-user']!.content).toContain(
    `'${config['database.user']}'@'%' IDENTIFIED BY`,
  )
})

const hasCompose = spawnSync('docker', ['compose', 'version']).status === 0

test.skipIf(!hasCompose)('docker compose config takes the file (skipped without Docker Compose)', () => {
  const args = ['compose', '--file', 'docker-compose-mysql.yaml', 'config', '--quiet']
  const { status, stderr } = spawnSync('docker', args, { encoding: 'utf8' })
  expect([status, stderr]).toEqual([0, ''])
})
