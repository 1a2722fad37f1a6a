import { expect, test } from 'vitest'
import {
  MongodbFacts,
  mongodbFacts,
} from '../../../../../src/backends/mongodb/catalog/mongodb-facts.ts'
import { mayReadSnapshot } from '../../../../../src/backends/mongodb/execute/may-read-snapshot.ts'
import { mongodbSnapshot } from '../../../../support/mongodb-snapshot.ts'
import { readOf } from '../../../../support/plan-of.ts'

const snapshot = mongodbSnapshot({
  collections: {
    films: { _id: 'int', director_id: 'int' },
    directors: { _id: 'int' },
    prints: { _id: 'int', film_id: 'int' },
    listed: { _id: 'int' },
  },
  foreignKeys: ['films(director_id) -> directors(_id)', 'prints(film_id) -> films(_id)'],
  facts: { prints: { isCapped: true }, listed: { kind: 'view' } },
})
const facts = mongodbFacts(snapshot.engineFacts)
const alone = new MongodbFacts({ topology: 'standalone', collections: facts.collections })

test.each([
  ['/films?select=*,directors(*)', facts, true],
  ['/films?select=*,prints(*)', facts, false],
  ['/directors?select=films(prints(*))', facts, false],
  ['/prints', facts, false],
  ['/listed', facts, false],
  ['/films', alone, false],
])('%s can be of one snapshot', (target, known, expected) => {
  expect(mayReadSnapshot(readOf(snapshot, `GET ${target}`).root, known)).toBe(expected)
})

test('views can, where no collection is capped', () => {
  const { listed } = Object.fromEntries(
    [...facts.collections.values()].map((each) => [each.collection, each]),
  )
  if (listed === undefined) throw new Error('no view')
  const collections = new Map([['shop.listed', listed]])
  const known = new MongodbFacts({ topology: 'replica-set', collections })
  expect(mayReadSnapshot(readOf(snapshot, 'GET /listed').root, known)).toBe(true)
})
