/**
 * Planning and compiling happen on the one thread that all requests share. Each construct of the
 * grammar is grown from 4 to 400: what is read of the request and of the plan, and how long the
 * statement becomes, may grow in proportion to the request only, or the request is refused.
 * Everything is counted, nothing is timed.
 */
import { describe, expect, test } from 'vitest'
import { openPlan } from '../../../src/access/apply-rules.ts'
import type { ApiRequest } from '../../../src/api/api-request.ts'
import { parseRequest } from '../../../src/api/parse-request.ts'
import { compilePlan } from '../../../src/backends/postgres/compile/compile-postgres.ts'
import { StatementTooLong } from '../../../src/backends/sql/sql-text.ts'
import { SqliteFacts } from '../../../src/backends/sqlite/catalog/sqlite-facts.ts'
import { createSqliteCompiler } from '../../../src/backends/sqlite/compile/compile-sqlite.ts'
import type { ReadPlan } from '../../../src/plan/plan.ts'
import { planRequest } from '../../../src/plan/plan-request.ts'
import { defaultPlanOptions } from '../../support/plan-of.ts'
import { describeSnapshot } from '../../support/snapshot.ts'

const snapshot = describeSnapshot({
  relations: {
    films:
      'id:integer!, title:text, year:integer, data:jsonb, director_id:integer, remake_of:integer',
    directors: 'id:integer!, name:text',
  },
  foreignKeys: [
    'films(director_id) -> directors(id)',
    'films(remake_of) -> films(id) as films_remake_of',
  ],
})

const sqliteFacts = new SqliteFacts({})

interface Sample {
  readonly query: string
  readonly count?: boolean
}

type Grow = (size: number) => Sample

function times(count: number, piece: (index: number) => string, separator = ','): string {
  return Array.from({ length: count }, (_, index) => piece(index)).join(separator)
}

function levels(count: number, open: string, inner: string, close = ')'): string {
  return `${open.repeat(count)}${inner}${close.repeat(count)}`
}

/** A path to each level of nested embeds. */
function everyLevel(count: number, name: string, pair: string): string {
  return times(count, (index) => `${`${name}.`.repeat(index + 1)}${pair}`, '&')
}

const select = (text: (size: number) => string): Grow => {
  return (size) => ({ query: `select=${text(size)}` })
}
const query =
  (text: (size: number) => string): Grow =>
  (size) => ({ query: text(size) })

/** Each level asks for one thing of its own. */
const deep: Readonly<Record<string, Grow>> = {
  'embeds of many': select((n) => levels(n, 'films(id,', 'id')),
  'embeds of one': select((n) => levels(n, 'remake_of(id,', 'id')),
  'empty embeds': select((n) => levels(n, 'films(', '')),
  'spreads of many': select((n) => levels(n, '...films(', 'id,title,year')),
  'spreads of one': select((n) => levels(n, '...remake_of(', 'id,title,year')),
  'spreads of many in spreads of one': select((n) =>
    levels(n / 2, '...films(...remake_of(', 'id,title', '))'),
  ),
  'stars in spreads': select((n) => levels(n, '...films(', '*')),
  'stars in spreads of one': select((n) => levels(n, '...remake_of(*,', '...films(*)')),
  'counts in spreads': select((n) => levels(n, '...remake_of(', 'count()')),
  'sums in spreads': select((n) => levels(n, '...remake_of(', 'id.sum()::text')),
  'logic trees': query((n) => `and=(${levels(n, 'or(', 'id.eq.1')})`),
  'negated logic trees': query((n) => `and=(${levels(n, 'not.and(', 'id.eq.1,title.eq.a')})`),
  'JSON paths': select((n) => `data${'->a'.repeat(n)}`),
  'JSON paths in order': query((n) => `order=data${'->a'.repeat(n)}`),
  'JSON paths in filters': query((n) => `data${'->a'.repeat(n)}->>b=eq.1`),
  'paths to filters': query(
    (n) => `select=${levels(n, 'films(', 'id')}&${'films.'.repeat(n)}id=eq.1`,
  ),
  'filters of every level': query(
    (n) => `select=${levels(n, 'films(', 'id')}&${everyLevel(n, 'films', 'id=eq.1')}`,
  ),
}

