/**
 * `application/vnd.pgrst.plan` on SQLite: the plan of a read of each kind, and what has none.
 */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { serveSqlite } from '../../support/sqlite-database.ts'

let api: Awaited<ReturnType<typeof serveSqlite>>

beforeAll(async () => {
  const schema = `
    create table directors (id integer primary key, name text);
    create table films (id integer primary key, title text, director_id int references directors);
    create index films_title on films (title);
    insert into films values (1, 'one', null);`
  api = await serveSqlite(schema, { dbPlanEnabled: true })
})

afterAll(() => api.stop())

const accept = 'application/vnd.pgrst.plan'

test.each([
  ['/films?title=eq.one', /SEARCH .*films_title/],
  ['/films?order=title&limit=2', /SCAN .*films_title/],
  ['/films?select=title,directors(name)', /SEARCH .*INTEGER PRIMARY KEY/],
  ['/films?select=count()', /SCAN/],
])('%s shows its steps, and no rows', async (target, step) => {
  const text = await api.get(target, { Accept: accept, Prefer: 'count=exact' })
  expect(text.status).toBe(200)
  expect(text.text).toMatch(/^QUERY PLAN\n/)
  expect(text.text).toMatch(step)
  expect(text.text).not.toContain('one')
  const json = await api.get(target, { Accept: `${accept}+json; for="text/csv"` })
  expect(json.body).toMatchObject([{ Plan: { 'Node Type': 'Query Plan' } }])
})

test.each([
  ['GET', `${accept}; options=analyze`, 'options of execution plans'],
  ['DELETE', accept, 'execution plans of writes'],
])('%s with %s is refused, and nothing is done', async (method, type, feature) => {
  const reply = await api.get('/films?id=eq.1', { Accept: type }, { method })
  expect(reply).toMatchObject({
    status: 400,
    body: { code: 'PGRST127', details: `SQLite does not support ${feature}` },
  })
  expect((await api.get('/films?select=id')).body).toEqual([{ id: 1 }])
})
