import { hivSummary } from 'obslab/job'

export { hivSummary }
