import { describe, expect, test } from 'vitest'
import { callOf, failureOf, nodeAt, planOf, type RequestParts } from '../../support/plan-of.ts'
import { describeSnapshot } from '../../support/snapshot.ts'

const snapshot = describeSnapshot({
  schemas: ['api', 'other'],
  relations: {
    films: 'id:integer!, title:text, director_id:integer',
    directors: 'id:integer!, name:text',
  },
  foreignKeys: ['films(director_id) -> directors(id)'],
  routines: [
    { name: 'hello', parameters: 'name:text', returns: 'text', volatility: 'immutable' },
    { name: 'now_ish', returns: 'timestamptz', volatility: 'stable' },
    { name: 'reset', returns: 'void' },
    { name: 'add', parameters: 'a:integer, b:integer?', returns: 'integer' },
    { name: 'all_optional', parameters: 'a:integer?, b:text?' },
    { name: 'gather', parameters: 'kind:text, v:text[]*' },
    { name: 'get_films', returns: 'setof table films', volatility: 'stable' },
    { name: 'get_film', parameters: 'id:integer', returns: 'table films', volatility: 'stable' },
    { name: 'many', returns: 'setof integer' },
    { name: 'overloaded' },
    { name: 'overloaded', parameters: 'a:integer, b:integer' },
    { name: 'overloaded', parameters: 'a:text, b:text, c:text' },
    { name: 'same', parameters: 'arg:integer' },
    { name: 'same', parameters: 'arg:xml' },
    { name: 'same', parameters: 'arg:text, num:integer?' },
    { name: 'take_json', parameters: ':json' },
    { name: 'take_jsonb', parameters: ':jsonb' },
    { name: 'take_text', parameters: ':text' },
    { name: 'take_xml', parameters: ':xml' },
    { name: 'take_bytes', parameters: ':bytea' },
    { name: 'take_int', parameters: ':integer' },
    { name: 'take_maybe', parameters: ':text?' },
    { name: 'named_json', parameters: 'doc:json' },
    { name: 'either', parameters: 'x:integer, y:integer' },
    { name: 'either', parameters: ':json' },
    { name: 'either', parameters: ':bytea' },
    { name: 'two_docs', parameters: ':json' },
    { name: 'two_docs', parameters: ':jsonb' },
    { name: 'other.elsewhere' },
  ],
})

/** The parameters of the function chosen; unnamed ones by their type. */
function chosen(line: string, parts?: RequestParts): string {
  const { routine } = callOf(snapshot, line, parts)
  return `${routine.name}(${routine.parameters.map((each) => each.name || `:${each.type}`).join(', ')})`
}

const json = (body: string): RequestParts => ({ body })
const typed = (type: string, body: string): RequestParts => ({
  body,
  headers: { 'Content-Type': type },
})

describe('a function is chosen by the names of its arguments', () => {
  test.each([
    ['GET /rpc/now_ish', json(''), 'now_ish()'],
    ['GET /rpc/hello?name=x', json(''), 'hello(name)'],
    ['GET /rpc/add?a=1', json(''), 'add(a, b)'],
    ['GET /rpc/add?a=1&b=2', json(''), 'add(a, b)'],
    ['GET /rpc/all_optional', json(''), 'all_optional(a, b)'],
    ['GET /rpc/all_optional?b=x', json(''), 'all_optional(a, b)'],
    ['GET /rpc/gather?kind=x&v=1&v=2', json(''), 'gather(kind, v)'],
    ['GET /rpc/overloaded', json(''), 'overloaded()'],
    ['GET /rpc/overloaded?a=1&b=2', json(''), 'overloaded(a, b)'],
    ['GET /rpc/overloaded?a=1&b=2&c=3', json(''), 'overloaded(a, b, c)'],
    ['GET /rpc/same?arg=1&num=2', json(''), 'same(arg, num)'],
    ['POST /rpc/hello', json('{"name":"x"}'), 'hello(name)'],
    ['POST /rpc/now_ish', json('{}'), 'now_ish()'],
    ['POST /rpc/now_ish', json(''), 'now_ish()'],
    ['POST /rpc/add?columns=a', json('{"a":1,"c":3}'), 'add(a, b)'],
    ['POST /rpc/hello', typed('application/x-www-form-urlencoded', 'name=x'), 'hello(name)'],
    ['POST /rpc/hello', typed('text/csv', 'name\nx'), 'hello(name)'],
    // else by what the whole body is
    ['POST /rpc/take_json', json('{"a":1}'), 'take_json(:json)'],
    ['POST /rpc/take_jsonb', json('[]'), 'take_jsonb(:jsonb)'],
    ['POST /rpc/take_text', typed('text/plain', 'x'), 'take_text(:text)'],
    ['POST /rpc/take_xml', typed('text/xml', '<x/>'), 'take_xml(:xml)'],
    ['POST /rpc/take_bytes', typed('application/octet-stream', 'x'), 'take_bytes(:bytea)'],
    ['POST /rpc/either', json('{"x":1,"y":2}'), 'either(x, y)'],
    ['POST /rpc/either', json('{"A":1}'), 'either(:json)'],
    ['POST /rpc/either', typed('application/octet-stream', 'x'), 'either(:bytea)'],
    // an unnamed parameter with a default may be left out
    ['GET /rpc/take_maybe', json(''), 'take_maybe(:text)'],
  ])('%s with %j: %s', (line, parts, expected) => {
    expect(chosen(line, parts)).toBe(expected)
  })
})

