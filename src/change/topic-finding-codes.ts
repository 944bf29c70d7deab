import type { Severity } from '../finding.js'

/** What one code of a finding about a topic means. Every text is one or more whole sentences. */
export interface TopicFindingKind {
  readonly severity: Severity
  /** What is the case. */
  readonly meaning: string
  /** How it comes about. */
  readonly cause: string
  /** What obslab does about it, and what is to be done. */
  readonly cure: string
}

/** The code of a finding about a topic. */
export type TopicFindingCode =
  | 'quarantined'
  | 'partial-row'
  | 'redelivered'
  | 're-snapshot'
  | 'incremental-snapshot'
  | 'server-changed'
  | 'truncated'
  | 'truncated-in-partitions'
  | 'history-incomplete'
  | 'history-compacted'
  | 'snapshot-unfinished'
  | 'rows-not-read-again'
  | 'row-never-seen'
  | 'tombstone-without-delete'
  | 'delete-without-tombstone'
  | 'key-changed'
  | 'key-in-several-partitions'
  | 'key-null'
  | 'key-differs'
  | 'unwrapped'
  | 'unwrapped-without-op'
  | 'unwrapped-without-position'
  | 'unwrapped-tombstone'
  | 'columns-changed'
  | 'column-unknown'
  | 'types-inferred'
  | 'zero-date'
  | 'bigint-wrapped'
  | 'bigint-sign-unknown'
  | 'null-as-default'
  | 'times-lossy'
  | 'microseconds-cut'
  | 'decimal-as-double'
  | 'float-rounded'
  | 'binary-as-text'
  | 'binary-mode-doubtful'
  | 'uuid-shifted'
  | 'times-in-seconds'
  | 'cascade-possible'
  | 'transaction-without-end'

const unwrapCure =
  'Take the transform off the topics that obslab reads, or set on it delete.tombstone.handling.mode=rewrite (or ' +
  'rewrite-with-tombstone, on a compacted topic), ' +
  'add.fields=op,db,table,source.ts_ms,source.file,source.pos,source.row,source.server_id,source.gtid,source.snapshot, ' +
  'and replace.null.with.default=false.'

/**
 * Every surprise that a table's topic can hold, by its code. docs/findings.md lists the same texts; codes are stable
 * between versions.
 */