/** What a level asks for is asked again at each level above it. */
const stacked: Readonly<Record<string, Grow>> = {
  'columns at each level of spreads of one': select((n) => levels(n, '...remake_of(id,', 'id')),
  'columns at each level of spreads of many': select((n) => levels(n, '...films(id,', 'id')),
  'inner embeds': select((n) => levels(n, 'films!inner(id,', 'id')),
  'inner embeds counted': (n) => ({
    query: `limit=1&select=${levels(n, 'films!inner(id,', 'id')}`,
    count: true,
  }),
  'inner spreads': select((n) => levels(n, '...films!inner(id,', 'id')),
}

const wide: Readonly<Record<string, Grow>> = {
  columns: select((n) => times(n, () => 'id')),
  aliases: select((n) => times(n, (i) => `a${i}:id`)),
  casts: select((n) => times(n, () => 'id::text')),
  aggregates: select((n) => times(n, () => 'id.sum()::text')),
  embeds: select((n) => times(n, (i) => `a${i}:directors(id)`)),
  'spreads of one': select((n) => times(n, () => '...directors(id)')),
  'columns of a spread of many': select((n) => `...films(${times(n, (i) => `a${i}:id`)})`),
  'inner embeds': select((n) => times(n, (i) => `a${i}:directors!inner(id)`)),
  'operands of a logic tree': query((n) => `or=(${times(n, () => 'id.eq.1')})`),
  'members of a list': query((n) => `id=in.(${times(n, () => '1')})`),
  filters: query((n) => times(n, () => 'id=eq.1', '&')),
  'filters on an embed': query(
    (n) => `select=directors(id)&${times(n, () => 'directors.id=eq.1', '&')}`,
  ),
  'null filters on one embed': query(
    (n) => `select=directors(id)&or=(${times(n, () => 'directors.is.null')})`,
  ),
  'null filters on one embed, counted': (n) => ({
    query: `limit=1&select=directors(id)&or=(${times(n, () => 'directors.not.is.null')})`,
    count: true,
  }),
  'null filters on embeds': query((n) => {
    const embeds = times(n, (i) => `a${i}:directors(id)`)
    return `select=${embeds}&${times(n, (i) => `a${i}=not.is.null`, '&')}`
  }),
  'order terms': query((n) => `order=${times(n, () => 'id.desc')}`),
  'order by an embed': query((n) => {
    return `select=directors(id)&order=${times(n, () => 'directors(name)')}`
  }),
  windows: query((n) => {
    const embeds = times(n, (i) => `a${i}:directors(id)`)
    return `select=${embeds}&${times(n, (i) => `a${i}.limit=1`, '&')}`
  }),
}

/** Two lists multiply: the statement becomes too long before it costs much. */
const multiplied: Readonly<Record<string, Grow>> = {
  'null filters at every level, two each': (n) => ({
    query: `limit=1&select=${levels(n, 'films(', 'id')}&or=(films.is.null,films.is.null)&${everyLevel(
      n - 1,
      'films',
      'or=(films.is.null,films.is.null)',
    )}`,
    count: true,
  }),
  'order by an embed with filters': query((n) => {
    const filters = times(n * 10, () => 'directors.id=eq.1', '&')
    return `select=directors(id)&order=${times(n * 10, () => 'directors(name)')}&${filters}`
  }),
  'columns of a spread with filters': query((n) => {
    const filters = times(n * 10, () => 'films.id=eq.1', '&')
    return `select=...films(${times(n * 10, (i) => `a${i}:id`)})&${filters}`
  }),
  'stars under an aggregate': select((n) => `count(),${times(n * 20, () => '*')}`),
}

/** Counts how often a property of it is read, at any depth. */
function counting<T extends object>(root: T): { readonly value: T; readonly reads: () => number } {
  let reads = 0
  const wrapped = new WeakMap<object, object>()
  const wrap = (target: object): object => {
    const known = wrapped.get(target)
    if (known !== undefined) return known
    const proxy = new Proxy(target, {
      get(from, key, receiver) {
        reads += 1
        const value: unknown = Reflect.get(from, key, receiver)
        // what the snapshot holds is not the request's, and cannot be wrapped
        const isOpen = typeof value === 'object' && value !== null && !Object.isFrozen(value)
        return isOpen && !(value instanceof Map) ? wrap(value) : value
      },
    })
    wrapped.set(target, proxy)
    return proxy
  }
  // the proxy has the properties of what it stands for
  return { value: wrap(root) as T, reads: () => reads }
}

