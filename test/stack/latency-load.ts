import { type Connection, createConnection } from 'mysql2/promise'
import { mysqlUsers } from './mysql.js'

/** A sign that can be edited: an obs whose value is a column of a row of vitals. */
interface Sign {
  obs_id: number
  /** The key of the row of vitals. */
  key: string
  column: string
}

/** A change of a sign. Its value is its number, which no other change has. */
export interface Edit extends Sign {
  value: number
  /** When the statement was sent, milliseconds since the epoch. */
  sent: number
}

/** No sign of a patient has a value like this: an edit to the value that is there would be none. */
const beyondReal = 100_000

const columns: Readonly<Record<number, string>> = {
  5085: 'systolic',
  5086: 'diastolic',
  5087: 'pulse',
  5088: 'temperature',
  5089: 'weight',
  5090: 'height',
  5092: 'spo2',
}

const signsSql = `SELECT obs_id, encounter_id, person_id, concept_id FROM (
    SELECT *, ROW_NUMBER() OVER (PARTITION BY encounter_id, person_id, concept_id
      ORDER BY obs_datetime DESC, obs_id DESC) AS newest
    FROM obs WHERE voided=0 AND encounter_id IS NOT NULL AND concept_id IN (${Object.keys(columns)})) AS signs
  WHERE newest=1 ORDER BY obs_id`

/**
 * Edits signs at a fixed rate, one a transaction, each in its turn, so that as much time as possible is between two edits of
 * the same. The rate is kept whatever the database takes: who is late sends at once.
 */
export class EditLoad {
  sent = 0
  readonly #signs: readonly Sign[]
  readonly #connections: readonly Connection[]
  readonly #under = new Set<Promise<unknown>>()

  private constructor(signs: readonly Sign[], connections: readonly Connection[]) {
    this.#signs = signs
    this.#connections = connections
  }

  /** Connects to the database of a simulated population. */
  static async open(mysql: string, database: string): Promise<EditLoad> {
    const { hostname: host, port } = new URL(mysql)
    const open = (): Promise<Connection> =>
      createConnection({ host, port: Number(port), database, ...mysqlUsers.openmrs })
    const connections = await Promise.all(Array.from({ length: 4 }, open))
    const [rows] = await connections[0]!.query(signsSql)
    const found = rows as { obs_id: number; encounter_id: number; person_id: number; concept_id: number }[]
    const signs = found.map(({ obs_id, encounter_id, person_id, concept_id }) => ({
      obs_id,
      key: JSON.stringify({ encounter_id, person_id }),
      column: columns[concept_id]!,
    }))
    return new EditLoad(signs, connections)
  }

  /** Signs that there are. */
  get size(): number {
    return this.#signs.length
  }

  /** Edits at `rate` a second for so long; `onEdit` is told of each when it is sent. */
  async run(rate: number, ms: number, onEdit: (edit: Edit) => void): Promise<void> {
    const begun = performance.now()
    for (let count = 0; ; ) {
      const passed = performance.now() - begun
      if (passed >= ms) break
      for (; count < (passed / 1000) * rate; count++) this.#edit(onEdit)
      await new Promise(resolve => setTimeout(resolve, Math.min(5, 1000 / rate)))
    }
    await Promise.all(this.#under)
  }

  async close(): Promise<void> {
    for (const connection of this.#connections) await connection.end()
  }

  #edit(onEdit: (edit: Edit) => void): void {
    const value = beyondReal + ++this.sent
    const sign = this.#signs[value % this.#signs.length]!
    const connection = this.#connections[value % this.#connections.length]!
    onEdit({ ...sign, value, sent: Date.now() })
    const edited = connection.query('UPDATE obs SET value_numeric=? WHERE obs_id=?', [value, sign.obs_id])
    this.#under.add(edited)
    void edited.finally(() => this.#under.delete(edited))
  }
}