export const topicFindingCodes: Readonly<Record<TopicFindingCode, TopicFindingKind>> = {
  // what could not be read
  quarantined: {
    severity: 'error',
    meaning: 'Records could not be decoded and were set aside.',
    cause:
      'A value does not fit its column’s type, a row does not fit the topic’s definition, an op is not known, or the ' +
      'record is not what Debezium writes.',
    cure:
      'Each is listed with its position and reason. A row whose newest version cannot be decoded is in no table until ' +
      'a later version can.',
  },
  'partial-row': {
    severity: 'error',
    meaning: 'Rows hold a part of their columns only, and were set aside.',
    cause:
      'The database wrote partial row images (binlog_row_image MINIMAL or NOBLOB, which a session can set for itself), ' +
      'or the connector left out a value and wrote its unavailable.value.placeholder. Debezium 3.5 stops at such rows; ' +
      'an update of part of a JSON document (binlog_row_value_options=PARTIAL_JSON) it passes over without an event.',
    cure:
      'Set binlog_row_image=FULL and binlog_row_value_options to nothing, and read the table again with a snapshot: ' +
      'what the missing columns hold is in no record.',
  },
  // delivery and order
  redelivered: {
    severity: 'information',
    meaning: 'Changes were delivered a second time.',
    cause:
      'Kafka Connect was killed or restarted before it had committed how far it was, and wrote a block of changes again.',
    cure: 'They are counted and skipped; nothing has to be done.',
  },
  're-snapshot': {
    severity: 'information',
    meaning: 'The table was read again as a whole after its first changes.',
    cause: 'The connector was registered anew, lost its offsets, or was asked for a blocking snapshot.',
    cure:
      'Source positions begin anew there. A row that was deleted while nothing was captured has no event: it is known ' +
      'to be gone only because the snapshot does not have it.',
  },
  'incremental-snapshot': {
    severity: 'information',
    meaning: 'Rows were read again among the changes by an incremental snapshot.',
    cause: 'A row in the signal table, or a message on the signal topic, asked for it.',
    cure: 'They are taken as upserts. It retracts no row, since it does not say which rows it did not find.',
  },
  'server-changed': {
    severity: 'warning',
    meaning: 'Source positions go on in another server’s log.',
    cause: 'A failover, a restored database, or a log that was begun anew (RESET MASTER).',
    cure:
      'Positions before and after do not compare, so each side is judged by itself. Without GTIDs changes around that ' +
      'point may be missing or double: compare the tables with the database, or take a new snapshot.',
  },
  truncated: {
    severity: 'information',
    meaning: 'The table was emptied by TRUNCATE.',
    cause: 'The connector was told to capture truncates (skipped.operations=none).',
    cure: 'All rows known by then are removed. With the connector’s default a TRUNCATE leaves no event at all.',
  },
  'truncated-in-partitions': {
    severity: 'warning',
    meaning: 'The table was emptied by TRUNCATE, and its topic has more than one partition.',
    cause: 'A truncate is one record in one partition, without an order against the rows in the others.',
    cure:
      'Rows of other partitions are told by source position to be before or after it, where they have one. Give the ' +
      'topic one partition, or take a new snapshot after a TRUNCATE.',
  },
  'history-incomplete': {
    severity: 'warning',
    meaning: 'The topic’s first records are gone.',
    cause: 'Retention (cleanup.policy=delete) deleted them, or somebody did.',
    cure:
      'Rows that did not change since are unknown. Set retention.ms=-1 or cleanup.policy=compact for the topics of ' +
      'tables, and take a new snapshot.',
  },
  'history-compacted': {
    severity: 'information',
    meaning: 'Compaction took older records of the topic.',
    cause: 'cleanup.policy=compact keeps the newest record of each key and may take the others.',
    cure:
      'The current table is whole. Moments in the past, the history of a row and its versions show only what is left: ' +
      'keep the records (cleanup.policy=delete with retention.ms=-1) where they are needed.',
  },
  'snapshot-unfinished': {
    severity: 'warning',
    meaning: 'The last snapshot of the table was not read to its end.',
    cause: 'The connector was stopped while it took the snapshot, or is taking it now.',
    cure: 'Rows that it has not reached are missing, or as they were before. Let it finish, then read the topic again.',
  },
  'rows-not-read-again': {
    severity: 'warning',
    meaning: 'Rows are gone only because a full snapshot did not find them.',
    cause:
      'They were deleted while nothing was captured; or the snapshot was told to read a part of the table ' +
      '(snapshot.select.statement.overrides, additional-conditions of a signal).',
    cure: 'They count as deleted. If the snapshot was of a part of the table, compare the table with the database.',
  },
  'row-never-seen': {
    severity: 'information',
    meaning: 'Rows were updated or deleted that no earlier record had brought.',
    cause:
      'Compaction or retention took the earlier records, reading began after them, or the connector took no snapshot.',
    cure: 'An update is taken as an upsert; its before is what the database said, not what this topic ever showed.',
  },
  'tombstone-without-delete': {
    severity: 'information',
    meaning: 'Tombstones have no delete before them.',
    cause: 'Compaction keeps the newest record of a key, which is the tombstone. Or something else wrote it.',
    cure: 'The row is deleted all the same; when, and what it held, is not known.',
  },
  'delete-without-tombstone': {
    severity: 'information',
    meaning: 'Deletes have no tombstone after them.',
    cause:
      'tombstones.on.delete=false, an unwrapping transform that rewrites deletes, or a crash between the two.',
    cure:
      'The delete counts. On a compacted topic its record stays for ever: set tombstones.on.delete=true, or ' +
      'delete.tombstone.handling.mode=rewrite-with-tombstone.',
  },
  // keys
  'key-changed': {
    severity: 'information',
    meaning: 'Rows changed their key.',
    cause:
      'An UPDATE of a primary key column: a delete and its tombstone under the old key and a create under the new one, ' +
      'linked by headers, perhaps in two partitions.',
    cure: 'The two are one change: newKey of the delete and oldKey of the create say so.',
  },
  'key-in-several-partitions': {
    severity: 'warning',
    meaning: 'Records of one key are in more than one partition.',
    cause:
      'The number of partitions was raised, or another partitioner or another key wrote some of the records.',
    cure:
      'Source positions decide which version is newer, where they compare. Where they do not, take a new snapshot into ' +
      'a topic that has its partitions from the start.',
  },
  'key-null': {
    severity: 'warning',
    meaning: 'Records of rows have no key.',
    cause: 'The table has no primary key and no unique key, or a transform took the key away.',
    cure:
      'Without a key there is no current row. Name the columns that identify one, topic(name, schema, { key: [...] }), ' +
      'or have the connector write them: message.key.columns=<database>.<table>:<columns>.',
  },
  'key-differs': {
    severity: 'warning',
    meaning: 'The key of the records is not the key of the topic’s definition.',
    cause: 'message.key.columns, or a transform, gives records another key than the table’s primary key.',
    cure:
      'The definition’s key identifies rows. Changes of one row may then be in several partitions, and compaction ' +
      'keeps the newest record of another key: make the two the same.',
  },
  // unwrapped records
  unwrapped: {
    severity: 'warning',
    meaning: 'Records hold rows alone, without Debezium’s envelope.',
    cause: 'The connector unwraps them with the transform ExtractNewRecordState.',
    cure: `There is no before. ${unwrapCure}`,
  },
  'unwrapped-without-op': {
    severity: 'warning',
    meaning: 'Unwrapped records do not say whether a row was created, updated or read by a snapshot.',
    cause: 'add.fields of the unwrapping transform lacks op.',
    cure: `Each counts as an update. ${unwrapCure}`,
  },
  'unwrapped-without-position': {
    severity: 'warning',
    meaning: 'Unwrapped records do not say where they stand in the database’s log.',
    cause: 'add.fields of the unwrapping transform lacks source.file and source.pos.',
    cure: `A change that was delivered a second time is applied a second time, over newer ones. ${unwrapCure}`,
  },
  'unwrapped-tombstone': {
    severity: 'warning',
    meaning: 'Deletes are bare tombstones: when the row was deleted and what it held is lost.',
    cause: 'The unwrapping transform handles deletes in its default mode, tombstone.',
    cure: `The row is deleted. ${unwrapCure}`,
  },
  // columns and values
  'columns-changed': {
    severity: 'information',
    meaning: 'Columns appeared, vanished or changed their type in the middle of the topic.',
    cause: 'ALTER TABLE.',
    cure: 'Each row is decoded by the columns of its moment; a column that it did not have then is null.',
  },
  'column-unknown': {
    severity: 'warning',
    meaning: 'Rows have columns that neither their schema nor the DDL in force has.',
    cause:
      'The topic of schema changes lacks a statement: it lost records, or the statement was not captured.',
    cure:
      'Their types are taken from their values. Declare them in the topic’s definition with their MySQL types, or have ' +
      'the connector write schemas.',
  },
  'types-inferred': {
    severity: 'information',
    meaning: 'Types of columns are taken from the values met.',
    cause:
      'Records carry no schema, and neither the topic of schema changes nor a definition speaks of the columns.',
    cure:
      'Dates, decimals and binary columns stay as they are written. Read the topic of schema changes too, set ' +
      'schemas.enable=true, or declare MySQL types in the topic’s definition.',
  },
  'zero-date': {
    severity: 'warning',
    meaning: 'Dates may stand for MySQL’s zero dates.',
    cause:
      'Debezium has no value for 0000-00-00: it writes null, and where the column is NOT NULL its default or the first ' +
      'moment of 1970. A TIMESTAMP of zero is that moment in streamed changes, null in a snapshot; the YEAR 0 is 1900 ' +
      'in streamed changes, 2000 in a snapshot.',
    cure:
      'Take 1970-01-01 in these columns for “not known”, or mend the rows in the database. A YEAR of 1900, which MySQL ' +
      'does not have, is turned back into 0.',
  },
  'bigint-wrapped': {
    severity: 'warning',
    meaning: 'Unsigned BIGINT values beyond 2^63 were written as negative numbers.',
    cause: 'bigint.unsigned.handling.mode=long, which is the default.',
    cure:
      'They are turned back where the column is known to be unsigned. Set bigint.unsigned.handling.mode=precise, or ' +
      'declare the column’s MySQL type.',
  },
  'bigint-sign-unknown': {
    severity: 'information',
    meaning: 'Columns of 64-bit integers hold negative numbers, and nothing says whether they are signed.',
    cause:
      'A record’s schema has one type for BIGINT and BIGINT UNSIGNED, and bigint.unsigned.handling.mode=long writes ' +
      'what is beyond 2^63 as a negative number.',
    cure: 'Read the topic of schema changes too, or declare the columns’ MySQL types in the topic’s definition.',
  },
  'null-as-default': {
    severity: 'warning',
    meaning: 'Values that are their column’s default may stand for NULL.',
    cause:
      'JsonConverter writes the default for a null in a nullable column that has one, unless told not to.',
    cure: 'Set value.converter.replace.null.with.default=false in the connector, and take a new snapshot.',
  },
  'times-lossy': {
    severity: 'warning',
    meaning: 'Times are written in a way that cannot hold all that the database can.',
    cause:
      'time.precision.mode: connect cuts microseconds, and with it and isostring a TIME below 0 or from 24 hours is ' +
      'null; nanoseconds turn dates before 1677 or after 2262, 9999-12-31 among them, into others.',
    cure: 'Set time.precision.mode=adaptive_time_microseconds, which is the default, or microseconds.',
  },
  'microseconds-cut': {
    severity: 'information',
    meaning: 'Times before 1691 or after 2248 lost their microseconds.',
    cause:
      'A time is a number of milliseconds whose fraction holds the microseconds, and has no room for both there.',
    cure: 'Milliseconds are kept. Nothing has to be done for the last moment of 9999 that stands for “for ever”.',
  },
  'decimal-as-double': {
    severity: 'warning',
    meaning: 'Decimals are written as doubles, with 15 exact digits.',
    cause: 'decimal.handling.mode=double.',
    cure: 'Set decimal.handling.mode=precise, which is the default, or string.',
  },
  'float-rounded': {
    severity: 'information',
    meaning: 'FLOAT columns have six digits in snapshots and all of theirs in streamed changes.',
    cause: 'The database prints a FLOAT with six digits, and a snapshot reads what it prints.',
    cure: 'Compare such values with a tolerance, or make the columns DOUBLE.',
  },
  'binary-as-text': {
    severity: 'warning',
    meaning: 'Binary columns stay the text that the connector made of them.',
    cause: 'binary.handling.mode is base64, base64-url-safe or hex; a record’s schema does not say which.',
    cure:
      "Name the setting in the topic’s definition, connector: { 'binary.handling.mode': … }, or set it to bytes, " +
      'which is the default.',
  },
  'binary-mode-doubtful': {
    severity: 'error',
    meaning: 'Binary columns were read as base64 and hold hexadecimal digits only.',
    cause: 'binary.handling.mode=hex, in records without schema: as base64 the same text is other bytes.',
    cure: "Name the setting in the topic’s definition: connector: { 'binary.handling.mode': 'hex' }.",
  },
  'uuid-shifted': {
    severity: 'warning',
    meaning: 'Values of UUID columns begin with zeros and may have been shifted.',
    cause:
      'MariaDB leaves zero bytes at the end of a UUID out of its log, and the connector (3.5) puts them in front when ' +
      'it streams the change. Snapshots have them right.',
    cure: 'Keep UUIDs in CHAR(36) columns, or read the rows again with an incremental snapshot.',
  },
  'times-in-seconds': {
    severity: 'information',
    meaning: 'The database tells the time of its changes in whole seconds.',
    cause: 'MariaDB, and MySQL before 8.0, write whole seconds into their logs.',
    cure: 'A lag that begins at the database is up to a second too long. Order goes by position, never by this time.',
  },
  // what the topic cannot show
  'cascade-possible': {
    severity: 'warning',
    meaning: 'Foreign keys can change rows of this table without an event.',
    cause:
      'ON UPDATE or ON DELETE with CASCADE or SET NULL: the database changes the rows itself and writes nothing of it ' +
      'into its log.',
    cure: 'Compare the table with the database after keys of the referenced table changed, or take a new snapshot.',
  },
  'transaction-without-end': {
    severity: 'information',
    meaning: 'Transactions began and never ended.',
    cause: 'A DDL statement opens a transaction for which the connector writes no END.',
    cure: 'By itself it does not mean that changes are missing; nothing has to be done.',
  },
}
