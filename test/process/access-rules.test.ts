/**
 * The registry of access rules in a running server: read again when its file changes and on SIGUSR2,
 * refused where it is wrong, and denying what no longer fits the schema.
 */
import { renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { ask, askUntil, eventually } from '../support/http-client.ts'
import { runCommand } from '../support/server.ts'
import { signJwt, testSecret } from '../support/sign-jwt.ts'
import { createSqliteFile } from '../support/sqlite-database.ts'
import { serve } from '../support/test-server.ts'

const grant = (columns: readonly string[]) => ({
  role: 'clerk',
  relation: 'orders',
  actions: ['select'],
  columns,
})
const policy = {
  name: 'own',
  role: 'clerk',
  relation: 'orders',
  using: 'tenant_id=eq.{{claims.tenant}}',
}

function answersWith(work: () => ReturnType<typeof ask>, status: number) {
  return eventually(work, (reply) => expect(reply.status).toBe(status))
}

async function serveRules(registry: unknown) {
  const file = createSqliteFile(
    `create table orders (id integer primary key, tenant_id integer, note text);
     insert into orders values (1, 5, 'five'), (2, 6, 'six');`,
  )
  onTestFinished(() => file.drop())
  const path = join(file.folder, 'access.json')
  /** As an operator should: never half written. */
  const write = (text: string) => {
    writeFileSync(`${path}.new`, text)
    renameSync(`${path}.new`, path)
  }
  write(JSON.stringify(registry))
  const server = await serve({
    env: {
      DBREST_DB_URI: file.path,
      DBREST_POLICY_REGISTRY: `@${path}`,
      DBREST_JWT_SECRET: testSecret,
      DBREST_DB_SCHEMA_POLL_INTERVAL: '100',
    },
  })
  await askUntil(200, `${server.adminUrl}/ready`)
  const headers = { authorization: `Bearer ${await signJwt({ role: 'clerk', tenant: 5 })}` }
  const get = (target: string) => ask(`${server.url}${target}`, { headers })
  return {
    file,
    server,
    write: (next: unknown) => write(JSON.stringify(next)),
    writeText: write,
    get,
  }
}

test('a changed file acts by itself', async () => {
  const { get, write } = await serveRules({
    grants: [grant(['id', 'tenant_id'])],
    policies: [policy],
  })
  expect((await get('/orders?select=id')).body).toEqual([{ id: 1 }])
  expect((await get('/orders?select=note')).status).toBe(403)
  write({ grants: [grant(['id', 'note'])], policies: [policy] })
  await answersWith(() => get('/orders?select=note'), 200)
  expect((await get('/orders?select=note')).body).toEqual([{ note: 'five' }])
})

test('SIGUSR2 reads it again', async () => {
  const { get, write, server } = await serveRules({ grants: [grant(['id'])], policies: [policy] })
  write({ grants: [grant(['note'])] })
  const from = server.stderr.length
  server.signal('SIGUSR2')
  await server.line(/Config reloaded$/, { from })
  expect((await get('/orders?select=note')).body).toEqual([{ note: 'five' }, { note: 'six' }])
})

test('a file that is wrong changes nothing, and is told of with its place', async () => {
  const { get, writeText, write, server } = await serveRules({ grants: [grant(['id'])] })
  writeText('{"grants": [{"role": "clerk"')
  await server.line(/policy-registry \(.*\): it is not valid JSON/)
  write({ grants: [{ ...grant(['id']), actions: ['selct'] }] })
  await server.line(/policy-registry \(.*\): \$\.grants\[0\]\.actions\[0\] is "selct"/)
  expect((await get('/orders?select=id')).status).toBe(200)
  write({ roles: { clerk: {} } })
  await answersWith(() => get('/orders?select=id'), 403)
})

test('a policy whose column is gone denies its relation, and says so', async () => {
  const { file, get, server } = await serveRules({ grants: [grant(['id'])], policies: [policy] })
  expect((await get('/orders?select=id')).body).toEqual([{ id: 1 }])
  file.exec('alter table orders rename column tenant_id to branch_id')
  await server.line(
    /Denied to everybody: orders, since the policy "own" does not fit: "orders" has no column "tenant_id"/,
  )
  expect(await get('/orders?select=id')).toMatchObject({
    status: 403,
    body: { code: '42501', message: 'permission denied for table orders' },
  })
  expect((await ask(`${server.adminUrl}/health`)).body).toMatchObject({
    status: 'degraded',
    schemaCache: { unboundPolicies: [{ policy: 'own', relation: 'orders' }] },
  })
  file.exec('alter table orders rename column branch_id to tenant_id')
  await answersWith(() => get('/orders?select=id'), 200)
  expect((await ask(`${server.adminUrl}/health`)).body).toMatchObject({ status: 'ok' })
})

test('a registry that is wrong refuses the start', async () => {
  const file = createSqliteFile('create table t (id integer primary key)')
  onTestFinished(() => file.drop())
  const refused = await runCommand([file.path], { DBREST_POLICY_REGISTRY: '{"grant":[]}' })
  expect(refused).toEqual({
    code: 1,
    stdout: '',
    stderr:
      'policy-registry (DBREST_POLICY_REGISTRY): $.grant is not known: known are roles, grants, policies\n',
  })
})
