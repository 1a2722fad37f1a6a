/**
 * What one request may cost before the database is asked: all of it is spent on the one thread
 * that every other request needs. Each line below grows a request to the 64 KiB that a request
 * line may have (bodies further); the cost may grow in proportion only.
 *
 * `FUZZ_REQUESTS` set: prints what each costs.
 */
import { describe, expect, test } from 'vitest'
import { openPlan } from '../../src/access/apply-rules.ts'
import { parseRequest } from '../../src/api/parse-request.ts'
import { maxEmbedLevels } from '../../src/api/request-limits.ts'
import { createPlanCompiler } from '../../src/backends/postgres/compile/compile-postgres.ts'
import { bindPostgres } from '../../src/backends/postgres/compile/postgres-statement.ts'
import { renderError } from '../../src/errors/error-envelope.ts'
import { planRequest } from '../../src/plan/plan-request.ts'
import { defaultPlanOptions } from '../support/plan-of.ts'
import { describeSnapshot } from '../support/snapshot.ts'

const snapshot = describeSnapshot({
  relations: {
    films:
      'id:integer!, title:text, year:integer, data:jsonb, director_id:integer, parent_id:integer',
    directors: 'id:integer!, name:text',
    ...Object.fromEntries(
      Array.from({ length: 300 }, (_, i) => [`table_with_a_long_name_${i}`, 'id:integer!']),
    ),
  },
  foreignKeys: [
    'films(director_id) -> directors(id)',
    'films(parent_id) -> films(id) as films_parent',
  ],
  routines: [
    { name: 'f', parameters: 'a:text?, b:text?' },
    { name: 'v', parameters: 'a:text[]*' },
  ],
})

interface Sample {
  readonly method: string
  readonly path: string
  readonly query: string
  readonly headers: readonly (readonly [string, string])[]
  readonly body: string
}

type Grow = (bytes: number) => Partial<Sample>

function fill(piece: string, bytes: number): string {
  return piece.repeat(Math.max(1, Math.floor(bytes / piece.length)))
}

function numbered(piece: (index: number) => string, separator: string, bytes: number): string {
  const count = Math.floor(bytes / (piece(1000).length + separator.length))
  return Array.from({ length: count }, (_, index) => piece(index)).join(separator)
}

const films =
  (query: (bytes: number) => string): Grow =>
  (bytes) => ({ query: query(bytes) })
const select = (text: (bytes: number) => string): Grow => films((bytes) => `select=${text(bytes)}`)
const header = (name: string, value: (bytes: number) => string): Grow => {
  return (bytes) => ({ headers: [[name, value(bytes)]] })
}
const post = (body: (bytes: number) => string, type = 'application/json', query = ''): Grow => {
  return (bytes) => ({
    method: 'POST',
    query,
    headers: [['content-type', type]],
    body: body(bytes * 10),
  })
}
/** As many levels as are read, and the rest of the bytes at the innermost. */
const levels = maxEmbedLevels - 1
const deep = (open: string, inner: (bytes: number) => string) => (bytes: number) =>
  `${open.repeat(levels)}${inner(bytes - (open.length + 1) * levels)}${')'.repeat(levels)}`

const form = 'application/x-www-form-urlencoded'

