// What a job file and an exported job need: nothing here installs danfojs, vega or tslab.

// Running
export { type JobSummary, type RunJobOptions, runJob } from './job/run-job.js'
export type { JobCounts } from './job/job-context.js'
export type { OnGap } from './job/start-plan.js'
export type { RetryOptions } from './job/retry.js'
export type { Replayed } from './job/replay-letters.js'
export { type ShutdownOptions, shutdownSignal } from './job/shutdown.js'
export { type StartJobOptions, startJob } from './job/start-job.js'
export { type JobSetting, jobSettingsTable } from './job/job-settings-table.js'
export { type JsonLogOptions, jsonLog, type Log, type LogFields } from './job/log.js'
export { type PinoLogOptions, pinoLog } from './job/pino-log.js'
export { type JobMetrics, type JobMetricsOptions, jobMetrics } from './job/metrics.js'
export { type HealthReport, type JobHealth, type JobHealthOptions, jobHealth } from './job/health.js'
export { type HealthServer, type HealthServerOptions, openHealthServer } from './job/health-server.js'
export type { CommitEvent, JobObserver, JobStage, ReadEvent } from './job/job-observer.js'
export type { Clock } from './clock.js'

// Testing
export { outputOf } from './job/output-of.js'

// Sources and sinks
export { openSource } from './source/open-source.js'
export type { Source } from './source/source.js'
export type { KafkaOptions } from './source/kafka-options.js'
export { type KafkaSinkOptions, kafkaSink } from './job/kafka-sink.js'
export { type MysqlSinkOptions, mysqlSink } from './job/mysql-sink.js'
export type { DatabaseAddress } from './job/mysql-connection.js'
export { jsonLinesSink } from './job/json-lines-sink.js'
export type { InputOffset, OutputRecord, Sink, SinkBatch, SinkRequest } from './job/sink.js'
export type { DeadLetterRecord } from './job/dead-letter.js'
export type { Holder } from './job/holder.js'
export type { HeldOutput, SinkProgress } from './job/sink.js'

// Topics and values
export { type TopicOptions, type TypedTopic, topic } from './change/topic.js'
export { type TableColumns, tableSchema } from './change/table-schema.js'
export type { ColumnKind, Row, Value } from './change/column-type.js'
export { at, iso, num } from './change/row-value.js'
export { openmrs } from './openmrs/openmrs.js'
export type { ObsRow } from './openmrs/obs.js'
export { flatObs } from './openmrs/flat-obs.js'
export type { FlatObsItem, FlatObsOrder, FlatObsRow, FlatObsValueType } from './openmrs/flat-obs.js'
export { type HivSummaryRow, hivSummary } from './openmrs/hiv-summary.js'
export { type VitalsRow, vitals } from './openmrs/vitals.js'

// Pipelines
export { Groups, Pipeline, PipelineStart, pipeline, Rows } from './pipeline/pipeline.js'
export { collect, count, countDistinct, first, last, max, mean, min, sum } from './pipeline/aggregate.js'
export type { Aggregate, AggregateKind, OrderOptions, Sum, Summable, WhereOptions } from './pipeline/aggregate.js'
export type { Aggregated, Derived, DerivedColumns, Other, Pivoted, Shown } from './pipeline/row-types.js'
export type {
  Duration,
  FoldOptions,
  FromOptions,
  JoinOptions,
  LatestOptions,
  PivotOptions,
} from './pipeline/row-types.js'
export type { ToOptions, WindowColumns, WindowOptions } from './pipeline/row-types.js'
export { Param, type ParamValue, type ParamValues, param } from './pipeline/param.js'
export type { Cell, CellRow } from './pipeline/cell.js'
export {
  type OutputColumn,
  type OutputDeclaration,
  outputChanges,
  outputDeclaration,
} from './pipeline/output-changes.js'
export type { TopicNames } from './pipeline/plan-changes.js'

// Errors
export { type ErrorCode, errorCodes, ObslabError, type RecordPosition } from './errors.js'
