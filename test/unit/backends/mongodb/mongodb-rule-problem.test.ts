import { expect, test } from 'vitest'
import { bindRegistry } from '../../../../src/access/access-rules.ts'
import { readPolicyRegistry } from '../../../../src/access/read-policy-registry.ts'
import { ruleProblem } from '../../../../src/backends/mongodb/mongodb-rule-problem.ts'
import { mongodbSnapshot } from '../../../support/mongodb-snapshot.ts'

const snapshot = mongodbSnapshot({
  collections: {
    orders: { _id: 'int', at: 'date', note: 'string', owner_id: 'int', tags: 'document' },
    owners: { _id: 'int', name: 'string' },
  },
  foreignKeys: ['orders(owner_id) -> owners(_id)'],
})

function problemsOf(using: string): readonly string[] {
  const registry = readPolicyRegistry(
    JSON.stringify({
      grants: [{ role: 'clerk', relation: 'orders', actions: 'select' }],
      policies: [{ name: 'own', role: 'clerk', relation: 'orders', using }],
    }),
  )
  if (!registry.ok) throw new Error(registry.error.join())
  const { unbound } = bindRegistry(registry.value, snapshot, ruleProblem)
  return unbound.map(({ problem }) => problem)
}

test.each([
  ['_id=gt.5&note=like.a%25'],
  ['or=(at.is.null,not.and(note.eq.$claims.name,_id.isdistinct.1))'],
  ['owners.name=eq.a'],
])('%s rules its collection', (using) => {
  expect(problemsOf(using)).toEqual([])
})

test.each([
  ['at=like.2024%25', 'operator does not exist: timestamp with time zone ~~ unknown'],
  ['owners.name=cs.{a}', 'operator does not exist: text @> unknown'],
  ['note=fts.a', 'full-text search in embeds and policies cannot be done by MongoDB'],
])('%s is told at the load', (using, problem) => {
  expect(problemsOf(using)).toEqual([problem])
})
