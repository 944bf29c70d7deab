import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { createConnection } from 'mysql2/promise'
import { type Command, Service } from './service.js'
import type { Software } from './software.js'

const run = promisify(execFile)

/** The users that every stack's MySQL has. They exist on 127.0.0.1 only and guard invented data. */
export const mysqlUsers = {
  openmrs: { user: 'openmrs', password: 'openmrs' },
  debezium: { user: 'debezium', password: 'dbz' },
} as const

const users = `CREATE USER IF NOT EXISTS openmrs@'%' IDENTIFIED BY 'openmrs';
GRANT ALL ON *.* TO openmrs@'%';
CREATE USER IF NOT EXISTS debezium@'%' IDENTIFIED BY 'dbz';
GRANT SELECT, RELOAD, SHOW DATABASES, REPLICATION SLAVE, REPLICATION CLIENT, LOCK TABLES ON *.* TO debezium@'%';
GRANT INSERT, UPDATE, DELETE, CREATE ON *.* TO debezium@'%';
`

/** MySQL 8.0.15 with a row-based binary log and GTIDs. */
export class MysqlService extends Service {
  readonly name = 'mysql'
  private readonly software: Software

  constructor(software: Software, folder: string, port: number) {
    super(folder, port)
    this.software = software
  }

  /** `mysql://openmrs@127.0.0.1:<port>/<database>`, without its password, which is in {@link mysqlUsers}. */
  url(database = 'openmrs'): string {
    return `mysql://${mysqlUsers.openmrs.user}@127.0.0.1:${this.port}/${database}`
  }

  protected async prepare(): Promise<Command> {
    const configuration = path.join(this.folder, 'my.cnf')
    const data = path.join(this.folder, 'data')
    const server = path.join(this.software.mysql, 'bin', 'mysqld')
    await writeFile(configuration, this.configuration(data))
    await writeFile(path.join(this.folder, 'users.sql'), users)
    const asUser = process.getuid?.() === 0 ? ['--user=root'] : []
    const environment = { LD_LIBRARY_PATH: path.join(this.software.mysql, 'lib') }
    if (!existsSync(path.join(data, 'mysql.ibd'))) {
      await rm(data, { recursive: true, force: true })
      await mkdir(data)
      const args = [`--defaults-file=${configuration}`, '--initialize-insecure', ...asUser]
      await run(server, args, { env: { ...process.env, ...environment } })
    }
    const usersFile = path.join(this.folder, 'users.sql')
    return {
      program: server,
      args: [`--defaults-file=${configuration}`, `--init-file=${usersFile}`, ...asUser],
      environment,
    }
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
    return `[mysqld]
basedir=${this.software.mysql}
lc-messages-dir=${path.join(this.software.mysql, 'share')}
datadir=${data}
socket=mysql.sock
pid-file=${path.join(data, 'mysqld.pid')}
bind-address=127.0.0.1
port=${this.port}
mysqlx=OFF
server-id=223344
log-bin=mysql-bin
binlog_format=ROW
binlog_row_image=FULL
binlog_row_metadata=FULL
gtid_mode=ON
enforce_gtid_consistency=ON
default-time-zone=+00:00
character-set-server=utf8mb4
collation-server=utf8mb4_general_ci
innodb_log_file_size=48M
innodb_flush_log_at_trx_commit=2
sync_binlog=0
max_allowed_packet=64M
`
  }
}