const samples: Readonly<Record<string, Grow>> = {
  'a select list': select((n) => `${fill('id,', n)}id`),
  'aliases, paths and casts': select((n) => fill('a:data->b->>c::text,', n).slice(0, -1)),
  aggregates: select((n) => `${fill('id.sum()::text,', n)}count()`),
  'a select list that breaks at its end': select((n) => `${fill('id,', n)}id!!`),
  'a broken name in many pieces': select((n) => fill('a-', n)),
  'words and blanks': select((n) => `${fill('a+', n)}!`),
  'open quotes': select((n) => fill('"', n)),
  'escaped quotes': select((n) => `"${fill('\\"', n)}`),
  'open parentheses': select((n) => fill('(', n)),
  'JSON arrows': select((n) => `data${fill('->a', n)}`),
  embeds: select((n) => `${fill('directors(id),', n)}id`),
  'embeds with aliases': select((n) => numbered((i) => `a${i}:directors(id)`, ',', n)),
  spreads: select((n) => `${fill('...directors(id),', n)}id`),
  'unknown embeds': select((n) => `${fill('nothing(id),', n)}id`),
  'many columns in nested embeds': select(deep('films(', (n) => `${fill('id,', n)}id`)),
  'nested embeds that break inside': select(deep('films(', (n) => `${fill('id,', n)}id!`)),
  'embeds that nest too deeply': select((n) => fill('films(', n)),
  filters: films((n) => `${fill('id=eq.1&', n)}id=eq.1`),
  'filters on many names': films((n) => numbered((i) => `a${i}=not.eq.1`, '&', n)),
  'filters of one embed': films((n) => `select=directors(id)&${fill('directors.id=eq.1&', n)}`),
  'filters with long paths': films(
    (n) =>
      `select=${deep('films(', () => 'id')(0)}&${fill(`${'films.'.repeat(levels)}id=eq.1&`, n)}`,
  ),
  'a long name of a filter': films((n) => `${fill('a.', n)}id=eq.1`),
  'an operator in many pieces': films((n) => `id=${fill('not.', n)}eq.1`),
  'a list': films((n) => `id=in.(${fill('1,', n)}1)`),
  'a list in quotes': films((n) => `id=in.(${fill('"a",', n)}1)`),
  'a list with text behind quotes': films((n) => `id=in.(${fill('"a"x,', n)}1)`),
  'a list of open quotes': films((n) => `id=in.(${fill('",', n)}1)`),
  'a list that never ends': films((n) => `id=in.(${fill('1,', n)}`),
  'a logic tree': films((n) => `and=(${fill('id.eq.1,', n)}id.eq.1)`),
  'a logic tree that never ends': films((n) => `and=(${fill('id.eq.1,', n)}`),
  'a deep logic tree': films(
    (n) => `and=(${deep('not.or(', (m) => fill('id.eq.1,', m))(n)}id.eq.1)`,
  ),
  'arrays in a logic tree': films((n) => `and=(${fill('id.eq.{1,', n)}id.eq.1)`),
  'open braces in a logic tree': films((n) => `and=(id.eq.${fill('{', n)})`),
  'negations in a logic tree': films((n) => `and=(${fill('not.', n)})`),
  'order terms': films((n) => `order=${fill('id.desc.nullslast,', n)}id`),
  'order terms that break at their end': films((n) => `order=${fill('id,', n)}id.x`),
  'order by an embed': films((n) => `select=directors(*)&order=${fill('directors(id),', n)}id`),
  'many orders': films((n) => fill('order=id&', n)),
  'windows of embeds': films((n) => numbered((i) => `a${i}.limit=1`, '&', n)),
  'a limit of blanks': films((n) => `limit=${fill('+', n)}x`),
  'a limit between blanks': films((n) => `limit=${fill('+', n / 2)}1${fill('+', n / 2)}x`),
  'a limit of digits': films((n) => `limit=${fill('1', n)}`),
  'empty pairs': films((n) => fill('&', n)),
  'percent signs': films((n) => `id=eq.${fill('%25', n)}`),
  'columns to write': (n) => ({ method: 'POST', query: `columns=${fill('id,', n)}id`, body: '{}' }),
  'arguments of a function': (n) => ({
    path: '/rpc/f',
    query: numbered((i) => `a${i}=1`, '&', n),
  }),
  'a variadic argument': (n) => ({ path: '/rpc/v', query: fill('a=1&', n) }),
  'an unknown table': (n) => ({ path: `/${fill('table_with_a_long_name_', n)}` }),
  'an unknown function': (n) => ({ path: `/rpc/${fill('f', n)}` }),
  'a long path': (n) => ({ path: fill('/a', n) }),
  'media types': header('accept', (n) => fill('a/b;q=0.1,', n)),
  'parameters of a media type': header(
    'accept',
    (n) => `application/vnd.pgrst.plan${fill(';a=b', n)}`,
  ),
  'blanks in a media type': header('accept', (n) => `text/csv,application/json${fill(' ', n)};x`),
  'blanks in a content type': header('content-type', (n) => `text/csv;a=b${fill(' ', n)}x`),
  'nested media types': header(
    'accept',
    (n) => `application/vnd.pgrst.plan;for="${fill('a;for=', n)}"`,
  ),
  preferences: header('prefer', (n) => `handling=strict,${fill('a,', n)}`),
  'blanks in a preference': header('prefer', (n) => `max-affected=${fill(' ', n)}x`),
  'a range': header('range', (n) => `${fill('1', n)}-`),
  cookies: header('cookie', (n) => fill('a=b;', n)),
  'header lines': (n) => ({ headers: Array.from({ length: n / 10 }, (_, i) => [`h${i}`, 'x']) }),
  'the same header again': (n) => ({
    headers: [
      ...Array.from({ length: n / 40 }, (_, i) => [`h${i}`, 'x'] as const),
      ...Array.from({ length: n / 40 }, () => ['last', 'x'] as const),
    ],
  }),
  'rows of JSON': post((n) => `[${fill('{"id":1,"title":"x"},', n)}{"id":1,"title":"x"}]`),
  'a row of many keys': post((n) => `{${numbered((i) => `"a${i}":1`, ',', n)}}`),
  'deep JSON': post((n) => fill('[', n)),
  'deep objects': post((n) => fill('{"a":', n)),
  'JSON that is not read': post((n) => `${fill(' ', n)}[`, 'application/json', 'columns=id'),
  'lines of CSV': post((n) => `id,title\n${fill('1,a\n', n)}`, 'text/csv'),
  'a line of CSV': post((n) => `${fill(',', n / 2)}\n${fill(',', n / 2)}`, 'text/csv'),
  'quotes in CSV': post((n) => `id\n"${fill('""', n)}`, 'text/csv'),
  'a form': post((n) => fill('title=1&', n), form),
  'a form of many names': post((n) => numbered((i) => `a${i}=1`, '&', n), form),
}

