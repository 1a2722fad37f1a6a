import { describe, expect, test } from 'vitest'
import { failureOf, mutateOf, nodeAt, type RequestParts } from '../../support/plan-of.ts'
import { describeSnapshot, representation } from '../../support/snapshot.ts'

const snapshot = describeSnapshot({
  relations: {
    films: 'id:integer!=nextval(1), title:text, year:integer=2000, director_id:integer',
    directors: 'id:integer!, name:text',
    roles: 'film_id:integer!, actor_id:integer!, name:text',
    actors: 'id:integer!, name:text',
    pairs: 'a:integer!, b:integer!, c:text',
    log: 'line:text',
    colors: 'id:integer!, color:app.color/integer',
    loose: { columns: 'id:integer!', isClosed: false },
  },
  foreignKeys: [
    'films(director_id) -> directors(id)',
    'roles(film_id) -> films(id)',
    'roles(actor_id) -> actors(id)',
  ],
  computed: [{ routine: 'sequel', origin: 'films', target: 'films', isToOne: true }],
  representations: [
    representation('json', 'app.color', 'app.color_of_json'),
    representation('text', 'app.color', 'app.color_of_text'),
  ],
})

const full = { Prefer: 'return=representation' }
const one: RequestParts = { body: '{"id":1,"title":"x"}' }

describe('an insert', () => {
  test('writes the payload’s columns with their types', () => {
    const plan = mutateOf(snapshot, 'POST /films', one)
    expect(plan).toMatchObject({
      kind: 'mutate',
      mutation: 'insert',
      relation: { schema: 'api', name: 'films' },
      columns: [
        { name: 'id', type: 'integer', defaultExpression: 'nextval(1)', toDocument: false },
        { name: 'title', type: 'text', defaultExpression: null },
      ],
      where: [],
      onConflict: null,
      returning: [],
      primaryKey: ['id'],
      applyDefaults: false,
      payloadIsArray: false,
      hasPayload: true,
      representation: null,
      resolution: null,
    })
    expect(plan.root).toMatchObject({ readsResult: true, relation: { name: 'films' } })
  })

  test('reads JSON by the domain’s representation', () => {
    const plan = mutateOf(snapshot, 'POST /colors', { body: '{"color":"red"}' })
    expect(plan.columns).toMatchObject([
      {
        name: 'color',
        type: 'json',
        baseType: 'integer',
        transform: { schema: 'app', name: 'color_of_json' },
      },
    ])
  })

  test.each([
    ['[]', '', true],
    ['[{"id":1},{"id":2}]', '', true],
    ['{}', '', false],
    ['[{"id":1}]', '?columns=id', true],
    [' \n\t {"id":1}', '?columns=id', false],
    ['nonsense', '?columns=id', true],
  ])('of %j%s has an array: %s', (body, query, payloadIsArray) => {
    expect(mutateOf(snapshot, `POST /films${query}`, { body }).payloadIsArray).toBe(payloadIsArray)
  })

  test('takes the columns given instead of the payload’s keys', () => {
    const plan = mutateOf(snapshot, 'POST /films?columns=year,title', one)
    expect(plan.columns.map((column) => column.name)).toEqual(['title', 'year'])
  })

  test.each([
    ['POST /films', 'resolution=merge-duplicates', { columns: ['id'] }],
    ['POST /films', 'resolution=ignore-duplicates', { columns: ['id'] }],
    ['POST /films?on_conflict=title', 'resolution=merge-duplicates', { columns: ['title'] }],
    ['POST /log', 'resolution=merge-duplicates', { columns: [] }],
    ['POST /films?on_conflict=title', '', null],
  ])('%s with %s resolves conflicts on %j', (line, prefer, expected) => {
    const { onConflict } = mutateOf(snapshot, line, { body: '{}', headers: { Prefer: prefer } })
    if (expected === null) expect(onConflict).toBeNull()
    else expect(onConflict).toMatchObject(expected)
  })

  test('fills in defaults when asked to', () => {
    const parts = { ...one, headers: { Prefer: 'missing=default' } }
    expect(mutateOf(snapshot, 'POST /films', parts).applyDefaults).toBe(true)
    expect(mutateOf(snapshot, 'PATCH /films', parts).applyDefaults).toBe(true)
    const put = mutateOf(snapshot, 'PUT /films?id=eq.1', parts)
    expect(put.applyDefaults).toBe(false)
  })

  test('knows columns that the relation does not declare, where it is open', () => {
    const plan = mutateOf(snapshot, 'POST /loose', { body: '{"any":1}' })
    expect(plan.columns).toMatchObject([{ name: 'any', type: '' }])
  })
})

