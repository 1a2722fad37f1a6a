/**
 * Requests that ask for as much as a request line can, by every construct of the grammar: up to the
 * limits, at them and far beyond. The same on both engines.
 */
import { maxEmbedLevels, maxJsonSteps, maxLogicLevels } from '../../src/api/request-limits.ts'

export const schema = `
  create table authors (id integer primary key, name text, mentor_id integer references authors (id));
  create table films (
    id integer primary key, title text, data jsonb, author_id integer references authors (id)
  );
  insert into authors values (1, 'Ann', null), (2, 'Bob', 1), (3, 'Cid', 2);
  insert into films values (1, 'Alpha', '{"a": [1]}', 1), (2, 'Beta', null, 2);`

function fill(piece: string, chars: number): string {
  return piece.repeat(Math.floor(chars / piece.length))
}

const nested = (open: string, levels: number, inner = 'name') =>
  `${open.repeat(levels)}${inner}${')'.repeat(levels)}`
const list = (count: number, piece: (index: number) => string, separator = ',') =>
  Array.from({ length: count }, (_, index) => piece(index)).join(separator)
const chars = 60_000

export const targets: readonly string[] = [
  ...[4, 16, maxEmbedLevels, maxEmbedLevels + 1, 400].flatMap((levels) => [
    `/authors?select=${nested('...authors!mentor_id(', levels)}`,
    `/authors?select=${nested('...authors!mentor_id(id,', levels)}`,
    `/authors?select=${nested('authors!mentor_id(id,', levels)}`,
    `/authors?select=${nested('authors!mentor_id!inner(id,', levels)}`,
    `/authors?select=${nested('mentor_id!inner(id,', levels)}`,
    `/authors?select=${nested('...mentor_id(', levels, 'id.sum()::text')}`,
    `/authors?select=${nested('mentor_id(*,', levels, 'films(*)')}&limit=1`,
    `/authors?select=${nested('...mentor_id(*,', levels, '...films(*)')}`,
  ]),
  ...[4, maxLogicLevels - 1, maxLogicLevels, 400].flatMap((levels) => [
    `/authors?and=(${nested('or(', levels, 'id.eq.1,name.eq.Ann')})`,
    `/authors?and=(${nested('not.and(', levels, 'id.eq.1,name.eq.Ann')})`,
  ]),
  ...[4, maxJsonSteps, maxJsonSteps + 1, 400].flatMap((steps) => [
    `/films?select=data${'->a'.repeat(steps)}`,
    `/films?order=data${'->a'.repeat(steps)}`,
    `/films?data${'->a'.repeat(steps)}->>b=eq.1`,
  ]),
  `/authors?select=${nested('authors!mentor_id(', maxEmbedLevels)}&and=(${nested('or(', 90, 'id.eq.1')})`,
  `/authors?select=${nested('mentor_id(', maxEmbedLevels)}&${'mentor_id.'.repeat(maxEmbedLevels)}and=(${nested('or(', 99, 'id.eq.1')})`,
  `/authors?select=${list(1700, (i) => `c${i}:id`)}`,
  `/authors?select=${list(2100, (i) => `c${i}:id`)},count()`,
  `/authors?select=${fill('id,', chars)}id`,
  `/authors?select=${fill('*,', chars)}id`,
  `/authors?select=count(),${fill('*,', 15_000)}id`,
  `/authors?select=${fill('id.sum(),', chars)}count()`,
  ...[30, 64, 100, 190, 2000].flatMap((count) => [
    `/authors?select=${list(count, (i) => `a${i}:mentor_id(name)`)}`,
    `/authors?select=${list(count, () => '...mentor_id(name)')}`,
    `/authors?select=${list(count, (i) => `a${i}:mentor_id!inner(name)`)}`,
    `/authors?select=...films(${list(count, (i) => `a${i}:id`)})`,
    `/authors?select=mentor_id(id)&order=${list(count, () => 'mentor_id(name)')}`,
    `/authors?select=films(id)&or=(${list(count, () => 'films.is.null')})&films.id=in.(${list(count, () => '1')})`,
  ]),
  `/authors?${fill('id=gte.0&', chars)}`,
  `/authors?${fill('name=like.A*&', chars)}`,
  `/authors?or=(${fill('id.eq.1,', chars)}id.eq.2)`,
  `/authors?or=(${fill('name.ilike.a*,', chars)}id.eq.2)`,
  `/authors?id=in.(${fill('1,', chars)}2)`,
  `/authors?order=${fill('name.desc,', chars)}id`,
  `/authors?order=${list(3000, () => 'id')}`,
  `/films?select=${list(2000, (i) => `c${i}:data->a->>b`)}`,
]

export interface BodyRequest {
  readonly method: string
  readonly target: string
  readonly type: string
  readonly body: string
}

/** Bodies of about that many bytes, good ones and bad. */
export function greatestBodies(bytes: number): readonly BodyRequest[] {
  const rows = (row: (index: number) => string) => {
    const length = row(100_000).length + 1
    return list(Math.floor(bytes / length), row)
  }
  const keys = (count: number) => list(count, (i) => `"k${i}":${i}`)
  const json = 'application/json'
  const bodies: readonly (readonly [string, string])[] = [
    [json, `[${rows((i) => `{"id":${i + 1000},"name":"A name"}`)}]`],
    [json, `[${rows(() => '{}')}]`],
    [json, `[${rows(() => '[]')}]`],
    [json, `[${rows((i) => `{"id":${i}}`)},{"name":1}]`],
    [json, `[${rows((i) => `{"id":${i}}`)}`],
    [json, `[${rows(() => '{"id":1,"\\u0069d":2}')}]`],
    [json, `{"id":1000,"name":"${fill('x', bytes)}"}`],
    [json, `{"id":1000,"name":"${fill('\\u00e9\\n', bytes)}"}`],
    [json, `{"id":1000,"name":"${fill('é', bytes / 2)}"}`],
    [json, `{"id":1000,"name":[${rows(() => '1')}]}`],
    [json, `{"id":1000,"name":${fill('[', bytes / 2)}${fill(']', bytes / 2)}}`],
    [json, `{"id":1000,"name":${fill('{"a":', bytes)}`],
    [json, `{"id":1000,"name":${fill('9', bytes)}}`],
    [json, `{${keys(bytes / 20)}}`],
    [json, `[${list(20, () => `{${keys(bytes / 400)}}`)}]`],
    [json, `${fill(' ', bytes)}{"id":1000}`],
    [json, `${fill(' ', bytes)}[`],
    ['text/csv', `id,name\n${rows((i) => `${i + 1000},A name`).replaceAll(',1', '\n1')}`],
    ['text/csv', `id,name\n1000,"${fill('""', bytes)}"`],
    ['text/csv', `${fill('a,', bytes)}a\n1`],
    ['application/x-www-form-urlencoded', `id=1000&name=${fill('%41', bytes)}`],
    ['application/x-www-form-urlencoded', fill('name=x&', bytes)],
    ['application/x-www-form-urlencoded', list(bytes / 10, (i) => `n${i}=x`, '&')],
  ]
  return [
    ...bodies.map(([type, body]) => ({ method: 'POST', target: '/authors', type, body })),
    ...bodies
      .slice(0, 4)
      .map(([type, body]) => ({ method: 'POST', target: '/authors?columns=id,name', type, body })),
    ...bodies.slice(4, 9).flatMap(([type, body]) => [
      { method: 'PATCH', target: '/authors?id=eq.1', type, body },
      { method: 'PUT', target: '/authors?id=eq.1000', type, body },
      { method: 'POST', target: '/rpc/none', type, body },
    ]),
  ]
}
