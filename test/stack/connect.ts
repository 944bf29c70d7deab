import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { javaCommand, keepArchive } from './java.js'
import { mysqlUsers } from './mysql.js'
import { type Command, Service } from './service.js'
import type { Software } from './software.js'

/**
 * One distributed Kafka Connect worker with Debezium's MySQL and MariaDB connectors; JSON without schemas unless a
 * connector says. `${env:DEBEZIUM_PASSWORD}` in a connector's configuration is the password of Debezium's user.
 */
export class ConnectService extends Service {
  readonly name = 'connect'
  private readonly software: Software
  private readonly bootstrap: string

  constructor(software: Software, folder: string, port: number, bootstrap: string) {
    super(folder, port)
    this.software = software
    this.bootstrap = bootstrap
  }

  /** `http://127.0.0.1:<port>`. */
  get url(): string {
    return `http://127.0.0.1:${this.port}`
  }

  protected async prepare(): Promise<Command> {
    const properties = path.join(this.folder, 'connect.properties')
    await writeFile(properties, this.properties())
    const worker = ['org.apache.kafka.connect.cli.ConnectDistributed', properties]
    const command = await javaCommand(this.software, this.folder, this.name, worker)
    return { ...command, environment: { DEBEZIUM_PASSWORD: mysqlUsers.debezium.password } }
  }

  protected override async stopped(): Promise<void> {
    await keepArchive(this.software, this.folder, this.name)
  }

  protected async ready(): Promise<boolean> {
    const response = await fetch(`${this.url}/health`, { signal: AbortSignal.timeout(2000) })
    return response.ok
  }

  /**
   * A worker killed with -9 is missed after session.timeout.ms; the shortest a default broker allows, and no wait
   * for its return, let a restarted one go on within seconds.
   */
  private properties(): string {
    return `bootstrap.servers=${this.bootstrap}
group.id=obslab-connect
listeners=${this.url}
plugin.path=${this.software.plugins}
plugin.discovery=service_load
key.converter=org.apache.kafka.connect.json.JsonConverter
value.converter=org.apache.kafka.connect.json.JsonConverter
key.converter.schemas.enable=false
value.converter.schemas.enable=false
config.providers=env
config.providers.env.class=org.apache.kafka.common.config.provider.EnvVarConfigProvider
config.providers.env.param.allowlist.pattern=DEBEZIUM_PASSWORD
config.storage.topic=connect-configs
offset.storage.topic=connect-offsets
status.storage.topic=connect-status
config.storage.replication.factor=1
offset.storage.replication.factor=1
status.storage.replication.factor=1
offset.storage.partitions=1
status.storage.partitions=1
offset.flush.interval.ms=2000
session.timeout.ms=6000
heartbeat.interval.ms=2000
scheduled.rebalance.max.delay.ms=0
`
  }
}
