/** Policies that mean nothing on a schema deny the relation that they are for, and are told. */
import { expect, test } from 'vitest'
import { bindRegistry, type RuleProblem } from '../../../src/access/access-rules.ts'
import { readPolicyRegistry } from '../../../src/access/read-policy-registry.ts'
import { qualifiedName } from '../../../src/core/qualified-name.ts'
import { describeSnapshot } from '../../support/snapshot.ts'

const relations = { orders: 'id:integer!', tags: 'id:integer!' }
const snapshot = describeSnapshot({ relations })
const schema = snapshot.schemas[0] ?? ''

function rulesWith(
  policy: { relation: string; using: string },
  ruleProblem?: RuleProblem,
  on = snapshot,
) {
  const registry = readPolicyRegistry(
    JSON.stringify({
      grants: [{ role: 'clerk', relation: ['orders', 'tags'], actions: 'select' }],
      policies: [{ name: 'own', role: 'clerk', ...policy }],
    }),
  )
  if (!registry.ok) throw new Error(registry.error.join())
  const rules = bindRegistry(registry.value, on, ruleProblem)
  const served = ['orders', 'tags'].filter(
    (name) => rules.role('clerk')?.relation(qualifiedName(schema, name)) != null,
  )
  return { served, problems: rules.unbound.map(({ problem }) => problem) }
}

test('one that binds rules its relation', () => {
  expect(rulesWith({ relation: 'orders', using: 'id=eq.1' })).toEqual({
    served: ['orders', 'tags'],
    problems: [],
  })
})

test('one on a column that is not there denies it', () => {
  expect(rulesWith({ relation: 'orders', using: 'gone=eq.1' })).toEqual({
    served: ['tags'],
    problems: ['"orders" has no column "gone"'],
  })
})

test.each(['Orders', `${schema}.ORDERS`])('one for %s denies the relation of that name', (name) => {
  expect(rulesWith({ relation: name, using: 'id=eq.1' })).toEqual({
    served: ['tags'],
    problems: [`"${name}" is not there`],
  })
})

test('one that the engine cannot ask for denies it', () => {
  const rules = rulesWith({ relation: 'orders', using: 'id=eq.1' }, (conditions, { name }) => {
    return `${name}: ${conditions.length} condition`
  })
  expect(rules).toEqual({ served: ['tags'], problems: ['orders: 1 condition'] })
})

test('one for a relation that is left out is no problem, and denies nothing else', () => {
  const fenced = describeSnapshot({ relations, excluded: ['orders'] })
  const own = { relation: 'orders', using: 'id=eq.1' }
  expect(rulesWith(own, undefined, fenced)).toEqual({ served: ['tags'], problems: [] })
  const gone = { relation: 'gone', using: 'id=eq.1' }
  expect(rulesWith(gone, undefined, fenced).problems).toEqual(['"gone" is not there'])
})

test('one that looks into a relation that is left out says so, and denies its own', () => {
  const fenced = describeSnapshot({
    relations,
    foreignKeys: ['orders(id) -> tags(id)'],
    excluded: ['tags'],
  })
  const problem =
    '"tags" is left out by db-tables or db-exclude-tables, so that nothing can be looked for in it: serve it and grant it to nobody'
  expect(rulesWith({ relation: 'orders', using: 'tags.id=eq.1' }, undefined, fenced)).toEqual({
    served: [],
    problems: [problem],
  })
})
