import { clinicalTables } from './schema-clinical.js'
import { metadataTables } from './schema-metadata.js'
import { peopleTables } from './schema-people.js'
import { typesTable } from './types-table.js'

const signalTable = `CREATE TABLE debezium_signal (
  id varchar(42) NOT NULL,
  type varchar(32) NOT NULL,
  data varchar(2048),
  PRIMARY KEY (id)
)`

/**
 * The tables of the simulated database by name, each with its `CREATE TABLE`, in an order that satisfies their
 * foreign keys: the OpenMRS tables that obslab knows, `debezium_signal` (Debezium's signalling table) and
 * `obslab_types` (a column of every type). Foreign keys to OpenMRS tables that are not among them (users, forms,
 * visit types, …) are left out.
 */
export const schema: Readonly<Record<string, string>> = {
  ...metadataTables,
  ...peopleTables,
  ...clinicalTables,
  debezium_signal: signalTable,
  obslab_types: typesTable,
}
