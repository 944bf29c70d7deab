// Sources, replaying, following
export { connect, Lab, type TopicArgument } from './lab.js'
export type { TopicRow } from './topic-list.js'
export {
  type SchemaColumn,
  type SchemaColumnChange,
  type SchemaHistoryOptions,
  SchemaTimeline,
  type SchemaVersionRow,
} from './schema-timeline.js'
export type { StatsOptions } from './topic-counts.js'
export { type ColumnNulls, type HourRow, type OpShare, type SizeRow, TopicStats } from './topic-stats.js'
export type { TransactionChange, TransactionOptions, TransactionRow, TransactionsOptions } from './transactions.js'
export type { KafkaOptions } from './source/kafka-options.js'
export type { Bounds, Place } from './source/bounds.js'
export type { ReplayOptions } from './replay.js'
export { Tail } from './tail.js'
export type { TailOptions } from './tail-options.js'
export type { Lag } from './change/flow.js'
export type { FindOptions, FindWhere, FoundChange } from './find.js'
export { type ChangeOp, ChangeRecord } from './frame/change-record.js'

// Tables and frames
export { type RowsOptions, type Scd2Options, Table } from './frame/table.js'
export { asOf, type FramesOf } from './frame/tables.js'
export type { Moment, Time } from './frame/moment.js'

export { Frame, GroupedFrame } from './frame/frame.js'
export * as aggregates from './frame/aggregate.js'
export { desc } from './frame/sort.js'
export type { SqlParameter, SqlValue } from './frame/sql.js'

// Topics and values
export { type TopicOptions, type TypedTopic, topic } from './change/topic.js'
export { type TableColumns, tableSchema } from './change/table-schema.js'
export type { ColumnKind, Row, Value } from './change/column-type.js'
export { at, iso, num } from './change/row-value.js'
export { openmrs } from './openmrs/openmrs.js'
export type { ObsRow } from './openmrs/obs.js'
export { type VitalsRow, vitals } from './openmrs/vitals.js'

// Pipelines
export { type Aggregated, Groups, Pipeline, PipelineStart, pipeline, Rows } from './pipeline/pipeline.js'
export { type Aggregate, type CountOptions, count, first, last, type OrderOptions } from './pipeline/aggregate.js'
export type { PreviewOptions } from './preview.js'
export { type ValidateOptions, Validation, validate } from './validate/validate.js'
export type { Finding, FindingEvidence, Severity } from './finding.js'
export { topicFindingCodes } from './change/topic-finding-codes.js'

// Showing
export { show } from './display/show.js'
export { Chart, type ChartSpec, chart } from './display/chart.js'

// Errors
export { type ErrorCode, errorCodes, ObslabError, type RecordPosition } from './errors.js'