describe('a call that no function fits is refused', () => {
  test.each([
    ['GET /rpc/nothing', json('')],
    ['GET /rpc/elsewhere', json('')],
    ['GET /rpc/hello', json('')],
    ['GET /rpc/hello?nam=x', json('')],
    ['GET /rpc/add?b=1', json('')],
    ['GET /rpc/add?a=1&b=2&c=3', json('')],
    ['GET /rpc/overloaded?a=1', json('')],
    ['POST /rpc/named_json', json('{"A":1}')],
    ['POST /rpc/take_int', json('{"A":1}')],
    ['POST /rpc/take_text', json('{"A":1}')],
    ['POST /rpc/take_json', typed('text/plain', 'x')],
    ['POST /rpc/now_ish', typed('text/plain', '')],
    ['POST /rpc/now_ish', typed('application/octet-stream', 'x')],
  ])('%s with %j', (line, parts) => {
    expect(failureOf(snapshot, line, parts).kind).toBe('function-not-found')
  })

  test('with what its message needs', () => {
    expect(failureOf(snapshot, 'GET /rpc/hello?zz=1&nam=2&zz=3')).toEqual({
      kind: 'function-not-found',
      schema: 'api',
      name: 'hello',
      argumentNames: ['nam', 'zz'],
      contentType: 'application/json',
      isPost: false,
      suggestion: 'hello(name)',
    })
    expect(failureOf(snapshot, 'POST /rpc/take_int', typed('text/plain', 'x'))).toMatchObject({
      contentType: 'text/plain',
      isPost: true,
      argumentNames: [],
      suggestion: null,
    })
  })

  test.each([
    ['GET /rpc/helo', 'hello'],
    ['GET /rpc/zzzzzz', null],
    ['GET /rpc/hello?nam=x', 'hello(name)'],
    ['GET /rpc/overloaded?a=1&b=2&d=3', 'overloaded(a, b, c)'],
    ['GET /rpc/overloaded?wrong=3', null],
    // a raw body means one parameter only: names of others say nothing
    ['POST /rpc/take_int as text/plain', null],
  ])('%s: perhaps %s was meant', (line, suggestion) => {
    const [target = '', type] = line.split(' as ')
    const parts = type === undefined ? {} : typed(type, 'x')
    expect(failureOf(snapshot, target, parts)).toMatchObject({ suggestion })
  })

  test('and a name far longer than all others resembles none', () => {
    const long = 'hello'.repeat(10_000)
    expect(failureOf(snapshot, `GET /rpc/${long}`)).toMatchObject({ suggestion: null })
    expect(failureOf(snapshot, `GET /rpc/hello?${long}=1`)).toMatchObject({ suggestion: null })
  })

  test.each([
    [
      'GET /rpc/same?arg=1',
      json(''),
      ['api.same(arg => integer)', 'api.same(arg => xml)', 'api.same(arg => text, num => integer)'],
    ],
    ['POST /rpc/two_docs', json('{"A":1}'), ['api.two_docs( => json)', 'api.two_docs( => jsonb)']],
  ])('%s: %j may mean several', (line, parts, signatures) => {
    expect(failureOf(snapshot, line, parts)).toEqual({ kind: 'ambiguous-function', signatures })
  })
})

