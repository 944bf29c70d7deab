/** What a job's pieces are called, all after its pipeline. */
export interface JobNames {
  /** Where its offsets are committed, so that ordinary tools show its lag. */
  group: string
  /** Under which its instances fence each other off. */
  transactionalId: string
}

/** The names of a job by its pipeline's. */
export function jobNames(job: string): JobNames {
  return { group: `obslab.${job}`, transactionalId: `obslab.${job}` }
}

/** The topic of the dead letters beside an output topic. */
export function deadLetterTopic(output: string): string {
  return `${output}.dead-letters`
}

/** The table of the dead letters beside an output table. */
export function deadLetterTable(output: string): string {
  return `${output}_dead_letters`
}

/** The file of the dead letters beside a file of rows. */
export function deadLetterFile(file: string): string {
  return `${file}.dead-letters`
}
