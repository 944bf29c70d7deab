export { flatObs } from 'obslab/job'
