import { execFile, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { createConnection } from 'mysql2/promise'
import { mysqlUsers } from './mysql.js'
import { freePorts } from './ports.js'
import { type Command, Service } from './service.js'
import { stackFolder } from './stack.js'

const run = promisify(execFile)

/** Debian installs the server into /usr/sbin, which is not in everybody's path. */
const environment: NodeJS.ProcessEnv = {
  ...process.env,
  PATH: `${process.env.PATH}:/usr/sbin:/usr/local/sbin`,
}

const users = `CREATE USER IF NOT EXISTS openmrs@'%' IDENTIFIED BY 'openmrs';
GRANT ALL ON *.* TO openmrs@'%';
CREATE USER IF NOT EXISTS debezium@'%' IDENTIFIED BY 'dbz';
GRANT SELECT, RELOAD, SHOW DATABASES, REPLICATION SLAVE, BINLOG MONITOR, SLAVE MONITOR, LOCK TABLES ON *.* TO debezium@'%';
`

/** Why MariaDB cannot run on this machine, as one sentence saying what to install; null when it can. */
export function whyNoMariadb(): string | null {
  const { stdout, error } = spawnSync('mariadbd', ['--version'], { encoding: 'utf8', env: environment })
  return error === undefined && stdout.includes('MariaDB')
    ? null
    : 'The second database of the stack is MariaDB, found none: apt-get install mariadb-server.'
}

/**
 * The machine's MariaDB with a row-based binary log, in a data folder of its own: an instance that the system runs is
 * not touched. It has the users of {@link mysqlUsers}.
 */
export class MariadbService extends Service {
  readonly name = 'mysql'

  /** One that is not started, on a port of its own, in a new folder. Killed when this process exits. */
  static async create(): Promise<MariadbService> {
    const folder = path.join(stackFolder, `mariadb-${process.pid}`)
    await rm(folder, { recursive: true, force: true })
    const { mysql } = await freePorts()
    const service = new MariadbService(folder, mysql)
    process.once('exit', () => service.abandon())
    return service
  }

  /** `mysql://openmrs@127.0.0.1:<port>`, without database and password. */
  get address(): string {
    return `mysql://${mysqlUsers.openmrs.user}@127.0.0.1:${this.port}`
  }

  /** Stops it and removes its folder. */
  async remove(): Promise<void> {
    await this.stop()
    await rm(this.folder, { recursive: true, force: true })
  }

  protected async prepare(): Promise<Command> {
    const configuration = path.join(this.folder, 'my.cnf')
    const data = path.join(this.folder, 'data')
    await writeFile(configuration, this.configuration(data))
    await writeFile(path.join(this.folder, 'users.sql'), users)
    const asUser = process.getuid?.() === 0 ? ['--user=root'] : []
    const defaults = `--defaults-file=${configuration}`
    if (!existsSync(path.join(data, 'mysql'))) {
      const args = [defaults, '--auth-root-authentication-method=normal', '--skip-test-db', ...asUser]
      await run('mariadb-install-db', args, { env: environment })
    }
    return { program: 'mariadbd', args: [defaults, ...asUser], environment }
  }

  protected async ready(): Promise<boolean> {
    const connection = await createConnection({
      host: '127.0.0.1',
      port: this.port,
      connectTimeout: 2000,
      ...mysqlUsers.openmrs,
    })
    await connection.query('SELECT 1')
    await connection.end()
    return true
  }

  /** The socket is relative, hence in the data folder: a long absolute path would not fit a Unix socket address. */
  private configuration(data: string): string {
    return `[mariadb]
datadir=${data}
socket=mariadb.sock
pid-file=${path.join(data, 'mariadbd.pid')}
init-file=${path.join(this.folder, 'users.sql')}
bind-address=127.0.0.1
port=${this.port}
server-id=223344
log-bin=mysql-bin
binlog-format=ROW
binlog-row-image=FULL
binlog-row-metadata=FULL
gtid-strict-mode=ON
default-time-zone=+00:00
character-set-server=utf8mb4
collation-server=utf8mb4_general_ci
innodb-flush-log-at-trx-commit=2
sync-binlog=0
max-allowed-packet=64M
`
  }
}
