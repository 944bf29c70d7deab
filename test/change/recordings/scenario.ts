/** The tables of the recordings in this folder, as the capture creates them. */
export const createTables: readonly string[] = [
  `CREATE TABLE debezium_signal (id VARCHAR(42) PRIMARY KEY, type VARCHAR(32) NOT NULL, data VARCHAR(2048))`,
  `CREATE TABLE types (
    id INT PRIMARY KEY AUTO_INCREMENT,
    ti TINYINT, tiu TINYINT UNSIGNED, ti1 TINYINT(1), bo BOOLEAN,
    si SMALLINT, siu SMALLINT UNSIGNED, mi MEDIUMINT, miu MEDIUMINT UNSIGNED,
    i INT, iu INT UNSIGNED, b BIGINT, bu BIGINT UNSIGNED,
    f FLOAT, dbl DOUBLE, de DECIMAL(10,2), de0 DECIMAL(5), de30 DECIMAL(30,10), deu DECIMAL(8,3) UNSIGNED,
    d DATE, dt DATETIME, dt3 DATETIME(3), dt6 DATETIME(6),
    ts TIMESTAMP NULL, ts3 TIMESTAMP(3) NULL, ts6 TIMESTAMP(6) NULL, t TIME, t3 TIME(3), t6 TIME(6), y YEAR,
    c CHAR(38), vc VARCHAR(64), tt TINYTEXT, tx TEXT, mt MEDIUMTEXT, lt LONGTEXT,
    bi BINARY(8), vb VARBINARY(16), tb TINYBLOB, bl BLOB, mb MEDIUMBLOB, lb LONGBLOB,
    b1 BIT(1), b8 BIT(8), b16 BIT(16), b64 BIT(64),
    en ENUM('a','b','é'), st SET('x','y','z'), js JSON, pt POINT, ge GEOMETRY,
    note VARCHAR(64) COMMENT 'what the row is for'
  ) DEFAULT CHARSET utf8mb4`,
  `CREATE TABLE altered (id INT PRIMARY KEY, amount DOUBLE, at DATETIME, note VARCHAR(64)) DEFAULT CHARSET utf8mb4`,
  `CREATE TABLE moved (id INT PRIMARY KEY, v INT)`,
  `CREATE TABLE two_keys (k1 INT, k2 VARCHAR(20), v INT, PRIMARY KEY (k1, k2))`,
  `CREATE TABLE no_key (a INT, b VARCHAR(20))`,
  `CREATE TABLE emptied (id INT PRIMARY KEY, v INT)`,
  `CREATE TABLE big_keys (id BIGINT PRIMARY KEY, ts_ns BIGINT, ts_us BIGINT, v INT)`,
]

/** One row per corner of the types; each is in the snapshot once and streamed once. */
export const typeRows: readonly string[] = [
  `ti=-128, tiu=255, ti1=1, bo=true, si=-32768, siu=65535, mi=-8388608, miu=16777215, i=-2147483648, iu=4294967295,
   b=9007199254740993, bu=18446744073709551615, f=1.5, dbl=0.1, de=12345678.90, de0=-99999,
   de30=12345678901234567890.0123456789, deu=12345.678, d='2026-03-01', dt='2026-03-01 12:34:56',
   dt3='2026-03-01 12:34:56.789', dt6='2026-03-01 12:34:56.123456', ts='2026-03-01 12:34:56',
   ts3='2026-03-01 12:34:56.789', ts6='2026-03-01 12:34:56.654321', t='-12:34:56', t3='-00:00:00.001',
   t6='838:59:58.999999', y=2026, c='x', vc='emoji 😀👩‍⚕️', tt='"quoted" \\\\ back', tx='new\\nline\\ttab', mt='é日本',
   lt='long', bi=x'0102030000000000', vb=x'deadbeef', tb=x'00', bl=x'00ff10804142', mb=x'ff', lb=x'7f80', b1=b'1',
   b8=b'10000001', b16=b'1000000100000010', b64=b'1000000000000000000000000000000000000000000000000000000000000001',
   en='é', st='x,z', js='{"a": [1, 2.50, "é"], "n": 9007199254740993}', pt=ST_GeomFromText('POINT(1 2)'),
   ge=ST_GeomFromText('LINESTRING(0 0,1 1)'), note='values'`,
  `ti=127, tiu=0, ti1=7, bo=false, si=32767, siu=0, mi=8388607, miu=0, i=2147483647, iu=0, b=-9223372036854775808,
   bu=9223372036854775808, f=-0.25, dbl=1e300, de=-0.01, de0=0, de30=0, deu=0, d='9999-12-31',
   dt='9999-12-31 23:59:59', dt3='1970-01-01 00:00:00.001', dt6='1969-12-31 23:59:59.999999',
   ts='2038-01-19 03:14:07', ts3='1970-01-01 00:00:01.001', ts6='1970-01-01 00:00:01.000001', t='00:00:00',
   t3='00:00:00.5', t6='-00:00:00.000001', y=1901, c='', vc='', tt='', tx='', mt='', lt='', bi=x'0000000000000001',
   vb='', tb='', bl='', mb='', lb='', b1=b'0', b8=b'0', b16=b'0', b64=b'0', en='a', st='', js='null',
   pt=ST_GeomFromText('POINT(-1.5 0)'), ge=ST_GeomFromText('POINT(0 0)'), note='edges'`,
  `ti=0, b=0, bu=1, dbl=-0.1, de=-99999999.99, de0=99999, de30=-0.0000000001, deu=99999.999, d='1000-01-01',
   dt='1000-01-01 00:00:00', dt3='1969-12-31 23:59:59.999', dt6='2248-01-01 00:00:00.000001', t='-838:59:59',
   t3='838:59:58.999', t6='23:59:59.000001', y=2155, c='NULL', vc='•', bi=x'80', b8=b'1', b16=b'1',
   b64=b'1111111111111111111111111111111111111111111111111111111111111111', en='b', st='x,y,z', js='[]',
   note='more edges'`,
  `note='nothing but nulls'`,
]

