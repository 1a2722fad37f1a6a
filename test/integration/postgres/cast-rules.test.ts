/**
 * What the other engines say of a cast before any value is there, held against PostgreSQL's own
 * casts: every type that a column of theirs may have, to every type that a select may name.
 */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { castTarget } from '../../../src/backends/values/cast-target.ts'
import { refuseCast } from '../../../src/backends/values/type-rules.ts'
import { createTestDatabase, type TestDatabase } from '../../support/shared-cluster.ts'

const sources = [
  'smallint',
  'integer',
  'bigint',
  'double precision',
  'numeric',
  'boolean',
  'text',
  'character varying',
  'uuid',
  'date',
  'time without time zone',
  'timestamp without time zone',
  'timestamp with time zone',
  'json',
  'jsonb',
  'bytea',
  'text[]',
  'integer[]',
]

const targets = [
  ...['int2', 'int', 'bigint', 'oid', 'float4', 'float8', 'numeric', 'numeric(5,2)', 'money'],
  ...['text', 'name', 'varchar', 'varchar(3)', 'char', 'bpchar', 'bool', 'uuid', 'bytea'],
  ...['date', 'time', 'timetz', 'timestamp', 'timestamptz', 'json', 'jsonb'],
]

let database: TestDatabase

beforeAll(async () => {
  database = await createTestDatabase(`
    create function refusal(source text, target text) returns text language plpgsql as $$
    begin
      execute format('select null::%s::%s', source, target);
      return null;
    exception when others then
      return sqlerrm;
    end $$`)
})

afterAll(() => database.drop())

/** PostgreSQL 18 makes bytes of integers and integers of bytes, which is a documented difference. */
function isOfBytes(source: string, target: string): boolean {
  const integers = ['smallint', 'integer', 'bigint', 'int2', 'int']
  const [from, to] = [integers.includes(source), integers.includes(target)]
  return (from && target === 'bytea') || (source === 'bytea' && to)
}

function refusalOfRules(source: string, target: string): string | null {
  const read = castTarget(target)
  if (!read.ok) return read.error.message
  return refuseCast(source, read.value)?.message ?? null
}

test.each(sources)('%s is cast to what PostgreSQL casts it to', async (source) => {
  const compared = targets.filter((target) => !isOfBytes(source, target))
  const list = compared.map((target) => `'${target}'`).join(',')
  const rows = await database.query(
    `select target, refusal('${source}', target) from unnest(array[${list}]) as t(target)`,
  )
  expect(compared.map((target) => ({ target, refusal: refusalOfRules(source, target) }))).toEqual(
    rows,
  )
})
