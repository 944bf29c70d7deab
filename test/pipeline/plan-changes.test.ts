import { expect, test } from 'vitest'
import { z } from 'zod'
import { topic } from '../../src/change/topic.js'
import { pipeline } from '../../src/pipeline/pipeline.js'
import { bindPlan, type PartitionNext } from '../../src/pipeline/plan-changes.js'
import { record } from '../log/batches.js'
import { GrowingSource } from '../source/growing-source.js'
import { WrittenSource } from '../source/written-source.js'

const created = (id: number): string =>
  `{"op":"c","before":null,"after":{"id":${id}},"source":{"file":"bin.1","pos":${id},"row":0,"server_id":1,"snapshot":"false","ts_ms":1}}`
const written = new WrittenSource({
  'x.db.box': { records: [0, 1, 2, 1, 4].map((id, i) => record(i, `{"id":${id}}`, created(id))) },
})
const source = new GrowingSource(written, () => 5)
const { plan } = pipeline('boxes')
  .from(topic('box', z.custom<{ id: number }>(), { key: ['id'] }))
  .to('boxes')
const at = (next: number): PartitionNext[] => [{ topic: 'x.db.box', partition: 0, next }]

test('a plan that is bound from offsets, to offsets, with what the readers knew, reads on as one bound to all', async () => {
  const whole: [number, boolean][] = []
  for await (const { changes } of (await bindPlan(source, plan)).changes)
    for (const { change, redelivered } of changes) whole.push([change.offset, redelivered])
  expect(whole.map(([, redelivered]) => redelivered)).toEqual([false, false, false, true, false])
  for (let cut = 0; cut <= 5; cut++) {
    const seen: [number, boolean][] = []
    const first = await bindPlan(source, plan, { to: at(cut) })
    expect(first.offsets).toBe(cut)
    for await (const { changes } of first.changes)
      for (const { change, redelivered } of changes) seen.push([change.offset, redelivered])
    const second = await bindPlan(source, plan, { from: at(cut), to: at(4), readers: first.dump() })
    for await (const { changes } of second.changes)
      for (const { change, redelivered } of changes) seen.push([change.offset, redelivered])
    for await (const { changes } of second.follow(new AbortController().signal))
      for (const { change, redelivered } of changes) seen.push([change.offset, redelivered])
    expect(seen, `cut at ${cut}`).toEqual(whole)
  }
})

test('a partition that is not named begins at its start and ends at its end', async () => {
  const other = [{ topic: 'x.db.box', partition: 7, next: 3 }]
  expect((await bindPlan(source, plan, { from: other, to: other })).offsets).toBe(5)
})
