/**
 * What PostgreSQL looks at first in a row that is written, policies or constraints: the order that the
 * engines without policies of their own follow.
 */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../../support/shared-cluster.ts'

let database: TestDatabase

beforeAll(async () => {
  database = await createTestDatabase(`
    create table orders (
      id int primary key, tenant int, note text unique check (note <> 'bad')
    );
    insert into orders values (1, 5, 'a'), (2, 6, 'b');
    alter table orders enable row level security;
    create policy own on orders using (tenant = 5);
    create role policies_first_clerk;
    grant all on orders to policies_first_clerk;`)
})

afterAll(async () => {
  await database.query('drop owned by policies_first_clerk; drop role policies_first_clerk')
  await database.drop()
})

async function sqlStateOf(statement: string): Promise<unknown> {
  try {
    await database.query(`set role policies_first_clerk; ${statement}`)
    return null
  } catch (error) {
    return Object(error).code
  }
}

const merge = 'on conflict (id) do update set tenant = excluded.tenant, note = excluded.note'

test.each([
  ['a key that is taken', `insert into orders values (2, 6, 'c')`],
  ['a check', `insert into orders values (3, 6, 'bad')`],
  ['another key', `update orders set tenant = 6, note = 'b' where id = 1`],
  ['the check of a change', `update orders set tenant = 6, note = 'bad' where id = 1`],
  ['another key of a merge', `insert into orders values (1, 6, 'b') ${merge}`],
  ['the row in the way', `insert into orders values (2, 5, 'a') ${merge}`],
  ['another key of a new row', `insert into orders values (3, 6, 'b') ${merge}`],
])('a policy is told before %s', async (_, statement) => {
  expect(await sqlStateOf(statement)).toBe('42501')
})

test.each([
  ['23505', `update orders set note = 'b' where id = 1`],
  ['23514', `update orders set note = 'bad' where id = 1`],
  ['23505', `insert into orders values (1, 5, 'b') ${merge}`],
  // rows are looked at one after the other
  ['23505', `insert into orders values (1, 5, 'a'), (3, 6, 'c')`],
  ['42501', `insert into orders values (3, 6, 'c'), (1, 5, 'a')`],
])('%s of a row that is allowed: %s', async (code, statement) => {
  expect(await sqlStateOf(statement)).toBe(code)
})
