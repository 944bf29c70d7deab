import { beforeAll, describe, expect, test } from 'vitest'
import { type ChaosResult, chaos } from './chaos-run.js'
import { whyUnavailable } from './software.js'

const seed = Number(process.env.OBSLAB_SEED ?? Math.floor(Math.random() * 1_000_000))

describe.skipIf(whyUnavailable() !== null)(`jobs killed at random, OBSLAB_SEED=${seed}`, () => {
  let result: ChaosResult

  beforeAll(async () => {
    result = await chaos({
      rounds: 8,
      seed,
      rate: 40,
      patients: 8,
      sinks: ['kafka', 'mysql'],
      stateless: false,
      faults: true,
      dist: 'dist',
      report: line => console.log(line),
    })
  }, 400_000)

  test('the outputs in Kafka and in MySQL end with the rows that SQL gives', () => {
    expect(result.outputs.map(({ name, differences }) => [name, differences])).toEqual([
      ['vitals to kafka', []],
      ['vitals to mysql', []],
      ['flat_obs to kafka', []],
      ['flat_obs to mysql', []],
    ])
    for (const { rows } of result.outputs) expect(rows).toBeGreaterThan(50)
  })

  test('no reader ever saw a row that the pipeline does not give', () => {
    const { outputs, readerMismatches } = result
    expect(outputs.flatMap(({ reachability: { never, undecided } }) => [...never, ...undecided])).toEqual([])
    expect(readerMismatches).toEqual([])
    for (const { reachability } of outputs) expect(reachability.seen).toBeGreaterThan(50)
  })

  test('no job ended by itself, and each drained', () => {
    expect(result.failures).toEqual([])
    expect(result.drained.map(({ code }) => code)).toEqual([0, 0, 0, 0])
    expect(Object.values(result.kills).reduce((sum, kills) => sum + kills, 0)).toBeGreaterThanOrEqual(16)
  })
})
