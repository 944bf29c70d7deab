/** The layers of docs/architecture.md, highest first; folders on one line never import each other. */
module.exports.layers = [
  ['index', 'job', 'cli', 'lab', 'commands'],
  ['export'],
  ['validate', 'advise', 'display', 'stack'],
  ['job-runtime', 'openmrs'],
  ['pipeline', 'frame'],
  ['change'],
  ['source'],
  ['log'],
  ['errors', 'clock'],
]
