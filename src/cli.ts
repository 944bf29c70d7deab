#!/usr/bin/env node
import { CommanderError } from 'commander'
import { ObslabError } from './errors.js'
import { createProgram } from './program.js'

/**
 * Exit codes: 0 done, 1 an error of obslab's, 2 a command line that cannot be understood, 3 another instance of the job is
 * running, 130 interrupted.
 */
function exitCode(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
  if (error instanceof ObslabError && error.code === 'cancelled') return 130
  if (error instanceof ObslabError && error.code === 'job-held') return 3
  return error instanceof ObslabError && error.code === 'option-invalid' ? 2 : 1
}

process.stdout.on('error', error => {
  if ((error as NodeJS.ErrnoException).code === 'EPIPE') process.exit(0)
  throw error
})

try {
  await createProgram().parseAsync()
} catch (error) {
  if (!(error instanceof CommanderError))
    process.stderr.write(`${error instanceof ObslabError ? error : report(error)}\n`)
  process.exitCode = exitCode(error)
}

function report(error: unknown): string {
  const stack = error instanceof Error ? error.stack : String(error)
  return `Something in obslab itself went wrong; please report it with what you did.\n${stack}`
}
