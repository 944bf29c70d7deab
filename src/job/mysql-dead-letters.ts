import type { DeadLetter, DeadLetterRecord } from './dead-letter.js'
import { deadLetterKey } from './dead-letter.js'
import { type MysqlSession, named } from './mysql-session.js'
import { hasTable } from './mysql-table.js'

/** The table of a job's dead letters: the record in columns, its reason and the letter as it was written. */
export class MysqlDeadLetters {
  readonly #session: MysqlSession
  readonly #table: string

  private constructor(session: MysqlSession, table: string) {
    this.#session = session
    this.#table = table
  }

  static async open(session: MysqlSession, table: string): Promise<MysqlDeadLetters> {
    if (!(await hasTable(session, table))) {
      await session.run(
        `CREATE TABLE IF NOT EXISTS ${named(table)} (
          topic VARCHAR(249) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
          \`partition\` INT NOT NULL,
          \`offset\` BIGINT NOT NULL,
          step TEXT NULL,
          reason TEXT NOT NULL,
          set_aside DATETIME(3) NOT NULL,
          letter LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
          PRIMARY KEY (topic, \`partition\`, \`offset\`)
        ) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4`,
      )
    }
    return new MysqlDeadLetters(session, table)
  }

  /** Writes letters, in the transaction that is open. Of several of one record the last counts. */
  async write(letters: readonly DeadLetterRecord[]): Promise<void> {
    const last = new Map(letters.map(({ key, letter }) => [key, letter]))
    for (const [key, letter] of last) {
      const { topic, partition, offset } = JSON.parse(key) as DeadLetter
      if (letter === null) {
        await this.#session.run(
          `DELETE FROM ${named(this.#table)} WHERE topic = ? AND \`partition\` = ? AND \`offset\` = ?`,
          [topic, partition, offset],
        )
        continue
      }
      const { step, reason, at } = JSON.parse(letter) as DeadLetter
      const setAside = new Date(at).toISOString().slice(0, -1).replace('T', ' ')
      await this.#session.run(
        `REPLACE INTO ${named(this.#table)} (topic, \`partition\`, \`offset\`, step, reason, set_aside, letter)
          VALUES (?, ?, ?, ?, ?, ?, ?)`,
        [topic, partition, offset, step, reason, setAside, letter],
      )
    }
  }

  /** All letters: encoded key to encoded letter. */
  async letters(): Promise<Map<string, string>> {
    const letters = new Map<string, string>()
    const sql = `SELECT topic, \`partition\`, \`offset\`, letter FROM ${named(this.#table)}`
    for await (const [topic, partition, offset, letter] of this.#session.rows(sql)) {
      const key = deadLetterKey({
        topic: String(topic),
        partition: Number(partition),
        offset: Number(offset),
      })
      letters.set(key, String(letter))
    }
    return letters
  }
}
