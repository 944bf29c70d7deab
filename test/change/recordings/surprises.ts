/** The tables of the recordings that `capture-surprises.ts` makes. */
export const createTables: readonly string[] = [
  'CREATE TABLE debezium_signal (id VARCHAR(42) PRIMARY KEY, type VARCHAR(32) NOT NULL, data VARCHAR(2048))',
  `CREATE TABLE ward (id INT PRIMARY KEY, name VARCHAR(20) NULL DEFAULT 'no name', beds INT NOT NULL DEFAULT 1)`,
  `CREATE TABLE bed (id INT PRIMARY KEY, ward_id INT, note VARCHAR(40) COMMENT 'on update cascade',
    FOREIGN KEY (ward_id) REFERENCES ward (id) ON DELETE RESTRICT ON UPDATE CASCADE)`,
  'CREATE TABLE visit_log (day DATE, ward INT, visitors INT)',
  'CREATE TABLE spread (id INT PRIMARY KEY, v INT)',
]

/** What is in the tables when the snapshot is taken. */
export const snapshotRows: readonly string[] = [
  `INSERT INTO ward VALUES (1, 'east', 4), (2, NULL, 5), (3, 'south', 6)`,
  `INSERT INTO bed VALUES (10, 1, NULL), (11, 1, NULL), (12, 3, NULL)`,
  `INSERT INTO visit_log VALUES ('2026-01-01', 1, 5), ('2026-01-01', 2, 6)`,
  'INSERT INTO spread VALUES (1, 1), (2, 2), (3, 3), (4, 4), (5, 5), (6, 6)',
]

/** What is done while the connectors stream, in order. */
export const streamed: readonly string[] = [
  'UPDATE ward SET beds = 7 WHERE id = 2',
  `INSERT INTO ward VALUES (4, NULL, 8), (5, 'west', 9)`,
  'UPDATE ward SET id = 20 WHERE id = 1',
  'DELETE FROM ward WHERE id = 5',
  `UPDATE visit_log SET visitors = 50 WHERE day = '2026-01-01' AND ward = 1`,
  `DELETE FROM visit_log WHERE day = '2026-01-01' AND ward = 2`,
  'UPDATE spread SET v = v + 1',
  'TRUNCATE TABLE spread',
  'INSERT INTO spread VALUES (1, 10), (7, 70), (8, 80)',
  'ALTER TABLE ward ADD COLUMN floor INT NULL',
  'UPDATE ward SET floor = 3 WHERE id = 3',
  'ALTER TABLE ward DROP COLUMN floor',
  'UPDATE ward SET beds = 70 WHERE id = 3',
]

/** What is done while no connector runs: before the second snapshot. */
export const unseen: readonly string[] = [
  'DELETE FROM bed WHERE id = 12',
  `INSERT INTO bed VALUES (13, 3, 'new')`,
]

/** What is done after the second snapshot. */
export const afterwards: readonly string[] = [`UPDATE bed SET note = 'clean' WHERE id = 13`]

/** A table that sessions change with partial row images, and how. */
export const partialTable: readonly string[] = [
  'CREATE TABLE debezium_signal (id VARCHAR(42) PRIMARY KEY, type VARCHAR(32) NOT NULL, data VARCHAR(2048))',
  'CREATE TABLE doc (id INT PRIMARY KEY, title VARCHAR(20), body TEXT, tree JSON)',
  `INSERT INTO doc VALUES (1, 'one', 'long text', '{"a": {"b": 1}, "c": [1, 2, 3, 4, 5, 6, 7, 8, 9]}'), (2, 'two', 'more', '{}')`,
]

/** Statements by the session setting they run under. */
export const partialUpdates: readonly (readonly [string, string])[] = [
  [`SET SESSION binlog_row_image = 'FULL'`, `UPDATE doc SET title = 'uno' WHERE id = 1`],
  [
    `SET SESSION binlog_row_value_options = 'PARTIAL_JSON'`,
    `UPDATE doc SET tree = JSON_SET(tree, '$.a.b', 2) WHERE id = 1`,
  ],
  [`SET SESSION binlog_row_value_options = ''`, `UPDATE doc SET title = 'un' WHERE id = 1`],
  [`SET SESSION binlog_row_image = 'NOBLOB'`, `UPDATE doc SET title = 'ein' WHERE id = 1`],
  [`SET SESSION binlog_row_image = 'MINIMAL'`, `UPDATE doc SET title = 'zwei' WHERE id = 2`],
]
