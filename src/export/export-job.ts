import { dirname } from 'node:path'
import type { Clock } from '../clock.js'
import { ObslabError } from '../errors.js'
import type { Finding } from '../finding.js'
import { groupDigits } from '../frame/format.js'
import type { Log } from '../job/log.js'
import { runJob } from '../job/run-job.js'
import type { Pipeline } from '../pipeline/pipeline.js'
import type { Plan } from '../pipeline/plan.js'
import type { Source } from '../source/source.js'
import { sameOutput } from '../validate/run-delivery.js'
import { validatePlan } from '../validate/validate.js'
import type { Validation } from '../validate/validation.js'
import { checkSlice } from './check-slice.js'
import { ExportReport } from './export-report.js'
import { fixedSource } from './fixed-source.js'
import { fixtureOf } from './fixture.js'
import { GatheringSink } from './gathering-sink.js'
import { loadSlice } from './load-slice.js'
import { resolveMore } from './lock-file.js'
import { installedVersions, type PackageFile, packageFile } from './package-file.js'
import { packedObslab } from './packed-obslab.js'
import type { PipelineSlice } from './pipeline-slice.js'
import { projectFiles } from './project-files.js'
import { ProjectFolder } from './project-folder.js'
import { type RecordedRun, recordedRun } from './recorded-run.js'
import { sameAsRun } from './same-as-run.js'
import { slicePipeline } from './slice.js'
import { changesSince, topicsFile } from './topics-file.js'

/** What {@link exportPipeline} takes. */
export interface ExportRequest {
  /** The plan of the pipeline in the session; null where there is none, on the command line. */
  live: Plan | null
  /** The notebook or TypeScript file. */
  notebook: string
  /** The pipeline's name, or that of its variable. */
  name: string
  /** The folder of the job. */
  out: string
  /** The records that it is proven on. */
  source: Source
  /** Writes it in spite of what is found, which is then recorded. */
  force: boolean
  /** False leaves the validation out. */
  validation: boolean
  seed: number
  golden: string
  clock: Clock
  signal?: AbortSignal | undefined
  /** Told how many records were run through, of how many. */
  onProgress?: (done: number, of: number) => void
}

const silent: Log = { info: () => {}, warn: () => {}, error: () => {} }

/**
 * Makes a job of a pipeline in a notebook: takes what it follows from, loads that on its own, proves it on recorded changes,
 * writes a project of it, and runs it as a job over the same changes, whose output has to be that of the preview byte for
 * byte. Nothing is in the folder of the job before all of this has gone well.
 */
export async function exportPipeline(request: ExportRequest): Promise<ExportReport> {
  const slice = await slicePipeline(request.notebook, request.name)
  const folder = await ProjectFolder.begin(request.out)
  try {
    return await new JobExport(request, slice, folder).run()
  } finally {
    await folder.discard()
  }
}

class JobExport {
  readonly #request: ExportRequest
  readonly #slice: PipelineSlice
  readonly #folder: ProjectFolder
  readonly #findings: Finding[] = []
  #forced: string[] = []

  constructor(request: ExportRequest, slice: PipelineSlice, folder: ProjectFolder) {
    this.#request = request
    this.#slice = slice
    this.#folder = folder
  }

  async run(): Promise<ExportReport> {
    const { live, signal } = this.#request
    const pipeline = await this.#sliced()
    const { plan } = pipeline
    this.#findings.push(...(await checkSlice(this.#slice)))
    const source = await fixedSource(this.#request.source)
    if (live !== null) this.#findings.push(...differsFromSession(live, plan))
    const validation = await this.#validated(source, plan)
    const run = await recordedRun(source, plan, signal)
    this.#findings.push(...(await changesSince(`${this.#folder.out}/topics.json`, plan, run)))
    this.#refuse(plan)
    const fixture = fixtureOf(pipeline, run)
    this.#findings.push(...fixture.findings)
    await this.#write({ pipeline, run, fixture, validation })
    const rows = await this.#runAsJob(pipeline, source, live ?? plan, run)
    const changed = await this.#folder.finish()
    return new ExportReport({
      pipeline: plan.name,
      folder: this.#folder.out,
      files: this.#folder.files,
      changed,
      findings: this.#findings,
      forced: this.#forced,
      validation,
      rows,
      changes: run.changes,
      fixture: fixture.counts,
    })
  }

  /** Writes the slice and loads it from there: what is proven is what is written. */
  async #sliced(): Promise<Pipeline<object>> {
    const { exportName, text, files, source } = this.#slice
    const path = `src/${exportName}.ts`
    await this.#folder.write(path, text)
    for (const file of files) await this.#folder.write(`src/${file.path}`, file.text)
    return await loadSlice({
      slice: this.#slice,
      file: `${this.#folder.draft}/${path}`,
      packagesFrom: dirname(source),
    })
  }

