import path from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { flatObs } from '../../src/openmrs/flat-obs.js'
import { vitals } from '../../src/openmrs/vitals.js'
import { Engine } from '../../src/pipeline/engine.js'
import type { Pipeline } from '../../src/pipeline/pipeline.js'
import { openSource } from '../../src/source/open-source.js'
import { Random } from '../../src/stack/random.js'
import { ChangeLog, type Version } from '../stack/chaos-log.js'
import { flatObsParts, vitalsParts } from '../stack/chaos-parts.js'
import { type PartsOf, reachability } from '../stack/chaos-reachable.js'
import { SeenRows } from '../stack/chaos-readers.js'

const folder = path.join(import.meta.dirname, '../../datasets/openmrs-schemas')

const cases: [string, Pipeline<object>, (log: ChangeLog) => PartsOf][] = [
  ['vitals', vitals as unknown as Pipeline<object>, vitalsParts],
  ['flat_obs', flatObs as unknown as Pipeline<object>, flatObsParts],
]

describe.each(cases)('rows of %s that readers saw', (_, pipeline, parts) => {
  let log: ChangeLog
  let partsOf: PartsOf

  beforeAll(async () => {
    const source = await openSource(folder)
    log = await ChangeLog.read(source, pipeline, 'dbserver1')
    await source.close()
    partsOf = parts(log)
  })

  test('are found reachable whatever the order in which partitions were read, and wherever they were cut', () => {
    const random = new Random(7)
    const seen = new SeenRows()
    for (let run = 0; run < 5; run++) {
      const engine = new Engine(log.plan)
      const left = [...partitionsOf(log).values()]
      while (left.length > 0) {
        const partition = random.pick(left)
        engine.apply(partition.splice(0, random.int(1, 40)).map(({ change }) => change))
        if (partition.length === 0) left.splice(left.indexOf(partition), 1)
        see(seen, engine)
      }
    }
    const { interleaved, never, undecided } = reachability(log, [seen], partsOf)
    expect([never, undecided]).toEqual([[], []])
    expect(interleaved).toBeGreaterThan(10)
  })

  test('are found impossible where a change of a partition was left out before another of it', () => {
    const seen = new SeenRows()
    const engine = new Engine(log.plan)
    // The last obs of each key whose rows are in one version, without the others of its partition.
    const obs = [...partitionsOf(log)].filter(([name]) => /\.obs-\d+$/.test(name)).flatMap(([, all]) => all)
    const [, table] = /(obs)$/.exec(log.topic('obs'))!
    const once = obs.filter(({ id, row }) => log.of(table!, id).length === 1 && row?.voided === 0)
    const groups = new Map<string, Version[]>()
    for (const version of once.filter(
      ({ row }) => row!.encounter_id !== null && row!.obs_group_id === null,
    )) {
      const name = `${version.partition} ${version.row!.encounter_id}`
      groups.set(name, [...(groups.get(name) ?? []), version])
    }
    const others = log.versions.filter(({ topic }) => topic !== log.topic('obs'))
    engine.apply(others.map(({ change }) => change))
    const skipped = [...groups.values()].filter(({ length }) => length > 2)
    for (const versions of skipped) engine.apply(versions.slice(1).map(({ change }) => change))
    see(seen, engine)
    const { never } = reachability(log, [seen], partsOf)
    expect(never.length).toBeGreaterThan(0.2 * skipped.length)
  })

  test('are found impossible where a value is another, or a key is none', () => {
    const engine = new Engine(log.plan)
    engine.apply(log.versions.map(({ change }) => change))
    engine.flush()
    const seen = new SeenRows()
    const altered = [...engine.output].slice(0, 20)
    for (const [key, row] of altered)
      seen.see(
        key,
        row.replace(/\d(?=\D*$)/, digit => String(9 - Number(digit))),
      )
    seen.see('{"encounter_id":1234567,"person_id":1}', '{}')
    expect(reachability(log, [seen], partsOf).never.length).toBe(altered.length + 1)
  })
})

function partitionsOf(log: ChangeLog): Map<string, Version[]> {
  const partitions = new Map<string, Version[]>()
  for (const version of log.versions)
    partitions.set(version.partition, [...(partitions.get(version.partition) ?? []), version])
  return partitions
}

function see(seen: SeenRows, engine: Engine): void {
  for (const { keyText, rowText } of engine.flush()) if (rowText !== null) seen.see(keyText, rowText)
}
