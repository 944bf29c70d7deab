import { inspect } from 'node:util'
import { findingsBundle, findingsText, isFindings } from './findings.js'
import { cellDisplay } from './notebook.js'

/** What a value can look like besides its text: a frame, a chart, a table. */
export interface Showable {
  /** Representations by MIME type, `text/plain` among them. Sensitive values are masked in all. */
  mimeBundle(): Readonly<Record<string, unknown>>
}

/** A value whose richest form takes a moment to make: a chart. */
export interface SlowlyShowable {
  /** As {@link Showable.mimeBundle}, later. */
  mimeBundle(): Promise<Readonly<Record<string, unknown>>>
}

/**
 * Shows a value: in a notebook as the richest form it has (tables as HTML, charts as Vega-Lite and SVG), elsewhere as
 * text; findings as lines. Sensitive columns are masked. Tables are shown at once; a chart takes a moment to draw: `await show(chart(…))`.
 */
export function show(value: SlowlyShowable): Promise<void>
export function show(value: unknown): void
export function show(value: unknown): void | Promise<void> {
  const display = cellDisplay()
  if (display === null) {
    console.log(plainText(value))
    return
  }
  const bundle = bundleOf(value)
  if (bundle instanceof Promise) return bundle.then(drawn => display.show(drawn))
  display.show(bundle)
}

function plainText(value: unknown): string {
  if (isFindings(value)) return findingsText(value)
  return typeof value === 'string' ? value : inspect(value)
}

function bundleOf(
  value: unknown,
): ReturnType<SlowlyShowable['mimeBundle']> | ReturnType<Showable['mimeBundle']> {
  if (isFindings(value)) return findingsBundle(value)
  return isShowable(value) ? value.mimeBundle() : { 'text/plain': inspect(value) }
}

function isShowable(value: unknown): value is Showable | SlowlyShowable {
  return typeof value === 'object' && value !== null && typeof (value as Showable).mimeBundle === 'function'
}
