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
