import { readFile, stat } from 'node:fs/promises'
import { join, relative, resolve } from 'node:path'
import { z } from 'zod'
import { ObslabError } from '../errors.js'

/** The file that a pipeline is in, and its name there; undefined for the only one. */
export interface JobPlace {
  file: string
  name: string | undefined
}

const packageSchema = z.object({ obslab: z.object({ pipeline: z.string(), export: z.string() }) })

/**
 * Where the pipeline of a file is, or of the folder of an exported job, whose package.json says
 * `"obslab": { "pipeline": "src/vitals.ts", "export": "vitals" }`. What is neither is a `job-file-invalid` error.
 */
export async function locateJob(place: string, name?: string): Promise<JobPlace> {
  const found = await stat(resolve(place)).catch(() => null)
  if (found?.isFile()) return { file: place, name }
  const shown = relative('', resolve(place)) || place
  if (!found?.isDirectory()) {
    throw invalid(
      `Expected a file that exports a pipeline, but ${found === null ? `there is no file ${shown}` : `${shown} is not one`}. ` +
        'Name it from the folder you are in.',
    )
  }
  const manifest = packageSchema.safeParse(await readManifest(resolve(place)))
  if (!manifest.success) {
    throw invalid(
      `Expected a file that exports a pipeline or the folder of an exported job, but ${shown} is not one: its package.json ` +
        'does not say "obslab": { "pipeline": "src/vitals.ts", "export": "vitals" }.',
    )
  }
  const { pipeline, export: exported } = manifest.data.obslab
  const file = join(place, pipeline)
  if ((await stat(file).catch(() => null))?.isFile()) return { file, name: name ?? exported }
  throw invalid(
    `The package.json of ${shown} names ${pipeline}, and there is no such file. Export the job again.`,
  )
}

async function readManifest(folder: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'))
  } catch {
    return null
  }
}

function invalid(message: string): ObslabError {
  return new ObslabError('job-file-invalid', message)
}