  async #validated(source: Source, plan: Plan): Promise<Validation<object> | null> {
    const { validation, seed, golden, clock, signal, onProgress } = this.#request
    if (!validation) {
      const sentence = `${plan.name}: it was not validated, so that nothing tells whether its output is right.`
      this.#findings.push({ code: 'not-validated', severity: 'error', sentence })
      return null
    }
    const result = await validatePlan<object>(source, plan, {
      signal,
      seed,
      golden,
      clock,
      sample: 50_000,
      onError: 'set-aside',
      shrinkFor: 10_000,
      ...(onProgress && { onProgress }),
    })
    this.#findings.push(...result.findings)
    return result
  }

  /** Stops here when something is wrong, unless it is to be forced. */
  #refuse({ name }: Plan): void {
    const errors = this.#findings.filter(({ severity }) => severity === 'error')
    if (errors.length === 0) return
    this.#forced = errors.map(({ code }) => code)
    if (this.#request.force) return
    const told = errors.map(({ sentence, code }) => `${sentence} [${code}]`).join('\n')
    throw new ObslabError(
      'export-refused',
      `${name} is not exported. ${told}\nMend it, or export it all the same by force: true, --force; that is recorded then.`,
    )
  }

  async #write({ pipeline, run, fixture, validation }: Written): Promise<void> {
    const { exportName, packages, source } = this.#slice
    const obslab = await packedObslab()
    const versions = await installedVersions(packages, dirname(source))
    const job = packageFile({
      name: npmName(exportName),
      pipeline: pipeline.plan.name,
      exportName,
      obslab,
      packages: versions,
    })
    const kept = await this.#keptLock(job)
    const more = packages.filter(name => name !== 'zod')
    const files = await projectFiles({
      slice: this.#slice,
      run,
      source: this.#request.source.name,
      job,
      validation,
      findings: this.#findings,
      forced: this.#forced,
      obslab,
      topics: topicsFile(pipeline.plan, run),
      fixture,
      lock: more.length === 0 ? null : kept,
    })
    for (const [path, content] of files) await this.#folder.write(path, content)
    if (more.length > 0 && kept === null)
      this.#findings.push(...(await resolveMore(this.#folder.draft, more)))
  }

  /** The lock file of the export before, when it is of the same packages: what npm resolved then is not resolved anew. */
  async #keptLock(job: PackageFile): Promise<string | null> {
    const before = await this.#folder.earlier('package.json')
    return before === `${JSON.stringify(job, null, 2)}\n`
      ? await this.#folder.earlier('package-lock.json')
      : null
  }

  /** Runs what was exported as a job over the recorded changes; another output than the preview's is an error. */
  async #runAsJob(
    pipeline: Pipeline<object>,
    source: Source,
    shown: Plan,
    run: RecordedRun,
  ): Promise<number> {
    const { signal, clock } = this.#request
    const sink = new GatheringSink()
    await runJob(pipeline, {
      source,
      sink,
      log: silent,
      clock,
      until: 'end',
      acceptIncomplete: true,
      deadLetterLimit: Number.MAX_SAFE_INTEGER,
      ...(signal && { signal }),
    })
    const preview = shown === pipeline.plan ? run.output : (await recordedRun(source, shown, signal)).output
    if (sameOutput(sink.rows, preview)) return sink.rows.size
    throw new ObslabError(
      'export-refused',
      `${pipeline.plan.name} is not exported: run as a job it gives ${groupDigits(sink.rows.size)} rows that are not those of ` +
        `the preview, which has ${groupDigits(preview.size)}. What is on disk differs from what the session has: save the ` +
        'notebook, run it from the top and export again.',
    )
  }
}

interface Written {
  pipeline: Pipeline<object>
  run: RecordedRun
  fixture: ReturnType<typeof fixtureOf>
  validation: Validation<object> | null
}

function differsFromSession(live: Plan, sliced: Plan): Finding[] {
  const { same, differences } = sameAsRun(live, sliced)
  if (same) return []
  const sentence =
    `${live.name}: the notebook on disk does not define the pipeline of this session: ${differences.join('; ')}. ` +
    'Save the notebook, run its cells again and export then.'
  return [{ code: 'notebook-differs', severity: 'error', sentence }]
}

/** A name as npm has them: `flat-obs` of `flatObs`. */
function npmName(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1-$2')
    .replaceAll(/[^A-Za-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
    .toLowerCase()
}
