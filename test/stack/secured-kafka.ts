import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { classPath } from './java.js'
import { KafkaService } from './kafka.js'
import { freePorts } from './ports.js'
import type { Command } from './service.js'
import type { Software } from './software.js'

const run = promisify(execFile)

/** Ports of the listeners that a {@link SecuredKafka} has besides its plaintext one. */
export interface SecuredPorts {
  /** SASL without TLS: PLAIN, SCRAM-SHA-256, SCRAM-SHA-512. */
  sasl: number
  /** TLS without SASL. */
  tls: number
  /** SASL over TLS. */
  both: number
}

/** The users of a {@link SecuredKafka}: bob may describe and read everything but topics named `secret…`. */
export const users = { alice: 'alice-secret-42', bob: 'bob-secret-43' } as const

/**
 * A broker with every kind of listener, a certificate made for localhost alone, permissions, and a log cleaner that
 * runs at once. Everything else is as {@link KafkaService} has it.
 */
export class SecuredKafka extends KafkaService {
  readonly ports: SecuredPorts
  readonly #software: Software

  private constructor(software: Software, folder: string, ports: [number, number], secured: SecuredPorts) {
    super(software, folder, ...ports)
    this.#software = software
    this.ports = secured
  }

  /** One that is not started, on ports of its own. Killed when this process exits. */
  static async create(software: Software, folder: string): Promise<SecuredKafka> {
    const { kafka, controller, connect: sasl, mysql: tls } = await freePorts()
    const { kafka: both } = await freePorts()
    const broker = new SecuredKafka(software, folder, [kafka, controller], { sasl, tls, both })
    process.once('exit', () => broker.abandon())
    return broker
  }

  /** PEM file of the certificate, which is its own authority. */
  get certificate(): string {
    return path.join(this.folder, 'certificate.pem')
  }

  /** Runs one of Kafka's own tools and returns what it printed. */
  async tool(main: string, args: readonly string[], input: string = ''): Promise<string> {
    const java = ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-Xmx256m', '-Dlog4j2.level=OFF']
    const command = [...java, '-cp', classPath(this.#software), main, ...args]
    const running = run('java', command, { cwd: this.folder, maxBuffer: 256 * 1024 * 1024 })
    running.child.stdin?.end(input)
    const { stdout } = await running.catch((error: { stdout?: string; stderr?: string }) => {
      throw new Error(`${main} failed: ${(error.stderr || error.stdout || String(error)).slice(0, 500)}`)
    })
    return stdout
  }

  /** Makes the SCRAM passwords of alice known to the running broker. */
  async addScramUser(): Promise<void> {
    for (const mechanism of ['SCRAM-SHA-256', 'SCRAM-SHA-512']) {
      const config = ['--add-config', `${mechanism}=[password=${users.alice}]`]
      const alter = ['--alter', '--entity-type', 'users', '--entity-name', 'alice', ...config]
      await this.tool('kafka.admin.ConfigCommand', ['--bootstrap-server', this.bootstrap, ...alter])
    }
  }

  protected override async prepare(): Promise<Command> {
    const command = await super.prepare()
    await this.#writeKeyStore()
    const properties = path.join(this.folder, 'kafka.properties')
    await writeFile(properties, (await readFile(properties, 'utf8')) + this.#properties())
    return command
  }

  async #writeKeyStore(): Promise<void> {
    const key = path.join(this.folder, 'key.pem')
    const make = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=localhost']
    const files = ['-addext', 'subjectAltName=DNS:localhost', '-keyout', key, '-out', this.certificate]
    await run('openssl', [...make, ...files])
    const both = (await readFile(key, 'utf8')) + (await readFile(this.certificate, 'utf8'))
    await writeFile(path.join(this.folder, 'keystore.pem'), both)
  }

  #properties(): string {
    const { sasl, tls, both } = this.ports
    const listeners = [
      `PLAINTEXT://${this.bootstrap}`,
      `SASL://127.0.0.1:${sasl}`,
      `TLS://localhost:${tls}`,
      `BOTH://localhost:${both}`,
    ].join(',')
    const passwords = Object.entries(users).map(([user, password]) => `user_${user}="${password}"`)
    const jaas = (listener: string): string => {
      const security = 'org.apache.kafka.common.security'
      const mechanism = `listener.name.${listener}`
      return `${mechanism}.sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512
${mechanism}.plain.sasl.jaas.config=${security}.plain.PlainLoginModule required ${passwords.join(' ')};
${mechanism}.scram-sha-256.sasl.jaas.config=${security}.scram.ScramLoginModule required;
${mechanism}.scram-sha-512.sasl.jaas.config=${security}.scram.ScramLoginModule required;
`
    }
    return `
listeners=${listeners},CONTROLLER://127.0.0.1:${this.controllerPort}
advertised.listeners=${listeners}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SASL:SASL_PLAINTEXT,TLS:SSL,BOTH:SASL_SSL
${jaas('sasl')}${jaas('both')}ssl.keystore.type=PEM
ssl.keystore.location=${path.join(this.folder, 'keystore.pem')}
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:ANONYMOUS;User:alice
allow.everyone.if.no.acl.found=true
log.cleaner.backoff.ms=200
log.cleaner.dedupe.buffer.size=16777216
group.initial.rebalance.delay.ms=0
`
  }
}
