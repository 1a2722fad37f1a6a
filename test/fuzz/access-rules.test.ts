/**
 * Whatever is asked under access rules is answered as if what they hide were not there: random reads
 * of a SQLite file with policies get the answers of a file without the hidden rows.
 *
 * `FUZZ_REQUESTS` and `FUZZ_SEED` say how many, and which.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { dumpSnapshot } from '../../src/admin/dump-snapshot.ts'
import type { Reply } from '../support/in-process-api.ts'
import { signJwt, testSecret } from '../support/sign-jwt.ts'
import { serveSqlite } from '../support/sqlite-database.ts'
import { campaignSize } from './campaign-size.ts'
import { modelOfDump } from './fuzz-model.ts'
import { requestAt } from './generate-request.ts'

const { seed } = campaignSize(0)
const requests = Number(process.env['FUZZ_REQUESTS'] ?? 1500)

const fixture = readFileSync(
  join(import.meta.dirname, '..', 'conformance', 'fixtures', 'access.sql'),
  'utf8',
)
// with more rows; without the index that serves a policy, by which rows of equal order would come in
// another one
const tables = `pragma foreign_keys = off; ${fixture}
  drop index orders_tenant;
  insert into orders select id + 10, tenant_id, customer_id, status, note || id, doc, salary + id from orders;
  insert into letters select id + 10, sender, kind from letters;`

const hidden = `pragma foreign_keys = off;
  delete from orders where tenant_id <> 5 or status = 'archived';
  delete from customers where tenant_id <> 5;
  delete from order_tags where tenant_id <> 5;
  delete from projects where sealed or not exists
    (select 1 from members m where m.project_id = projects.id and m.user_id = 'ann');
  delete from letters where kind is null or sender not in ('ann', 'zoe');`

const own = (relation: string, using: string, more: object = {}) => {
  return { name: relation, role: 'clerk', relation, using, ...more }
}
const relations = [
  'orders',
  'customers',
  'order_tags',
  'tags',
  'secrets',
  'products',
  'projects',
  'members',
  'letters',
]
const registry = JSON.stringify({
  grants: [
    { role: 'clerk', relation: relations, actions: ['select', 'insert', 'update', 'delete'] },
  ],
  policies: [
    own('orders', 'tenant_id=eq.{{claims.tenant}}&status=neq.archived'),
    own('customers', 'tenant_id=in.{{claims.tenants}}'),
    own('order_tags', 'not.or=(tenant_id.neq.{{claims.tenant}},tenant_id.is.null)'),
    own('projects', 'members.user_id=eq.{{claims.sub}}'),
    own('projects', 'sealed=is.false', { restrictive: true }),
    own('letters', 'kind=not.is.null&sender=in.(ann,zoe)'),
  ],
})

let ruled: Awaited<ReturnType<typeof serveSqlite>>
let reduced: Awaited<ReturnType<typeof serveSqlite>>
beforeAll(async () => {
  ruled = await serveSqlite(tables, {
    policyRegistry: { file: null, text: registry },
    jwtSecret: Buffer.from(testSecret),
  })
  reduced = await serveSqlite(`${tables} ${hidden}`)
})
afterAll(async () => {
  await ruled?.stop()
  await reduced?.stop()
})

test(`random reads from seed ${seed}`, { timeout: 600_000 }, async () => {
  const model = modelOfDump(dumpSnapshot(reduced.snapshot()))
  const authorization = `Bearer ${await signJwt({ role: 'clerk', tenant: 5, tenants: ['5'], sub: 'ann' })}`
  const facts = ({ status, headers, text }: Reply) => {
    return { status, range: headers.get('content-range'), type: headers.get('content-type'), text }
  }
  let shown = 0
  for (let index = 0; index < requests; index += 1) {
    const { method, target, headers } = requestAt(index, {
      model,
      seed,
      authorizations: [],
      writes: false,
    })
    if (
      (method !== 'GET' && method !== 'HEAD') ||
      target.startsWith('/rpc') ||
      target.length > 4000
    )
      continue
    const sent = Object.fromEntries(
      headers.filter(([name]) => /^(accept|prefer|range)$/i.test(name)),
    )
    let answers: readonly Reply[]
    try {
      answers = [
        await ruled.get(target, { ...sent, authorization }, { method }),
        await reduced.get(target, sent, { method }),
      ]
    } catch {
      // a target or a header that the client of this test cannot send
      continue
    }
    const [under, without] = answers
    if (under === undefined || without === undefined) throw new Error('no answer')
    if (without.status === 200 && without.text.length > 2) shown += 1
    expect(facts(under), `${method} ${target} ${JSON.stringify(sent)}`).toEqual(facts(without))
  }
  // else it would say nothing
  expect(shown).toBeGreaterThan(requests / 20)
})
