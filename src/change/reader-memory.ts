import type { Value } from './column-type.js'

/** Plain data: what a column can hold, and lists and objects of that. */
export type PlainData = Value | readonly PlainData[] | { readonly [name: string]: PlainData }

/** What a `ChangeReader` knows of the records it has read, as plain data. */
export interface ReaderMemory {
  readonly [name: string]: PlainData
}