describe('arguments', () => {
  const shown = (line: string, parts?: RequestParts) => {
    const plan = callOf(snapshot, line, parts)
    return [plan.arguments.kind, plan.parameters.map((each) => each.name)]
  }

  test.each([
    ['GET /rpc/add?a=1', json(''), ['direct', ['a']]],
    ['HEAD /rpc/add?b=1&a=1', json(''), ['direct', ['a', 'b']]],
    ['POST /rpc/add', json('{"b":1,"a":2}'), ['json', ['a', 'b']]],
    ['POST /rpc/now_ish', json('{}'), ['json', []]],
    ['POST /rpc/add', typed('application/x-www-form-urlencoded', 'a=1'), ['direct', ['a']]],
    ['POST /rpc/take_json', json('{"a":1}'), ['whole-body', ['']]],
    ['GET /rpc/take_maybe', json(''), ['direct', ['']]],
  ])('%s with %j: %j', (line, parts, expected) => {
    expect(shown(line, parts)).toEqual(expected)
  })

  test('of a filter’s form are filters when functions are read', () => {
    const plan = callOf(snapshot, 'GET /rpc/get_film?id=1&title=eq.x')
    expect(plan.parameters.map((each) => each.name)).toEqual(['id'])
    expect(plan.root.where).toMatchObject([{ field: { name: 'title', type: 'text' } }])
  })
})

describe('a call', () => {
  test.each([
    ['GET /rpc/reset', true],
    ['HEAD /rpc/reset', true],
    ['POST /rpc/reset', false],
    ['POST /rpc/now_ish', true],
    ['POST /rpc/hello', true],
  ])('%s reads only: %s', (line, isReadOnly) => {
    const body = line.endsWith('hello') ? '{"name":"x"}' : ''
    expect(callOf(snapshot, line, { body }).isReadOnly).toBe(isReadOnly)
  })

  test('reads its rows as if they were of the relation', () => {
    const line =
      'GET /rpc/get_films?select=title,directors(name)&id=gt.1&order=id&limit=3&directors=not.is.null'
    const plan = callOf(snapshot, line, { options: { dbMaxRows: 9 } })
    expect(plan.root).toMatchObject({
      readsResult: true,
      relation: { schema: 'api', name: 'films' },
      window: { source: 0, hasLimit: true, maxRows: 9 },
    })
    expect(nodeAt(plan.root, 'directors').relation.name).toBe('directors')
    expect(plan.returning).toEqual(['director_id', 'id', 'title'])
    expect(plan.filterColumns).toEqual(['id'])
  })

  test('filters by columns that it need not return', () => {
    const line =
      'GET /rpc/get_films?select=id,directors(id)&or=(title.eq.x,id.eq.1)&directors.name=eq.x'
    const plan = callOf(snapshot, line)
    expect(plan.returning).toEqual(['director_id', 'id'])
    expect(plan.filterColumns).toEqual(['id', 'title'])
  })

  test('of scalars has a result without known columns', () => {
    const plan = callOf(snapshot, 'GET /rpc/many?select=*')
    expect(plan.root.relation).toEqual({ schema: 'api', name: 'many' })
    expect(plan.returning).toEqual(['*'])
  })

  test('counts', () => {
    const headers = { Prefer: 'count=exact' }
    expect(callOf(snapshot, 'GET /rpc/get_films', { headers }).count).toBe('exact')
  })

  test('is refused a max-affected when it returns a single row', () => {
    const strict = { Prefer: 'handling=strict, max-affected=3' }
    const failure = failureOf(snapshot, 'POST /rpc/reset', { headers: strict })
    expect(failure).toEqual({ kind: 'max-affected-rpc' })
    const single = failureOf(snapshot, 'GET /rpc/get_film?id=1', { headers: strict })
    expect(single).toEqual({ kind: 'max-affected-rpc' })
    expect(planOf(snapshot, 'GET /rpc/get_films', { headers: strict }).ok).toBe(true)
    const lenient = { Prefer: 'max-affected=3' }
    expect(planOf(snapshot, 'POST /rpc/reset', { headers: lenient }).ok).toBe(true)
  })

  test('is refused for media types before preferences, for preferences before max-affected', () => {
    const prefer = 'handling=strict, odd=1, max-affected=3'
    const kind = (accept: string) =>
      failureOf(snapshot, 'POST /rpc/reset', { headers: { Prefer: prefer, Accept: accept } }).kind
    expect(kind('unknown/type')).toBe('media-type')
    expect(kind('*/*')).toBe('invalid-preferences')
  })
})
