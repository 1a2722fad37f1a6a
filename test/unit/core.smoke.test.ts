import { expect, test } from 'vitest'
import { createTestDatabase } from '../support/shared-cluster.ts'

test('a cluster is there', async () => {
  const db = await createTestDatabase('create table a(i int); insert into a values (1)')
  expect(await db.query('select * from a')).toEqual([{ i: 1 }])
  await db.drop()
})
