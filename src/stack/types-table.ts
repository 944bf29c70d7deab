import type { Random } from './random.js'
import { date, datetime, insert, plain, type SqlRow, type Statement, update } from './statement.js'

/** `CREATE TABLE` of `obslab_types`: at least one column of every type a change topic carries differently. */
export const typesTable = `CREATE TABLE obslab_types (
  id int NOT NULL AUTO_INCREMENT,
  big bigint,
  ubig bigint unsigned,
  uint int unsigned,
  small int,
  dec2 decimal(10,2),
  dec30 decimal(30,10),
  d date,
  dt datetime,
  dt3 datetime(3),
  dt6 datetime(6),
  ts timestamp NULL,
  ts6 timestamp(6) NULL,
  t time,
  t6 time(6),
  y year,
  txt text,
  c char(38),
  bl blob,
  vb varbinary(16),
  b1 bit(1),
  b8 bit(8),
  ti1 tinyint(1),
  ti4 tinyint,
  bo boolean,
  f float,
  dbl double,
  en enum('a','b','é'),
  st set('x','y','z'),
  js json,
  dtnn datetime NOT NULL,
  dnn date NOT NULL,
  note varchar(64),
  PRIMARY KEY (id)
)`

const bytes = (...values: number[]): Uint8Array => Buffer.from(values)

/** Rows at the edges of their types: the largest and smallest values, zero dates, emoji, empty and null. */
const edges: readonly SqlRow[] = [
  {
    big: 9_007_199_254_740_993n,
    ubig: 9_223_372_036_854_775_807n,
    uint: 4_294_967_295,
    small: 2_147_483_647,
    dec2: '12345678.90',
    dec30: '12345678901234567890.0123456789',
    d: '2026-03-01',
    dt: '2026-03-01 12:34:56',
    dt3: '2026-03-01 12:34:56.789',
    dt6: '2026-03-01 12:34:56.123456',
    ts: '2026-03-01 12:34:56',
    ts6: '2026-03-01 12:34:56.654321',
    t: '-12:34:56',
    t6: '838:59:58.999999',
    y: 2026,
    txt: 'emoji 😀👩‍⚕️ "quoted" \\ back\nnewline\ttab',
    c: 'x',
    bl: bytes(0, 255, 16, 128, 65, 66),
    vb: bytes(222, 173, 190, 239),
    b1: bytes(1),
    b8: bytes(129),
    ti1: 1,
    ti4: -128,
    bo: 1,
    f: 1.5,
    dbl: 0.1,
    en: 'é',
    st: 'x,z',
    js: '{"a": [1, 2.5, "é"], "empty": {}}',
    dtnn: '1969-12-31 23:59:59',
    dnn: '1000-01-01',
    note: 'values',
  },
  {
    big: -9_223_372_036_854_775_808n,
    ubig: 18_446_744_073_709_551_615n,
    uint: 0,
    small: -2_147_483_648,
    dec2: '-0.01',
    dec30: '0',
    d: '9999-12-31',
    dt: '9999-12-31 23:59:59',
    dt3: '1970-01-01 00:00:00.001',
    dt6: '1969-12-31 23:59:59.999999',
    ts: '2038-01-19 03:14:07',
    ts6: '1970-01-01 00:00:01.000001',
    t: '00:00:00',
    t6: '-00:00:00.000001',
    y: 1901,
    txt: '',
    c: '',
    bl: bytes(),
    vb: bytes(),
    b1: bytes(0),
    b8: bytes(0),
    ti1: 7,
    ti4: 127,
    bo: 0,
    f: -0.25,
    dbl: 1e300,
    en: 'a',
    st: '',
    js: 'null',
    dtnn: '2026-01-01 00:00:00',
    dnn: '2026-01-01',
    note: 'edges',
  },
  {
    d: '0000-00-00',
    dt: '0000-00-00 00:00:00',
    dt6: '0000-00-00 00:00:00',
    ts: '0000-00-00 00:00:00',
    y: 0,
    dtnn: '0000-00-00 00:00:00',
    dnn: '0000-00-00',
    note: 'zero dates, the rest null',
  },
]

/** The `obslab_types` table as the simulation sees it: the ids it gave out, and the columns added so far. */
export class TypesTable {
  /** The ids of ordinary rows: those at the edges stay as they are. */
  #ids: number[] = []
  #next = 1
  #altered = false

  /** Inserts the rows at the edges of their types. */
  edges(): readonly Statement[] {
    return edges.map(row => insert('obslab_types', [{ id: this.#next++, ...row }]))
  }

  /** Inserts, changes or deletes an ordinary row at the time `now`. */
  change(random: Random, now: number): Statement {
    if (this.#ids.length === 0 || random.chance(0.5)) {
      this.#ids.push(this.#next)
      return insert('obslab_types', [this.#row(random, now, this.#next++)])
    }
    const id = random.pick(this.#ids)
    if (random.chance(0.2)) {
      this.#ids = this.#ids.filter(other => other !== id)
      return { sql: 'DELETE FROM obslab_types WHERE id=?', values: [id] }
    }
    const { id: _, ...columns } = this.#row(random, now, id)
    return update('obslab_types', 'id', id, columns)
  }

  /** Adds a column in the middle and widens two: an INT to BIGINT, a VARCHAR to a longer one. Rows keep their values. */
  alter(): readonly Statement[] {
    this.#altered = true
    return [
      plain('ALTER TABLE obslab_types ADD COLUMN added varchar(20) NULL AFTER small'),
      plain('ALTER TABLE obslab_types MODIFY COLUMN small bigint, MODIFY COLUMN note varchar(255)'),
    ]
  }

  #row(random: Random, now: number, id: number): SqlRow {
    const micros = String(random.int(0, 999_999)).padStart(6, '0')
    const moment = datetime(now)
    return {
      id,
      big: BigInt(random.int(-1_000_000, 1_000_000)) * 9_007_199_254n,
      ubig: random.int(0, 1_000_000),
      uint: random.int(0, 4_294_967_295),
      small: this.#altered ? 3_000_000_000 + id : id,
      dec2: (random.int(-99_999, 99_999) / 100).toFixed(2),
      dec30: `${random.int(0, 99_999)}.${micros}0123`,
      d: date(now),
      dt: moment,
      dt3: `${moment}.${micros.slice(0, 3)}`,
      dt6: `${moment}.${micros}`,
      ts: moment,
      ts6: `${moment}.${micros}`,
      t: moment.slice(11),
      t6: `-${moment.slice(11)}.${micros}`,
      y: random.int(1950, 2030),
      txt: random.pick(['asante 🙏', 'webale', 'ñandú 日本', '']),
      c: random.uuid(),
      bl: bytes(random.int(0, 255), 0, random.int(0, 255)),
      vb: bytes(random.int(0, 255)),
      b1: bytes(random.int(0, 1)),
      b8: bytes(random.int(0, 255)),
      ti1: random.int(0, 7),
      ti4: random.int(-9, 9),
      bo: random.int(0, 1),
      f: random.int(-400, 400) / 4,
      dbl: random.int(-99_999, 99_999) / 1000,
      en: random.pick(['a', 'b', 'é', null]),
      st: random.pick(['', 'x', 'x,y', 'x,y,z']),
      js: JSON.stringify({ n: random.int(0, 99), list: [null, true, 'é'] }),
      dtnn: moment,
      dnn: date(now),
      note: 'ordinary',
      ...(this.#altered ? { added: random.pick(['new', null]) } : {}),
    }
  }
}