/** What is in the tables besides when the snapshot is taken. */
export const snapshotRows: readonly string[] = [
  `INSERT INTO altered VALUES (1, 71.25, '2026-01-02 10:11:12', 'before'), (2, 60, NULL, NULL)`,
  `INSERT INTO moved VALUES (1, 10), (2, 20)`,
  `INSERT INTO two_keys VALUES (1, 'a', 2)`,
  `INSERT INTO no_key VALUES (1, 'snapshot')`,
  `INSERT INTO emptied VALUES (1, 1), (2, 2)`,
  `INSERT INTO big_keys VALUES (9007199254740993, 9007199254740995, 1700000000000001, 1), (5, 6, 7, 2)`,
]

/** What is done while the connectors stream, in order. `begin` to `commit` is one transaction. */
export const streamed: readonly string[] = [
  `UPDATE types SET note = CONCAT('touched ', note) WHERE note = 'edges'`,
  `INSERT INTO moved VALUES (3, 30)`,
  `UPDATE moved SET id = 4 WHERE id = 3`,
  `DELETE FROM moved WHERE id = 2`,
  `BEGIN`,
  `INSERT INTO moved VALUES (5, 50), (6, 60)`,
  `UPDATE altered SET note = 'same transaction' WHERE id = 2`,
  `DELETE FROM moved WHERE id = 5`,
  `COMMIT`,
  `UPDATE moved SET v = v + 1`,
  `REPLACE INTO two_keys VALUES (1, 'a', 3)`,
  `INSERT INTO two_keys VALUES (1, 'a', 4) ON DUPLICATE KEY UPDATE v = 44`,
  `UPDATE two_keys SET k2 = 'b' WHERE k1 = 1`,
  `INSERT INTO no_key VALUES (2, 'live')`,
  `UPDATE no_key SET b = 'live2' WHERE a = 2`,
  `DELETE FROM no_key WHERE a = 1`,
  `TRUNCATE TABLE emptied`,
  `INSERT INTO emptied VALUES (3, 3)`,
  `UPDATE big_keys SET v = 3`,
  `DELETE FROM big_keys WHERE id = 5`,
  `ALTER TABLE altered MODIFY COLUMN amount DECIMAL(12,3)`,
  `UPDATE altered SET amount = 72.125 WHERE id = 1`,
  `ALTER TABLE altered ADD COLUMN flag VARCHAR(10) NOT NULL DEFAULT 'N' AFTER amount, MODIFY COLUMN at DATETIME(6)`,
  `UPDATE altered SET flag = 'H', at = '2026-01-02 10:11:12.000013' WHERE id = 1`,
  `ALTER TABLE altered CHANGE COLUMN flag flag2 VARCHAR(20) NULL, ADD COLUMN yes BOOLEAN`,
  `UPDATE altered SET flag2 = 'L', yes = true WHERE id = 1`,
  `ALTER TABLE altered MODIFY COLUMN id BIGINT NOT NULL`,
  `INSERT INTO altered VALUES (9007199254740993, 0.001, NULL, NULL, 'wide', 7)`,
  `ALTER TABLE altered DROP COLUMN flag2`,
  `UPDATE altered SET note = 'after drop' WHERE id = 1`,
]

/** The tables whose final rows the capture keeps as MySQL's own text, beside the recording. */
export const tables = ['types', 'altered', 'moved', 'two_keys', 'no_key', 'emptied', 'big_keys'] as const
