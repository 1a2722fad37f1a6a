/**
 * Policies that SQLite cannot be asked for, or whose literals are no values of what they are compared
 * with: told when they are bound, in PostgreSQL's words.
 */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { bindRegistry } from '../../../src/access/access-rules.ts'
import { readPolicyRegistry } from '../../../src/access/read-policy-registry.ts'
import { ruleProblem } from '../../../src/backends/sqlite/rule-problem.ts'
import { type SqliteApi, serveSqlite } from '../../support/sqlite-database.ts'

let api: SqliteApi & { stop(): Promise<void> }
beforeAll(async () => {
  api = await serveSqlite(`
    create table owners (id integer primary key, born date);
    create table orders (
      id integer primary key, note text, made timestamp, paid boolean, ref uuid, price real,
      owner_id integer references owners (id)
    );`)
})
afterAll(() => api.stop())

function problems(using: string): readonly string[] {
  const policies = [{ name: 'p', role: 'r', relation: 'orders', using }]
  const registry = readPolicyRegistry(JSON.stringify({ policies }))
  if (!registry.ok) throw new Error(registry.error.join('\n'))
  const { unbound } = bindRegistry(registry.value, api.snapshot(), ruleProblem)
  return unbound.map(({ problem }) => problem)
}

test.each([
  ['id=eq.five', 'invalid input syntax for type integer: "five"'],
  ['id=in.(1,2,x)', 'invalid input syntax for type integer: "x"'],
  ['id=in.({{claims.id}},x)', 'invalid input syntax for type integer: "x"'],
  ['or=(id.eq.1,and(price.gt.a,id.eq.2))', 'invalid input syntax for type double precision: "a"'],
  ['paid=eq.maybe', 'invalid input syntax for type boolean: "maybe"'],
  ['made=gt.soon', 'invalid input syntax for type timestamp: "soon"'],
  ['ref=eq.abc', 'invalid input syntax for type uuid: "abc"'],
  ['owners.born=eq.2024-02-30', 'date/time field value out of range: "2024-02-30"'],
  ['note=match.(', expect.stringContaining('invalid regular expression')],
  ['made=like.2024*', expect.stringContaining('operator does not exist')],
])('%s is told', (using, problem) => {
  expect(problems(using)).toEqual([problem])
})

test.each([
  'id=eq.5',
  'id=in.(1,2)',
  'id=in.()',
  'id=eq.{{claims.id}}',
  'id=in.{{claims.ids}}',
  'note=like.five*',
  'note=eq.{{role}}',
  'made=lt.now',
  'owners.born=gte.2024-02-29',
])('%s is fine', (using) => {
  expect(problems(using)).toEqual([])
})
