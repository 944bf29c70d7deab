import { expect, test } from 'vitest'
import { z } from 'zod'
import type { ColumnKind } from '../../src/change/column-type.js'
import { topic } from '../../src/change/topic.js'
import { collect, count, max, mean, sum } from '../../src/pipeline/aggregate.js'
import { columnKinds } from '../../src/pipeline/column-kinds.js'
import { pipeline } from '../../src/pipeline/pipeline.js'
import type { PlanNode } from '../../src/pipeline/plan.js'

interface Sale {
  id: number
  shop: number
  at: number
  price: string
}
const sales = topic<Sale>('sale', z.custom<Sale>(), { key: ['id'] })
const kinds: Record<string, ColumnKind> = { id: 'int', shop: 'int', at: 'datetime', price: 'decimal' }

test('a column that is given as it is keeps its kind through every verb, and a list is JSON', () => {
  const start = pipeline('p')
  const { plan } = start
    .from(sales)
    .window(row => row.at, { size: '1d' })
    .derive({ when: row => row.at, later: row => row.at + 1 })
    .groupBy(row => ({ day: row.window_start, shop: row.shop }))
    .aggregate({
      rows: count(),
      total: sum(row => row.price),
      newest: max(row => row.when),
      computed: max(row => row.later),
      average: mean(row => row.price),
      prices: collect(row => row.price, { by: row => row.at }),
    })
    .join(start.from(sales), { on: row => row.shop, to: row => row.id }, (row, other) => ({
      ...{ shop: row.shop },
      day: row.day,
      total: row.total,
      newest: row.newest,
      computed: row.computed,
      average: row.average,
      prices: row.prices,
      opened: other.at,
    }))
    .to('out', { key: ['day', 'shop'] })
  const names = ['day', 'total', 'newest', 'computed', 'average', 'prices', 'opened']
  expect(columnKinds(plan.root, names, (_, column) => kinds[column])).toEqual({
    day: 'datetime',
    total: 'decimal',
    newest: 'datetime',
    prices: 'json',
    opened: 'datetime',
  })
})

test('a column that is one of several keeps the kind they have in common, and one that may be missing its own', () => {
  const start = pipeline('p')
  const { plan } = start
    .from(sales)
    .derive({
      either: row => (row.shop === 1 ? row.id : row.shop),
      mixed: row => (row.shop === 1 ? row.at : row.price),
    })
    .join(start.from(sales), { on: row => row.shop, to: row => row.id, kind: 'left' }, (row, other) => ({
      id: row.id,
      either: row.either,
      mixed: row.mixed,
      opened: other?.at ?? null,
    }))
    .to('out', { key: ['id'] })
  expect(columnKinds(plan.root, ['either', 'mixed', 'opened'], (_, column) => kinds[column])).toEqual({
    either: 'int',
    opened: 'datetime',
  })
})

test('a column that a row is spread for keeps its kind, unless it is set anew or two rows are spread', () => {
  const start = pipeline('p')
  const joined = (row: (a: Sale, b: Sale) => object): PlanNode => {
    const { plan } = start
      .from(sales)
      .join(start.from(sales), { on: a => a.shop, to: b => b.id }, (a, b) => row(a, b) as Sale)
      .to('out', { key: ['id'] })
    const { root } = plan
    if (root.verb !== 'join') throw new Error(`Expected a join, found ${root.verb}.`)
    return { ...root, row: row as unknown as typeof root.row }
  }
  const kindOf = (_: string, column: string): ColumnKind | undefined => kinds[column]
  expect(
    columnKinds(
      joined((a, b) => ({ ...a, shop: b.at })),
      ['at', 'shop'],
      kindOf,
    ),
  ).toEqual({
    at: 'datetime',
    shop: 'datetime',
  })
  expect(
    columnKinds(
      joined(a => ({ ...a, at: String(a.at) })),
      ['at'],
      kindOf,
    ),
  ).toEqual({})
  expect(
    columnKinds(
      joined((a, b) => ({ ...a, ...b })),
      ['at'],
      kindOf,
    ),
  ).toEqual({})
})
