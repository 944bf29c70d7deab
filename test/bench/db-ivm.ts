import { D2, filter, map, output, type RootStreamBuilder, reduce } from '@tanstack/db-ivm'
import type { RowChange } from '../../src/change/change.js'
import type { ObsRow } from '../../src/openmrs/obs.js'

/** An obs after the key it is told apart by. */
type Keyed = [obs_id: number, obs: ObsRow]

/** Groups of obs, each reduced to a row by @tanstack/db-ivm in the plainest way, and written as JSON. */
export class IvmGroups {
  readonly #graph = new D2()
  readonly #input: RootStreamBuilder<Keyed>
  readonly #obs = new Map<number, Keyed>()
  readonly #written = new Map<string, string>()

  constructor(
    test: (obs: ObsRow) => boolean,
    keyOf: (obs: ObsRow) => object,
    rowOf: (obs: readonly ObsRow[]) => object,
  ) {
    this.#input = this.#graph.newInput<Keyed>()
    this.#input.pipe(
      filter(([, obs]) => test(obs)),
      map((keyed): [string, Keyed] => [JSON.stringify(keyOf(keyed[1])), keyed]),
      reduce<string, Keyed, object, [string, Keyed]>(all =>
        all.length === 0 ? [] : [[rowOf(all.map(([[, obs]]) => obs)), 1]],
      ),
      output(differences => {
        for (const [[key, row], times] of differences.getInner()) {
          if (times > 0) this.#written.set(key, JSON.stringify(row))
          else this.#written.delete(key)
        }
      }),
    )
    this.#graph.finalize()
  }

  take(changes: readonly RowChange[]): void {
    const differences: [Keyed, number][] = []
    for (const { key, after } of changes) {
      const id = key!.obs_id as number
      const obs = after as ObsRow | null
      const before = this.#obs.get(id)
      this.#obs.delete(id)
      if (before !== undefined) differences.push([before, -1])
      if (obs === null || obs.voided) continue
      const keyed: Keyed = [id, obs]
      this.#obs.set(id, keyed)
      differences.push([keyed, 1])
    }
    this.#input.sendData(differences)
    this.#graph.run()
  }

  /** Encoded key to encoded row. */
  written(): ReadonlyMap<string, string> {
    return this.#written
  }
}
