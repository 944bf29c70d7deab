import fc from 'fast-check'
import { expect, test } from 'vitest'
import { inLogOrder, type LogPlace } from '../../src/change/log-order.js'

/** A place named by what it is expected to be ordered by. */
function place(gtid: string | null, pos: number, totalOrder: number, time: number): LogPlace {
  const source = { file: 'bin.000001', pos, row: 0, serverId: 1, gtid, snapshot: 'false', time }
  return { source, totalOrder, timestamp: time, partition: 0, offset: 0 }
}

test('a transaction’s changes stand together in its order, also where two share a position', () => {
  const ordered = [
    place('a:1', 100, 1, 10),
    place('a:1', 120, 2, 10),
    place('a:1', 120, 3, 10),
    place('a:2', 200, 1, 10),
  ]
  fc.assert(
    fc.property(fc.shuffledSubarray(ordered, { minLength: ordered.length }), shuffled => {
      expect(inLogOrder(shuffled, of => of)).toEqual(ordered)
    }),
    { numRuns: 50 },
  )
})

test('a server’s changes go by its log, whatever its clock says; servers are brought together by time', () => {
  const places = {
    one: place('a:1', 100, 1, 50),
    early: place('a:2', 200, 1, 40),
    between: place('b:7', 10, 1, 45),
    later: place('b:8', 5, 1, 51),
    last: place('a:3', 300, 1, 60),
  }
  const names = inLogOrder(Object.keys(places).toReversed() as (keyof typeof places)[], name => places[name])
  expect(names).toEqual(['between', 'one', 'early', 'later', 'last'])
})

test('without GTIDs positions decide, without positions times', () => {
  const logged = [place(null, 10, 1, 5), place(null, 20, 1, 5), place(null, 30, 1, 5)]
  expect(inLogOrder(logged.toReversed(), of => of)).toEqual(logged)
  const bare = [1, 2, 3].map(time => ({ ...place(null, 0, 0, 0), source: null, timestamp: time }))
  expect(inLogOrder(bare.toReversed(), of => of)).toEqual(bare)
})

test('every change is given once, in the same order whatever order they come in', () => {
  const arbitrary = fc
    .record({
      server: fc.constantFrom('a', 'b'),
      number: fc.integer({ min: 1, max: 5 }),
      pos: fc.integer({ min: 1, max: 5 }),
      order: fc.integer({ min: 1, max: 3 }),
      time: fc.integer({ min: 1, max: 9 }),
    })
    .map(({ server, number, pos, order, time }) => place(`${server}:${number}`, pos, order, time))
  fc.assert(
    fc.property(fc.uniqueArray(arbitrary, { selector: of => JSON.stringify(of) }), places => {
      const once = inLogOrder(places, of => of)
      expect(new Set(once)).toEqual(new Set(places))
      expect(once).toHaveLength(places.length)
      const ofServer = (server: string): LogPlace[] => once.filter(of => of.source!.gtid!.startsWith(server))
      for (const server of ['a', 'b']) {
        const numbers = ofServer(server).map(of => Number(of.source!.gtid!.slice(2)))
        expect(numbers).toEqual([...numbers].sort((a, b) => a - b))
      }
    }),
    { numRuns: 100 },
  )
})
