/**
 * Texts come out as UTF-8 whatever the encoding of the database, and values that have no one form
 * in SQLite are the same in JSON, in CSV and cast to text.
 */
import { describe, expect, onTestFinished, test } from 'vitest'
import { serveSqlite } from '../../support/sqlite-database.ts'

describe.each(['UTF-8', 'UTF-16le', 'UTF-16be'])('a database in %s', (encoding) => {
  test('is answered in UTF-8', async () => {
    const api = await serveSqlite(`
      pragma encoding = '${encoding}';
      create table words (id integer primary key, w text, j json, b blob);
      insert into words values (1, 'Zürich 😀', '{"ä": "ß"}', x'00ff'), (2, 'Öl', null, null);
      create table parts (id integer primary key, word_id int references words (id), p text);
      insert into parts values (1, 1, 'é');`)
    onTestFinished(() => api.stop())
    const rows = await api.get('/words?select=w,j,b,parts(p)&order=id')
    expect(rows.body).toEqual([
      { w: 'Zürich 😀', j: { ä: 'ß' }, b: '\\x00ff', parts: [{ p: 'é' }] },
      { w: 'Öl', j: null, b: null, parts: [] },
    ])
    expect(rows.headers.get('content-length')).toBe(String(Buffer.byteLength(rows.text)))
    const csv = await api.get('/words?select=w&w=eq.Öl', { accept: 'text/csv' })
    expect(csv.text).toBe('w\nÖl')
  })
})

test('JSON5, JSON in binary and infinities are the same in JSON, in CSV and as text', async () => {
  const api = await serveSqlite(`
    create table odd (id integer primary key, j json, r real, u);
    insert into odd values (1, '{a: 1}', 9e999, 9e999), (2, jsonb('{"a":1}'), -9e999, -9e999);`)
  onTestFinished(() => api.stop())
  const rows = await api.get('/odd?select=j,jt:j::text,r,rt:r::text,u,ut:u::text&order=id')
  const json = { j: { a: 1 }, jt: '{"a":1}' }
  expect(rows.body).toEqual([
    { ...json, r: 'Infinity', rt: 'Infinity', u: 'Infinity', ut: 'Infinity' },
    { ...json, r: '-Infinity', rt: '-Infinity', u: '-Infinity', ut: '-Infinity' },
  ])
  const csv = await api.get('/odd?select=j,r,u&order=id', { accept: 'text/csv' })
  expect(csv.text).toBe('j,r,u\n"{""a"":1}",Infinity,Infinity\n"{""a"":1}",-Infinity,-Infinity')
  expect((await api.get('/odd?select=id&u=eq.Infinity')).body).toEqual([{ id: 1 }])
})
