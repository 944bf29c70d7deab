/** The layers of docs/architecture.md, highest first. Imports go down; names on one line never import each other. */
const layers = [
  ['export/'],
  ['validate/', 'advise/', 'display/', 'stack/'],
  ['job/', 'openmrs/'],
  ['pipeline/', 'frame/'],
  ['change/'],
  ['source/'],
  ['log/'],
  [
    'errors.ts',
    'clock.ts',
    'finding.ts',
    'inspect.ts',
    'options.ts',
    'optional-package.ts',
    'exact-sum.ts',
    'handover.ts',
  ],
]
/** The top of src/, above all layers: entries, the façade and the commands. They may import each other. */
const top =
  '(index|job|cli|program|lab|replay|preview|live-preview|validate|export-job|tail|tail-options|find|record-at)\\.ts$|commands/'

const inside = names => `(^|/)src/(${names.join('|')})`

const upward = layers.map((names, depth) => ({
  name: `no import up or across from ${names.join(', ')}`,
  severity: 'error',
  from: { path: inside(names) },
  to: { path: inside([...layers.slice(0, depth).flat(), top]) },
}))

const across = layers.slice(0, -1).flatMap(names =>
  names.length < 2
    ? []
    : names.map(name => ({
        name: `no import across from ${name}`,
        severity: 'error',
        from: { path: inside([name]) },
        to: { path: inside(names.filter(other => other !== name)) },
      })),
)

/** What an exported job installs: job.ts reaches these and nothing heavier. */
const jobReach = {
  name: 'job.ts reaches layers 0-3, pipeline, job and openmrs only',
  severity: 'error',
  from: { path: '(^|/)src/job\\.ts$' },
  to: {
    path: '(^|/)src/(frame/|display/|validate/|advise/|stack/|export/|lab|cli|program|index|commands/)',
    reachable: true,
  },
}

module.exports = {
  forbidden: [
    ...upward,
    ...across,
    jobReach,
    { name: 'no cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'no package that package.json does not name',
      severity: 'error',
      from: { path: '(^|/)src/' },
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown', 'unknown'], dependencyTypesNot: ['npm-peer'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { extensions: ['.ts', '.js', '.json'] },
  },
}
