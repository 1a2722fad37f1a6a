/**
 * What only SQLite has or does: values of any type in any column, JSON as text or in binary,
 * full-text tables, columns without a type, statements of any width.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Reply } from '../../support/in-process-api.ts'
import { serveSqlite } from '../../support/sqlite-database.ts'

const wide = Array.from({ length: 1200 }, (_, index) => `c${index} int default ${index}`)

const schema = `
  create table anyhow (id integer primary key, i int, r real, b boolean, t text, d date, j json, x blob, u);
  insert into anyhow values
    (1, 5, 1.5, 1, 'text', '2024-01-05', '{"a":[1,2.50,"x"],"b":9007199254740993}', x'00ff', 7),
    (2, 'five', 'much', 'perhaps', 6, 20240105, 'no json', 'text', '7'),
    (3, x'0a', 9e999, 0, x'0b', 1704412800.5, jsonb('{"b":[true,null]}'), null, -9e999),
    (4, 9223372036854775807, 0.1, null, '"quoted" \\ ' || char(10) || '😀', null, '{a: 1}', 5, null),
    (5, null, -0.0, 2, '', '', '17', x'', 1e300),
    (6, null, 100.0, null, null, null, '"t"', null, 'zz');
  create table parents (id integer primary key);
  insert into parents values (1), (2), (3), (4), (5), (6);
  create table children (id integer primary key references parents(id), b boolean, j json, x blob);
  insert into children select id, b, j, x from anyhow;
  create table exact (id int primary key, n int, r real, t text, x blob, a any) strict;
  insert into exact values (1, 2, 3, 'x', x'01', 'y'), (2, null, null, null, null, x'02');
  create view garbled as select 1 as id, cast(x'22fffe' as text) as t;
  create view computed as select id, json_object('id', id) as doc, i + 0 as n, t || '' as s, b from anyhow;

  create table articles (id integer primary key, title text, body text);
  insert into articles values (1, 'The fat cat', 'sat on a mat'), (2, 'A dog', 'ate the fat cat'),
    (3, 'Cats', null), (4, null, 'nothing');
  create virtual table articles_index using fts5(title, body, content='articles', content_rowid='id');
  insert into articles_index (articles_index) values ('rebuild');
  create table ranked (id integer primary key, title text);
  insert into ranked values (1, 'a cat'), (2, 'some words more, and one cat'), (3, 'cat'), (4, 'dog');
  create virtual table ranked_index using fts5(title, content='ranked', content_rowid='id');
  insert into ranked_index (ranked_index) values ('rebuild');
  create virtual table notes using fts5(body, author unindexed);
  insert into notes values ('buy milk', 'ann'), ('sell milk', 'bob');

  create table wide (id integer primary key, ${wide.join(', ')});
  insert into wide (id) values (1);
`

let api: Awaited<ReturnType<typeof serveSqlite>>

beforeAll(async () => {
  api = await serveSqlite(schema)
})

afterAll(() => api.stop())

function get(target: string, headers?: Readonly<Record<string, string>>): Promise<Reply> {
  return api.get(target, headers)
}

async function ids(target: string): Promise<readonly unknown[]> {
  const { status, body, text } = await get(target)
  expect(status, text).toBe(200)
  return (body as readonly { readonly id: unknown }[]).map((row) => row.id)
}

describe('values in JSON', () => {
  test('are UTF-8 even where the database has text that is none', async () => {
    const { text, headers } = await get('/garbled')
    expect(text).toBe('[{"id":1,"t":"\\"\ufffd\ufffd"}]')
    expect(headers.get('content-length')).toBe(String(Buffer.byteLength(text)))
  })

  test.each([
    ['i', ['5', '"five"', '"\\\\x0a"', '9223372036854775807', 'null', 'null']],
    ['r', ['1.5', '"much"', '"Infinity"', '0.1', '0.0', '100.0']],
    ['b', ['true', '"perhaps"', 'false', 'null', '2', 'null']],
    ['t', ['"text"', '"6"', '"\\\\x0b"', '"\\"quoted\\" \\\\ \\n😀"', '""', 'null']],
    ['d', ['"2024-01-05"', '20240105', '1704412800.5', 'null', '""', 'null']],
    [
      'j',
      [
        '{"a":[1,2.50,"x"],"b":9007199254740993}',
        '"no json"',
        '{"b":[true,null]}',
        '{"a":1}',
        '17',
        '"t"',
      ],
    ],
    ['x', ['"\\\\x00ff"', '"text"', 'null', '5', '"\\\\x"', 'null']],
    ['u', ['7', '"7"', '"-Infinity"', 'null', '1.0e+300', '"zz"']],
  ])('of column %s are written as they are', async (column, values) => {
    const { text } = await get(`/anyhow?select=${column}&order=id`)
    expect(text).toBe(`[${values.map((value) => `{"${column}":${value}}`).join(',')}]`)
  })

  test('are the same inside embeds, in to-many spreads and in groups', async () => {
    const plain = await get('/anyhow?select=b,j,x&order=id')
    const embedded = await get('/parents?select=children(b,j,x)&order=id')
    expect(embedded.text).toBe(
      plain.text.replace(/\{"b"(.*?)\}(?=,\{"b":(?:t|f|n|"|\d)|\]$)/gs, '{"children":{"b"$1}}'),
    )
    const spread = await get('/parents?select=...children(b,j,x)&order=id')
    expect(spread.body).toEqual(plain.body)
    const grouped = await get('/anyhow?select=id,b,j,x,count()&order=id')
    const rows = plain.body as readonly object[]
    expect(grouped.body).toEqual(rows.map((row, index) => ({ id: index + 1, ...row, count: 1 })))
  })

  test('of STRICT tables are what they are declared as', async () => {
    expect((await get('/exact?order=id')).text).toBe(
      '[{"id":1,"n":2,"r":3.0,"t":"x","x":"\\\\x01","a":"y"},{"id":2,"n":null,"r":null,"t":null,"x":null,"a":"\\\\x02"}]',
    )
  })

  test('of expressions in views do not depend on the order', async () => {
    const plain = await get('/computed?select=doc&id=eq.1')
    const sorted = await get('/computed?select=doc&id=eq.1&order=s')
    expect(plain.text).toBe('[{"doc":"{\\"id\\":1}"}]')
    expect(sorted.text).toBe(plain.text)
  })

  test('survive a header without nulls', async () => {
    const { text } = await get('/anyhow?select=id,i,j,x&id=in.(1,6)', {
      Accept: 'application/vnd.pgrst.array+json;nulls=stripped',
    })
    expect(text).toBe(
      '[{"id":1,"i":5,"j":{"a":[1,2.50,"x"],"b":9007199254740993},"x":"\\\\x00ff"},{"id":6,"j":"t"}]',
    )
  })

  test('of every finite number are read back exactly', async () => {
    const numbers = Array.from(
      { length: 500 },
      (_, index) => Math.sin(index) * 10 ** ((index % 40) - 20),
    )
    api.file.exec(`create table numbers (id integer primary key, n real);
      insert into numbers (n) values ${numbers.map((number) => `(${number})`).join(',')}`)
    const { body } = await get('/numbers?select=n&order=id')
    expect(body).toEqual(numbers.map((n) => ({ n })))
  })
})

describe('columns without a type', () => {
  test.each([
    ['u=eq.7', [1, 2]],
    ['u=neq.7', [3, 5, 6]],
    ['u=gt.6', [1, 2, 5, 6]],
    ['u=lt.6', [3]],
    ['u=in.(7,zz)', [1, 2, 6]],
    ['u=not.in.(7,zz)', [3, 5]],
    ['u=eq(any).{7,zz}', [1, 2, 6]],
    ['u=isdistinct.7', [3, 4, 5, 6]],
    ['u=like.z*', [6]],
  ])('compare as numbers and as texts: %s', async (filter, found) => {
    expect(await ids(`/anyhow?select=id&${filter}&order=id`)).toEqual(found)
  })

  test.each([
    ['n=eq.5', [1]],
    ['n=gt.4', [1, 4]],
    ['s=eq.text', [1]],
    ['s=gte.text', [1]],
    ['b=is.true', [1, 5]],
  ])('so do expressions of views: %s', async (filter, found) => {
    expect(await ids(`/computed?select=id&${filter}&order=id`)).toEqual(found)
  })
})

describe('JSON columns', () => {
  test.each([
    ['j->a=not.is.null', [1, 4]],
    ['j->>a=eq.1', [4]],
    ['j->a->1=eq.2.5', [1]],
    ['j->a->>-1=eq.x', [1]],
    ['j->>b=eq.9007199254740993', [1]],
    ['j->b=cs.[true]', [3]],
    ['j=eq.17', [5]],
    ['j=eq.{"a":1}', [4]],
    ['j=in.(17,"{\\"a\\": 1}")', [4, 5]],
    ['j=gt.16', [1, 3, 4, 5]],
    ['t->a=is.null', [1, 2, 3, 4, 5, 6]],
  ])('hold text, JSON5 and binary JSON: %s', async (filter, found) => {
    expect(await ids(`/anyhow?select=id&${filter}&order=id`)).toEqual(found)
  })

  test('are ordered by type, then value', async () => {
    expect(await ids('/anyhow?select=id&order=j,id&id=neq.2')).toEqual([6, 5, 4, 3, 1])
  })
})

describe('full-text search', () => {
  test.each([
    ['articles?title=fts.cat', [1]],
    ['articles?title=fts.cat:*', [1, 3]],
    ['articles?body=plfts.the cat', [2]],
    ['articles?body=phfts.fat cat', [2]],
    ['articles?or=(title.fts.cat,body.fts.cat)', [1, 2]],
    ['articles?title=wfts.cats or dog', [2, 3]],
    ['articles?title=wfts.-cat', [2, 3]],
    ['articles?title=fts.!cat', [2, 3]],
    ['articles?title=not.fts.cat', [2, 3]],
    ['articles?title=not.fts.!cat', [1]],
    ['articles?body=not.fts.!cat', [2]],
    ['articles?title=fts(german).cat', [1]],
    ['articles?articles_index=fts.cat', [1, 2]],
    ['articles?articles_index=fts.cat %26 ate', [2]],
    ['articles?articles_index=fts.!cat', [3, 4]],
    ['articles?articles_index=not.fts.cat', [3, 4]],
    ['articles?or=(articles_index.fts.nothing,id.eq.1)', [1, 4]],
    ['articles?title=plfts.', []],
    ['articles?title=plfts.\'; drop table articles; -- "', []],
  ])('%s', async (target, found) => {
    expect(await ids(`/${target}&select=id&order=id`)).toEqual(found)
  })

  test('works on full-text tables themselves', async () => {
    expect((await get('/notes?body=fts.milk %26 buy')).body).toEqual([
      { body: 'buy milk', author: 'ann' },
    ])
  })

  test('by the name of the table looks into all that it indexes', async () => {
    expect((await get('/notes?notes=plfts.sell milk')).body).toEqual([
      { body: 'sell milk', author: 'bob' },
    ])
    // not indexed
    expect((await get('/notes?notes=fts.bob')).body).toEqual([])
  })

  test('ranks what it finds', async () => {
    const target = '/ranked?select=id,rank&ranked_index=fts.cat'
    const { body } = await get(`${target}&order=rank`)
    const rows = body as readonly { readonly id: number; readonly rank: number }[]
    expect(rows.map(({ id }) => id)).toEqual([3, 1, 2])
    const byRank = rows.map(({ rank }) => rank)
    expect(byRank).toEqual(byRank.toSorted((a, b) => a - b))
    expect(byRank.every((rank) => rank < 0)).toBe(true)
    expect(await ids('/ranked?select=id&ranked_index=fts.cat&order=rank.desc&limit=1')).toEqual([2])
    expect((await get('/ranked?select=rank.min()&ranked_index=fts.cat')).body).toEqual([
      { min: byRank[0] },
    ])
    expect((await get('/ranked?select=id,rank::text&title=fts.!cat')).body).toEqual([
      { id: 4, rank: null },
    ])
    // a table that has no column of its own to be found by
    expect((await get('/notes?select=body,rank&notes=fts.sell&order=rank')).body).toEqual([
      { body: 'sell milk', rank: expect.any(Number) },
    ])
  })

  test.each([
    ['/notes?select=rank', 'column notes.rank does not exist'],
    ['/notes?order=rank', 'column notes.rank does not exist'],
    ['/notes?notes=eq.milk', 'column notes.notes does not exist'],
    ['/articles?select=articles_index', 'column articles.articles_index does not exist'],
    ['/articles?notes=fts.milk', 'column articles.notes does not exist'],
  ])('%s names nothing', async (target, message) => {
    expect(await get(target)).toMatchObject({ status: 400, body: { code: '42703', message } })
  })

  test.each([
    ['/articles?title=fts.cat dog', '42601', 'syntax error in tsquery: "cat dog"'],
    ['/notes?author=fts.ann', 'PGRST127', 'Feature not implemented'],
    ['/anyhow?t=fts.x', 'PGRST127', 'Feature not implemented'],
  ])('%s is refused', async (target, code, message) => {
    expect(await get(target)).toMatchObject({ status: 400, body: { code, message } })
  })
})

describe('patterns', () => {
  test.each([
    `match.${'x'.repeat(60_000)}`,
    `imatch.${'x'.repeat(60_000)}`,
    `ilike(any).{"${'x'.repeat(60_000)}"}`,
  ])('beyond what can be compiled are refused', async (filter) => {
    const { status, body } = await get(`/anyhow?t=${filter}`)
    expect(body).toMatchObject({ code: '54000', message: 'pattern too complex' })
    expect(status).toBe(500)
  })
})

describe('statements', () => {
  test('take relations of more columns than functions take arguments', async () => {
    const { body } = await get('/wide')
    expect(Object.keys((body as readonly object[])[0] ?? {})).toHaveLength(1201)
    const csv = await get('/wide', { Accept: 'text/csv' })
    expect(csv.text.split('\n').map((line) => line.split(',').length)).toEqual([1201, 1201])
  })

  test('take long lists', async () => {
    const list = Array.from({ length: 5000 }, (_, index) => index + 3)
    expect(await ids(`/anyhow?select=id&id=in.(${list.join(',')})&order=id`)).toEqual([3, 4, 5, 6])
  })

  test('take filters by the hundred', async () => {
    const filters = Array.from({ length: 300 }, () => 'id=gt.0').join('&')
    expect(await ids(`/anyhow?select=id&${filters}&order=id&limit=1`)).toEqual([1])
  })

  test('know no column that the schema does not show', async () => {
    expect((await get('/anyhow?select=rowid')).body).toMatchObject({ code: '42703' })
  })

  test('of functions that nobody registered are refused', async () => {
    expect(await get('/rpc/anything')).toMatchObject({ status: 404, body: { code: 'PGRST202' } })
  })
})

test('overflow of a sum is out of range', async () => {
  api.file.exec(`create table big (n bigint); insert into big values (9223372036854775807), (1);`)
  expect(await get('/big?select=n.sum()')).toMatchObject({
    status: 400,
    body: { code: '22003', message: 'bigint out of range' },
  })
})

test('HEAD counts and sends nothing', async () => {
  const reply = await api.get('/anyhow?limit=2', { Prefer: 'count=exact' }, { method: 'HEAD' })
  expect(reply).toMatchObject({ status: 206, text: '' })
  expect(reply.headers.get('content-range')).toBe('0-1/6')
})
