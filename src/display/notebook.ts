import { randomUUID } from 'node:crypto'
import { createRequire } from 'node:module'

/** A display in a notebook's cell: what it shows can be replaced as long as the kernel lives. */
export interface CellDisplay {
  /** Shows `data`, one representation per MIME type; the viewer picks the richest it knows. */
  show(data: Readonly<Record<string, unknown>>): void
  /**
   * Shows `data` in the cell that runs now, as the same display: what was shown before and this are then replaced
   * together. A page that was loaded anew no longer follows what its cells showed before.
   */
  showHere(data: Readonly<Record<string, unknown>>): void
}

type WriteDisplayData = (
  content: { data: Readonly<Record<string, unknown>>; metadata: object; transient: { display_id: string } },
  update: boolean,
) => void

/**
 * A new display in the running cell, or null outside a notebook. tslab offers one MIME type a display; several in one
 * bundle go through a function it keeps for itself, so whatever is missing there means "not in a notebook".
 */
export function cellDisplay(): CellDisplay | null {
  if (!('__tslab__' in globalThis)) return null
  const jupyter = tslabJupyter()
  if (typeof jupyter?.lastWriteDisplayData !== 'function') return null
  const displayId = randomUUID()
  let shown = false
  const write = (data: Readonly<Record<string, unknown>>, update: boolean): void => {
    jupyter.lastWriteDisplayData?.({ data, metadata: {}, transient: { display_id: displayId } }, update)
    shown = true
  }
  return { show: data => write(data, shown), showHere: data => write(data, false) }
}

function tslabJupyter(): { lastWriteDisplayData?: WriteDisplayData | null } | null {
  try {
    return createRequire(import.meta.url)('tslab/dist/jupyter')
  } catch {
    return null
  }
}
