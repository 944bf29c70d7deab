import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { ObslabError } from '../errors.js'
import { jsonOf } from './json.js'

/** The topology that obslab comes with. */
export const composeFile: string = fileURLToPath(new URL('../../docker-compose-mysql.yaml', import.meta.url))

/** A service of the topology, and how it is. */
export interface ServiceState {
  service: string
  /** Docker's word: `running`, `exited`, `restarting`, …; `missing` when there is no container of it. */
  state: string
  /** `healthy`, `starting` or `unhealthy`; null when it does not run. */
  health: string | null
  /** Where it answers on this machine, `127.0.0.1:8083`; null when nowhere. */
  address: string | null
}

/** The release that first knew configurations written into the file. */
const oldestCompose = [2, 23, 1] as const

const containerSchema = z.object({
  Service: z.string(),
  State: z.string(),
  Health: z.string().optional(),
  Publishers: z
    .array(z.object({ URL: z.string(), PublishedPort: z.number() }))
    .nullish()
    .transform(publishers => publishers ?? []),
})

type Container = z.output<typeof containerSchema>

/**
 * Runs Docker Compose on a topology, from whatever folder it is called in; a `.env` file is read beside the topology's
 * file. Where Docker, Compose or the engine is missing, the error `docker-failed` says in one sentence what to do.
 */
export class Compose {
  readonly #file: string
  readonly #environment: NodeJS.ProcessEnv

  /** `file` is {@link composeFile} by default. */
  constructor(file: string = composeFile, environment: NodeJS.ProcessEnv = process.env) {
    this.#file = path.resolve(file)
    this.#environment = environment
  }

  /** Creates and starts services, all by default. What Compose says of its progress goes to standard error. */
  async up(services: readonly string[] = []): Promise<void> {
    await this.#check()
    await this.#watch(['up', '--detach', ...services])
  }

  /** Stops services and removes their containers; `volumes` removes their data as well. */
  async down({ volumes = false }: { volumes?: boolean } = {}): Promise<void> {
    await this.#check()
    await this.#watch(['down', ...(volumes ? ['--volumes'] : [])])
  }

  /** How each service is, in the order of the file. */
  async status(): Promise<ServiceState[]> {
    await this.#check()
    const services = (await this.#ask(['config', '--services'])).trim().split('\n')
    const containers = parseContainers(await this.#ask(['ps', '--all', '--format', 'json']))
    return services.filter(name => name !== '').map(service => stateOf(service, containers))
  }

  async #check(): Promise<void> {
    const compose = await this.#run(['compose', 'version', '--short'])
    if (compose.code !== 0)
      throw failed(
        'Docker has no Compose: install its plugin (the package docker-compose-plugin, or Docker Desktop).',
      )
    const version = compose.out.trim()
    if (isOlder(version))
      throw failed(
        `Docker Compose ${oldestCompose.join('.')} or newer is needed, found ${version}: update the plugin.`,
      )
    const engine = await this.#run(['version', '--format', '{{.Server.Version}}'])
    if (engine.code === 0) return
    if (/permission denied/i.test(engine.err))
      throw failed(
        'Docker refused this user: add it to the group docker (sudo usermod -aG docker $USER) and log in again.',
      )
    throw failed(
      "Docker's engine does not run: start it (sudo systemctl start docker, or Docker Desktop), then try again.",
    )
  }

  async #ask(args: readonly string[]): Promise<string> {
    const { code, out, err } = await this.#run(this.#compose(args))
    if (code === 0) return out
    throw failed(`docker compose ${args[0]} failed: ${err.trim().split('\n').at(-1) ?? `code ${code}`}`)
  }

  async #watch(args: readonly string[]): Promise<void> {
    const { code } = await this.#run(this.#compose(args), 'inherit')
    if (code !== 0)
      throw failed(`docker compose ${args[0]} ended with code ${code}: what it printed above says why.`)
  }

  #compose(args: readonly string[]): string[] {
    return ['compose', '--file', this.#file, ...args]
  }

  #run(
    args: readonly string[],
    output: 'pipe' | 'inherit' = 'pipe',
  ): Promise<{ code: number; out: string; err: string }> {
    return new Promise((resolve, reject) => {
      // Compose reports its progress on standard error; its standard output must not mix with ours.
      const stdio: StdioOptions = output === 'pipe' ? 'pipe' : ['ignore', 'ignore', 'inherit']
      const child: ChildProcess = spawn('docker', args, { stdio, env: this.#environment })
      const texts = { out: '', err: '' }
      child.stdout?.setEncoding('utf8').on('data', text => (texts.out += text))
      child.stderr?.setEncoding('utf8').on('data', text => (texts.err += text))
      child.once('error', () => {
        reject(
          failed('Docker was not found: install Docker Engine with the Compose plugin, or Docker Desktop.'),
        )
      })
      child.once('close', code => resolve({ code: code ?? 1, ...texts }))
    })
  }
}

/** `docker compose ps --format json` gives one object a line, and before Compose 2.21 one array. */
function parseContainers(text: string): Container[] {
  const whole = jsonOf(text)
  const rows = Array.isArray(whole) ? whole : text.trim().split('\n').filter(Boolean).map(jsonOf)
  const parsed = z.array(containerSchema).safeParse(rows)
  if (parsed.success) return parsed.data
  throw failed('docker compose ps answered in a form that obslab does not know: update Docker Compose.')
}

function stateOf(service: string, containers: readonly Container[]): ServiceState {
  const container = containers.find(({ Service }) => Service === service)
  if (container === undefined) return { service, state: 'missing', health: null, address: null }
  const published = container.Publishers.find(({ PublishedPort }) => PublishedPort > 0)
  return {
    service,
    state: container.State,
    health: container.Health || null,
    address: published === undefined ? null : `${published.URL}:${published.PublishedPort}`,
  }
}

/** A version that is no number is of a build of one's own, and taken as new enough. */
function isOlder(version: string): boolean {
  const parts = /^v?(\d+)\.(\d+)\.(\d+)/.exec(version)?.slice(1).map(Number)
  if (parts === undefined) return false
  const differs = oldestCompose.findIndex((oldest, i) => parts[i] !== oldest)
  return differs !== -1 && parts[differs]! < oldestCompose[differs]!
}

function failed(message: string): ObslabError {
  return new ObslabError('docker-failed', message)
}