interface Cost {
  readonly planning: number
  readonly compiling: number
  readonly statement: number
}

function requestOf({ query: text, count }: Sample): ApiRequest | null {
  const parsed = parseRequest(
    {
      method: 'GET',
      path: '/films',
      query: text,
      headers: count === true ? [['prefer', 'count=exact']] : [],
      body: new Uint8Array(),
    },
    {
      dbSchemas: ['api'],
      dbRootSpec: null,
      openapiMode: 'follow-privileges',
      dbTxEnd: 'commit',
    },
  )
  if (parsed.ok) return parsed.value
  expect(parsed.error).toMatchObject({
    kind: 'query-syntax',
    details: expect.stringContaining('more than'),
  })
  return null
}

type Compile = (plan: ReadPlan) => { readonly text: string } | null

const engines: Readonly<Record<string, Compile>> = {
  PostgreSQL: (plan) => {
    try {
      return compilePlan(plan).main
    } catch (error) {
      if (error instanceof StatementTooLong) return null
      throw error
    }
  },
  SQLite: (plan) => {
    const compiled = createSqliteCompiler()(plan, { ...snapshot, engineFacts: sqliteFacts }, null)
    if (compiled.ok) return compiled.value.main
    expect(compiled.error).toEqual({ kind: 'too-long' })
    return null
  },
}

/** Null where the request is refused for its size. */
function costOf(sample: Sample, compile: Compile): Cost | null {
  const request = requestOf(sample)
  if (request === null) return null
  const asked = counting(request)
  const planned = planRequest(asked.value, snapshot, { ...defaultPlanOptions, dbMaxRows: 1000 })
  if (!planned.ok) {
    expect(planned.error).toMatchObject({ kind: 'too-complex' })
    return null
  }
  const { plan: open } = openPlan(planned.value, snapshot)
  if (open.kind !== 'read') throw new Error('a read is planned as a read')
  const plan = counting(open)
  const statement = compile(plan.value)
  return {
    planning: asked.reads(),
    compiling: plan.reads(),
    statement: statement?.text.length ?? 0,
  }
}

const sizes = [4, 8, 16, 32, 50, 100, 200, 400]

/** The greatest cost of a character of the request, in terms of what it costs at the least size. */
function growthOf(grow: Grow, compile: Compile): number {
  let worst = 0
  const first = costPerCharacter(grow(4), compile)
  if (first === null) throw new Error('the smallest request is refused')
  for (const size of sizes) {
    const cost = costPerCharacter(grow(size), compile)
    if (cost === null) continue
    worst = Math.max(
      worst,
      cost.planning / first.planning,
      cost.compiling / first.compiling,
      cost.statement / first.statement,
    )
  }
  return worst
}

function costPerCharacter(sample: Sample, compile: Compile): Cost | null {
  const cost = costOf(sample, compile)
  const { length } = sample.query
  return cost === null
    ? null
    : {
        planning: cost.planning / length,
        compiling: cost.compiling / length,
        statement: cost.statement / length,
      }
}

describe.each(Object.entries(engines))('on %s', (_, compile) => {
  test.each(Object.entries({ ...deep, ...wide }))('%s cost in proportion', (_name, grow) => {
    expect(growthOf(grow, compile)).toBeLessThan(2)
  })

  test.each(Object.entries(stacked))('%s cost a level at most for each level', (_name, grow) => {
    // as many levels as there may be, instead of four
    expect(growthOf(grow, compile)).toBeLessThan(8)
  })

  test.each(Object.entries(multiplied))('%s are bounded', (_name, grow) => {
    for (const size of sizes) {
      const cost = costOf(grow(size), compile)
      expect(cost?.compiling ?? 0).toBeLessThan(500_000)
      expect(cost?.statement ?? 0).toBeLessThanOrEqual(500_000)
    }
  })
})