function run({ method, path, query, headers, body }: Sample): void {
  const raw = { method, path, query, headers, body: Buffer.from(body) }
  const parsed = parseRequest(raw, {
    dbSchemas: ['api'],
    dbRootSpec: null,
    openapiMode: 'follow-privileges',
    dbTxEnd: 'commit',
  })
  if (!parsed.ok) {
    renderError(parsed.error, 'verbose')
    return
  }
  const planned = planRequest(parsed.value, snapshot, defaultPlanOptions)
  if (!planned.ok) {
    renderError(planned.error, 'verbose')
    return
  }
  const { plan } = openPlan(planned.value, snapshot)
  if (plan.kind === 'inspect' || plan.kind === 'info') return
  const compiled = createPlanCompiler()(plan)
  if (compiled.ok) bindPostgres(compiled.value.main, parsed.value)
}

/** Milliseconds of processor time: what else the machine does counts little. */
function cost(grow: Grow, bytes: number): number {
  const sample: Sample = {
    method: 'GET',
    path: '/films',
    query: '',
    headers: [],
    body: '',
    ...grow(bytes),
  }
  let best = Number.POSITIVE_INFINITY
  for (let round = 0; round < 3; round += 1) {
    const before = process.cpuUsage()
    run(sample)
    const { user, system } = process.cpuUsage(before)
    best = Math.min(best, (user + system) / 1000)
  }
  return best
}

const largest = 64 * 1000
const smallest = largest / 16

describe('a request costs in proportion to its length', () => {
  test.each(Object.entries(samples))('%s', (name, grow) => {
    const small = cost(grow, smallest)
    const large = cost(grow, largest)
    if (process.env['FUZZ_REQUESTS'] !== undefined) {
      console.log(`${name}: ${small.toFixed(1)} ms, ${large.toFixed(1)} ms`)
    }
    // sixteen times as long: a quadratic cost is 256 times as much
    if (large > 50) expect(large / Math.max(small, 0.5)).toBeLessThan(90)
    expect(large).toBeLessThan(2000)
  })
})
