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
export type { Cell, CellRow } from './pipeline/cell.js'
export {
  type OutputColumn,
  type OutputDeclaration,
  outputChanges,
  outputDeclaration,
} from './pipeline/output-changes.js'
export {
  explain,
  Explanation,
  type ExplainedState,
  type ExplainedStep,
  type ExplainOptions,
} from './pipeline/explain.js'
export { Param, type ParamValue, type ParamValues, param } from './pipeline/param.js'
export type { PreviewOptions } from './preview.js'
export { LivePreview } from './live-preview.js'
export { type ValidateOptions, validate } from './validate.js'
export { Validation } from './validate/validation.js'
export type { CheckReport } from './validate/checks.js'
export type { GoldenDifference } from './validate/golden.js'
export {
  ExpectedPipeline,
  ExpectedRecording,
  ExpectedRows,
  expectPipeline,
  type ToBeValidOptions,
} from './validate/expect-pipeline.js'
export type { GivenChange, GivenTopics } from './validate/given-changes.js'
// Exporting
export { exportJob, type ExportOptions } from './export-job.js'
export { ExportReport } from './export/export-report.js'

export type { Finding, FindingEvidence, Severity } from './finding.js'
export { topicFindingCodes } from './change/topic-finding-codes.js'

// Showing
export { show } from './display/show.js'
export { Chart, type ChartSpec, chart } from './display/chart.js'

// Errors
export { type ErrorCode, errorCodes, ObslabError, type RecordPosition } from './errors.js'
