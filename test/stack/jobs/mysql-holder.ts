import { thisProcess } from '../../../src/job/holder.js'
import { jsonLog } from '../../../src/job/log.js'
import { mysqlSink } from '../../../src/job/mysql-sink.js'

/** Opens the sink that its arguments describe, says so, and holds it until it is killed. */
const [address, request] = process.argv.slice(2).map(text => JSON.parse(text))
const self = thisProcess(Date.now())
await mysqlSink(address).open({ ...request, self, log: jsonLog() })
process.stdout.write(`${JSON.stringify(self)}\n`)
