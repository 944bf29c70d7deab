/** An output of a code cell, as the notebook format 4 has it. */
export type Output =
  | { output_type: 'stream'; name: 'stdout' | 'stderr'; text: string }
  | { output_type: 'display_data'; data: Record<string, unknown>; metadata: Record<string, unknown> }

/** A cell of a notebook, its source in lines that keep their line ends. */
export interface Cell {
  cell_type: 'code' | 'markdown'
  id: string
  metadata: Record<string, unknown>
  source: string[]
  execution_count?: number | null
  outputs?: Output[]
}

/** A notebook file, format 4. */
export interface Notebook {
  cells: Cell[]
  metadata: Record<string, unknown>
  nbformat: number
  nbformat_minor: number
}

/** The text a reader sees of an output, without what differs between two runs: rates and times. */
export function stableText(output: Output): string {
  const text = output.output_type === 'stream' ? output.text : String(output.data['text/plain'] ?? '')
  return text.replaceAll(/ · [\d,.]+\/s/g, '').replaceAll(/\d[\d,.]* (ms|s)\b/g, '… $1')
}