describe('an update or delete', () => {
  test('means the rows of the root’s filters and of all logic trees', () => {
    const line =
      'PATCH /films?select=id,directors(id)&id=eq.1&directors.name=eq.x&or=(id.eq.1,id.eq.2)&directors.and=(id.gt.0,id.lt.9)'
    const plan = mutateOf(snapshot, line, { body: '{"year":1}', headers: full })
    expect(plan.where).toMatchObject([
      { kind: 'filter', field: { name: 'id', type: 'integer' } },
      { kind: 'logic', operator: 'or' },
      { kind: 'logic', operator: 'and' },
    ])
    // what concerns the write is not asked again of its rows
    expect(plan.root.where).toEqual([])
    expect(nodeAt(plan.root, 'directors').where).toHaveLength(2)
  })

  test('reads filters by the domain’s representation', () => {
    const plan = mutateOf(snapshot, 'DELETE /colors?color=eq.red')
    expect(plan.where).toMatchObject([
      { field: { type: 'text', transform: { schema: 'app', name: 'color_of_text' } } },
    ])
  })

  test('sorts what it returns, and has no windows', () => {
    const line =
      'DELETE /films?select=id,directors(id)&order=title&limit=3&offset=1&directors.limit=1'
    const plan = mutateOf(snapshot, line, { headers: full, options: { dbMaxRows: 5 } })
    const none = { source: null, hasLimit: false, hasOffset: false, maxRows: null }
    expect(plan.root.window).toEqual(none)
    expect(nodeAt(plan.root, 'directors').window).toEqual(none)
    expect(plan.root.order).toMatchObject([{ field: { name: 'title' } }])
  })

  test('deletes without a payload', () => {
    expect(mutateOf(snapshot, 'DELETE /films', { body: '{"id":1}' })).toMatchObject({
      mutation: 'delete',
      columns: [],
      hasPayload: false,
      where: [],
    })
  })

  test('updates nothing from an empty object', () => {
    expect(mutateOf(snapshot, 'PATCH /films', { body: '{}' })).toMatchObject({
      columns: [],
      payloadIsArray: false,
    })
  })
})

describe('PUT', () => {
  const parts = { body: '{"id":1,"title":"x"}' }

  test('merges the row of its filters', () => {
    expect(mutateOf(snapshot, 'PUT /films?id=eq.1', parts)).toMatchObject({
      mutation: 'upsert',
      onConflict: { resolution: 'merge-duplicates', columns: ['id'] },
      where: [{ kind: 'filter', field: { name: 'id' } }],
    })
    const pair = { body: '{"a":1,"b":2,"c":"x"}' }
    const plan = mutateOf(snapshot, 'PUT /pairs?b=eq.2&a=eq.1', pair)
    expect(plan.onConflict?.columns).toEqual(['a', 'b'])
  })

  test.each([
    'films',
    'films?title=eq.x',
    'films?id=eq.1&title=eq.x',
    'films?id=gt.1',
    'films?id=not.eq.1',
    'films?id=in.(1)',
    'films?id=is.null',
    'films?id=eq(any).{1}',
    'films?id->a=eq.1',
    'films?id=eq.1&or=(id.eq.1,id.eq.2)',
    'films?select=*,directors(id)&id=eq.1&directors.id=eq.1',
    'pairs?a=eq.1',
    'log?line=eq.x',
  ])('is refused without exactly the primary key: %s', (target) => {
    expect(failureOf(snapshot, `PUT /${target}`, parts)).toEqual({ kind: 'invalid-filters' })
  })
})

describe('what is handed back', () => {
  const returning = (query: string, prefer: string = full.Prefer) =>
    mutateOf(snapshot, `PATCH /films${query}`, {
      body: '{"year":1}',
      headers: { Prefer: prefer },
    }).returning

  test.each([
    ['', ['*']],
    ['?select=title', ['id', 'title']],
    ['?select=title,title', ['id', 'title']],
    ['?select=', ['id']],
    ['?select=data->a,t:title::text', ['data', 'id', 'title']],
    // keys that embeds join by
    ['?select=title,directors(name)', ['director_id', 'id', 'title']],
    ['?select=title,roles(name)', ['id', 'title']],
    ['?select=title,actors(name)', ['id', 'title']],
    // a computed relationship takes the whole row
    ['?select=title,sequel(title)', ['*']],
    // columns that only sort
    ['?select=title&order=year', ['id', 'title', 'year']],
    ['?select=title,directors(id)&order=directors(name)', ['director_id', 'id', 'title']],
    ['?select=count()', ['*']],
  ])('for %s: %j', (query, expected) => {
    expect(returning(query)).toEqual(expected)
  })

  test.each([
    ['return=representation', ['*']],
    ['return=headers-only', ['*']],
    ['return=minimal', []],
    ['', []],
  ])('with %s: %j', (prefer, expected) => {
    expect(returning('', prefer)).toEqual(expected)
  })
})

describe('a write is refused', () => {
  test.each([
    ['POST /film', '{}', { kind: 'relation-not-found', suggestion: 'films' }],
    [
      'POST /films',
      '{"titel":1}',
      { kind: 'column-not-found', relation: 'films', column: 'titel' },
    ],
    ['POST /films?columns=a,b', '{}', { kind: 'column-not-found', column: 'a' }],
    ['PATCH /films', '{"x":1}', { kind: 'column-not-found', column: 'x' }],
    ['PUT /films?id=eq.1', '{"x":1}', { kind: 'column-not-found', column: 'x' }],
    ['PUT /films?id=gt.1', '{"x":1}', { kind: 'invalid-filters' }],
    ['POST /films?select=nowhere(id)', '{"x":1}', { kind: 'relationship-not-found' }],
    ['DELETE /films?directors.id=eq.1', '', { kind: 'not-embedded' }],
  ])('%s with %s → %j', (line, body, expected) => {
    expect(failureOf(snapshot, line, { body })).toMatchObject(expected)
  })

  test('for columns before preferences, for preferences before media types', () => {
    const headers = { Prefer: 'handling=strict, odd=1', Accept: 'unknown/type' }
    const kind = (body: string) => failureOf(snapshot, 'POST /films', { body, headers }).kind
    expect(kind('{"x":1}')).toBe('column-not-found')
    expect(kind('{}')).toBe('invalid-preferences')
  })
})
