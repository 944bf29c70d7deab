import { z } from 'zod'
import { type Clock, systemClock } from '../clock.js'
import { ObslabError } from '../errors.js'
import { parseAddress } from '../job/mysql-connection.js'
import { parseOptions } from '../options.js'
import { Clinic } from './clinic.js'
import { SimulatedDatabase } from './database.js'
import { life } from './life.js'
import { population } from './population.js'
import type { Step } from './statement.js'

/** A phase of the simulation: its tables, what a snapshot will find in them, and the changes after that. */
export type SimulationPhase = 'schema' | 'population' | 'life'

/** How far the simulation is, after each transaction. */
export interface SimulationProgress {
  phase: SimulationPhase
  /** Rows changed in this phase so far. */
  rows: number
  /** Rows to change in all, where that is known: the `changes` of a life. */
  total: number | null
  /** What the last transaction did, for example `edit-new-version`; null at the start. */
  last: Step['kind'] | null
}

/** What {@link simulate} and its phases take. */
export interface SimulateOptions {
  /** `mysql://user@host:port/database`, without a password. The database is created when it is missing. */
  url: string
  /** The user's password; without it the environment variable OBSLAB_MYSQL_PASSWORD, else none. */
  password?: string
  /** Where the random numbers start: the same seed, patients, changes and start give the same statements. Default 1. */
  seed?: number
  /** Patients in the population, each with one to six visits (about 60 rows). Default 100. */
  patients?: number
  /** Rows that the life changes at least. Default 1000. */
  changes?: number
  /** Row changes a second; 0, the default, is as fast as the database takes them. */
  rate?: number
  /** The simulated time at which life begins, an ISO time or milliseconds. Default 2026-03-02T06:00:00Z, a Monday. */
  start?: string | number
  /** Which phases to play, in their own order. Default all. A life needs the population of the same seed before it. */
  phases?: readonly SimulationPhase[]
  /** Stops after the transaction under way; the promise rejects with `cancelled`. */
  signal?: AbortSignal
  /** Called after each transaction. */
  onProgress?: (progress: SimulationProgress) => void
  /** The clock that `rate` is kept by. Default the machine's. */
  clock?: Clock
}

/** What was played. */
export interface Simulation {
  /** Rows that were inserted, changed or deleted, by phase. */
  rows: { population: number; life: number }
  /** Transactions and statements of DDL, by what they did. */
  steps: Partial<Record<Step['kind'], number>>
}

const optionsSchema = z.strictObject({
  url: z.string(),
  password: z.string().optional(),
  seed: z.int().min(0).max(4_294_967_295).default(1),
  patients: z.int().min(2).max(1_000_000).default(100),
  changes: z.int().min(0).max(1_000_000_000).default(1000),
  rate: z.number().min(0).default(0),
  start: z
    .union([z.number(), z.string()])
    .default('2026-03-02T06:00:00Z')
    .transform(time => new Date(time).getTime())
    .refine(time => !Number.isNaN(time), 'must be an ISO time or milliseconds'),
  phases: z.array(z.enum(['schema', 'population', 'life'])).default(['schema', 'population', 'life']),
  signal: z.instanceof(AbortSignal).optional(),
  onProgress: z.custom<SimulateOptions['onProgress']>(value => typeof value === 'function').optional(),
  clock: z.custom<Clock>(value => typeof value === 'object').default(systemClock),
})

type Parsed = z.output<typeof optionsSchema>

/**
 * Plays an invented clinic into a MySQL database shaped like OpenMRS: a population of patients with their
 * history, then a life of visits, edits, voids, moves, deletes, schema changes and whatever else a change topic has
 * to survive. All people are invented.
 *
 * To have the population as Debezium's snapshot, play the phases apart: `schema` and `population`, register the
 * connector, then `life`. Only an empty database is taken.
 */
export async function simulate(options: SimulateOptions): Promise<Simulation> {
  const parsed = parseOptions(optionsSchema, options)
  const password = parsed.password ?? process.env.OBSLAB_MYSQL_PASSWORD ?? ''
  const database = await SimulatedDatabase.connect(parseAddress(parsed.url, password))
  const simulation: Simulation = { rows: { population: 0, life: 0 }, steps: {} }
  try {
    if (parsed.phases.includes('schema')) await database.createSchema()
    else await database.use()
    await play(parsed, database, simulation)
    return simulation
  } finally {
    await database.close()
  }
}

/** Creates the database and its tables: {@link simulate} with the phase `schema` alone. */
export async function createSchema(options: SimulateOptions): Promise<void> {
  await simulate({ ...options, phases: ['schema'] })
}

/** Fills the tables with the population: {@link simulate} with the phase `population` alone. */
export function populate(options: SimulateOptions): Promise<Simulation> {
  return simulate({ ...options, phases: ['population'] })
}

/** Plays the life after the population of the same seed: {@link simulate} with the phase `life` alone. */
export function live(options: SimulateOptions): Promise<Simulation> {
  return simulate({ ...options, phases: ['life'] })
}

async function play(parsed: Parsed, database: SimulatedDatabase, simulation: Simulation): Promise<void> {
  const clinic = new Clinic(parsed.seed, parsed.start)
  const grown = population(clinic, parsed.patients)
  if (parsed.phases.includes('population')) await execute('population', grown, parsed, database, simulation)
  else for (const _ of grown);
  if (parsed.phases.includes('life'))
    await execute('life', life(clinic, parsed.changes), parsed, database, simulation)
}

async function execute(
  phase: 'population' | 'life',
  steps: Iterable<Step>,
  { rate, clock, signal, changes, onProgress }: Parsed,
  database: SimulatedDatabase,
  simulation: Simulation,
): Promise<void> {
  const total = phase === 'life' ? changes : null
  let due = clock.now()
  for (const step of steps) {
    if (signal?.aborted) throw cancelled(signal)
    await database.execute(step)
    simulation.rows[phase] += step.rows
    simulation.steps[step.kind] = (simulation.steps[step.kind] ?? 0) + 1
    onProgress?.({ phase, rows: simulation.rows[phase], total, last: step.kind })
    if (rate === 0) continue
    due = Math.max(due, clock.now() - 1000) + (step.rows / rate) * 1000
    if (due > clock.now()) await clock.sleep(due - clock.now(), signal).catch(() => undefined)
  }
}

function cancelled(signal: AbortSignal): ObslabError {
  return new ObslabError('cancelled', 'The simulation was cancelled between two transactions.', {
    cause: signal.reason,
  })
}
