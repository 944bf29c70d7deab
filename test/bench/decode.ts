import { ObsTopic } from './data.js'
import { medians } from './measure.js'
import { bufferOf, NaiveTable } from './naive.js'
import { type Result, rates } from './results.js'

/** Raw batches in memory to the current table, against JSON.parse and row objects, without and with schemas. */
export async function decodeResults(): Promise<Result[]> {
  return [
    await decodeResult('decode.table', 'datasets/openmrs', 6, 'without schemas', 4),
    await decodeResult('decode.table-schemas', 'datasets/openmrs-schemas', 60, 'with schemas', 4),
  ]
}

async function decodeResult(
  id: string,
  folder: string,
  times: number,
  schemas: string,
  aim: number,
): Promise<Result> {
  const obs = await ObsTopic.open(folder, times)
  const { records, bytes } = obs.size()
  const ms = await medians({
    ours: () => obs.table().current(),
    peer: () => {
      const naive = new NaiveTable()
      for (const some of obs.records())
        for (const { key, value } of some) naive.add(bufferOf(key), bufferOf(value))
      return naive
    },
  })
  const about = {
    id,
    work: `${records.toLocaleString('en')} obs records ${schemas} (${bytes} B each), raw batches to current table`,
    peerName: 'JSON.parse, row objects in a Map',
    unit: 'records/s',
    aim,
    note:
      'JSON.parse still decodes each record, and the table keeps every change in typed columns where the peer keeps ' +
      'the last row; the scanner that writes columns from the bytes comes later.',
  }
  return rates(about, records, ms)
}
