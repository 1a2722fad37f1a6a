/**
 * Full-text operators take a text as a document and a tsvector as what it is, wherever the tsvector
 * comes from: a column, a function of the row, a function's result.
 *
 * Rule  PostgREST docs: tables_views (Full-Text Search), computed_fields
 */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type ApiDatabase, createApiDatabase } from '../support/api-database.ts'
import { ask } from '../support/http-client.ts'
import { serveForAll } from '../support/test-server.ts'

const schemaSql = `
  create schema extra;
  create schema hidden;
  create domain indexed as tsvector;
  create domain indexed_again as indexed;
  create table authors (id int primary key, name text, bio tsvector);
  create table books (id int primary key, title text, author_id int references authors);
  insert into authors values (1, 'Ann', to_tsvector('english', 'sailor and painter')),
    (2, 'Ben', to_tsvector('english', 'baker'));
  insert into books values (1, 'Running rivers', 1), (2, 'A quiet lake', 2);

  create function words(books) returns tsvector immutable language sql
    as $$ select to_tsvector('english', $1.title) $$;
  create function domain_words(books) returns indexed immutable language sql
    as $$ select to_tsvector('english', $1.title) $$;
  create function nested_words(books) returns indexed_again immutable language sql
    as $$ select to_tsvector('english', $1.title) $$;
  create function with_default(books, lang regconfig default 'english') returns tsvector immutable
    language sql as $$ select to_tsvector($2, $1.title) $$;
  create function extra.far_words(books) returns tsvector immutable language sql
    as $$ select to_tsvector('english', $1.title) $$;
  create function plain(books) returns text immutable language sql as $$ select $1.title $$;

  -- the nearest on the search path is the one that is called
  create function twice(books) returns text immutable language sql as $$ select $1.title $$;
  create function extra.twice(books) returns tsvector immutable language sql
    as $$ select ''::tsvector $$;
  create function hidden.plain(books) returns tsvector immutable language sql
    as $$ select ''::tsvector $$;

  create table notes (id int, body text);
  create table old_notes () inherits (notes);
  insert into old_notes values (1, 'rivers'), (2, 'lakes');
  create function words(notes) returns tsvector immutable language sql
    as $$ select to_tsvector('english', $1.body) $$;

  create function all_books() returns setof books stable language sql as 'select * from books';
  create function found() returns table (id int, words tsvector, indexed indexed) stable
    language sql as $$ select b.id, words(b), domain_words(b) from books b $$;
  grant usage on schema extra, hidden to public;`

let database: ApiDatabase
beforeAll(async () => {
  database = await createApiDatabase(schemaSql)
})
afterAll(() => database?.drop())

const server = serveForAll(() => ({
  env: {
    ...database.env,
    DBREST_DB_EXTRA_SEARCH_PATH: 'extra',
    DBREST_DB_CHANNEL_ENABLED: 'false',
  },
}))

test.each([
  ['a function of the row', '/books?select=id&words=fts(english).run'],
  ['a function of the row, negated', '/books?select=id&words=not.fts.lake'],
  ['a function of the row, in a tree', '/books?select=id&or=(words.plfts(english).river,id.eq.9)'],
  ['a domain', '/books?select=id&domain_words=wfts(english).rivers'],
  ['a domain over a domain', '/books?select=id&nested_words=phfts(english).running%20rivers'],
  ['a function with a default for what follows', '/books?select=id&with_default=fts.run'],
  ['a function found by the extra search path', '/books?select=id&far_words=fts.river'],
  ['a text of a function', '/books?select=id&plain=fts(english).running'],
  ['a text of the nearer of two functions', '/books?select=id&twice=fts(english).running'],
  ['a row that inherits, by the function of its ancestors', '/old_notes?select=id&words=fts.river'],
  ['the rows of a function', '/rpc/all_books?select=id&words=fts.river'],
  ['a column that a function names itself', '/rpc/found?select=id&words=fts.river'],
  ['such a column of a domain', '/rpc/found?select=id&indexed=fts.river'],
])('%s is searched', async (_, target) => {
  expect(await ask(`${server().url}${target}`)).toMatchObject({ status: 200, body: [{ id: 1 }] })
})

test('a column of an embed is searched, whatever the embed is named by', async () => {
  const embedded = { status: 200, body: [{ id: 1, author: { name: 'Ann' } }] }
  const targets = [
    '/books?select=id,author:author_id!inner(name)&author.bio=fts(english).sailors',
    '/books?select=id,author:authors!inner(name)&author.bio=fts(english).sailors',
  ]
  for (const target of targets) {
    expect(await ask(`${server().url}${target}`)).toMatchObject(embedded)
  }
})

test('writes are filtered by such a function too', async () => {
  const reply = await ask(`${server().url}/books?words=fts.lake&select=id`, {
    method: 'PATCH',
    headers: { 'Content-Type': 'application/json', Prefer: 'return=representation, tx=rollback' },
    body: '{"title":"A quiet lake"}',
  })
  expect(reply).toMatchObject({ status: 200, body: [{ id: 2 }] })
})

test('a function that comes to return a tsvector is searched as one', async () => {
  await database.query(`
    drop function plain(books);
    create function plain(books) returns tsvector immutable language sql
      as $$ select to_tsvector('english', $1.title) $$`)
  const reply = await ask(`${server().url}/books?select=id&plain=fts.river`)
  expect(reply).toMatchObject({ status: 200, body: [{ id: 1 }] })
})
