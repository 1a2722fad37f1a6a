import { describe, expect, test } from 'vitest'
import type { ReadNode, SelectColumn } from '../../../src/plan/plan.ts'
import { failureOf, nodeAt, planOf, readOf } from '../../support/plan-of.ts'
import { describeSnapshot, representation } from '../../support/snapshot.ts'

const snapshot = describeSnapshot({
  relations: {
    films:
      'id:integer!, title:text, year:integer, data:jsonb, notes:json, tags:text[], director_id:integer, vector:tsvector',
    directors: 'id:integer!, name:text, data:jsonb, country_id:integer',
    countries: 'id:integer!, name:text',
    actors: 'id:integer!, name:text',
    roles: 'film_id:integer!, actor_id:integer!, name:text',
    colors: 'id:integer!, color:app.color/integer, name:text',
  },
  foreignKeys: [
    'films(director_id) -> directors(id)',
    'directors(country_id) -> countries(id)',
    'roles(film_id) -> films(id)',
    'roles(actor_id) -> actors(id)',
  ],
  representations: [
    representation('app.color', 'json', 'app.color_to_json'),
    representation('text', 'app.color', 'app.color_of_text'),
  ],
})

/** `title as t::text`, `count(*)`, …: one text a column. */
function columns(select: readonly SelectColumn[]): readonly string[] {
  return select.map(({ field, cast, aggregate, aggregateCast, alias }) => {
    const path = field.jsonPath.map((step) => `${step.arrow}${step.key}`).join('')
    const plain = `${field.name}${path}${cast === null ? '' : `::${cast}`}`
    const whole = aggregate === null ? plain : `${aggregate}(${plain})`
    const casted = aggregateCast === null ? whole : `${whole}::${aggregateCast}`
    return alias === null ? casted : `${casted} as ${alias}`
  })
}

const selected = (line: string) => columns(readOf(snapshot, `GET /${line}`).root.select)

function tree(node: ReadNode): string {
  const name = node.alias === null ? node.name : `${node.alias}:${node.name}`
  const inner = [...columns(node.select), ...node.children.map(tree)].join(',')
  return `${name}(${inner})`
}

describe('selected columns', () => {
  test.each([
    ['films', ['*']],
    ['films?select=', []],
    ['films?select=id,title', ['id', 'title']],
    ['films?select=t:title', ['title as t']],
    ['films?select=year::text', ['year::text']],
    ['films?select=y:year::text', ['year::text as y']],
    // a path is called by its last key
    ['films?select=data->a', ['data->a as a']],
    ['films?select=data->a->>b', ['data->a->>b as b']],
    ['films?select=data->a->0', ['data->a->0 as a']],
    ['films?select=data->0->a->>1', ['data->0->a->>1 as a']],
    ['films?select=data->0', ['data->0 as data']],
    ['films?select=x:data->a', ['data->a as x']],
    // names nobody knows are left to the engine: they may be computed fields
    ['films?select=computed', ['computed']],
    // aggregates are called by the function
    ['films?select=count()', ['count(*) as count']],
    ['films?select=year.sum()', ['sum(year) as sum']],
    ['films?select=total:year.sum()', ['sum(year) as total']],
    ['films?select=year::int8.avg()::text', ['avg(year::int8)::text as avg']],
    ['films?select=data->a.max()', ['max(data->a) as max']],
    ['countries?select=*,id.count()', ['id', 'name', 'count(id) as count']],
    // a representation turns the star into columns, and names the column
    ['colors', ['id', 'color as color', 'name']],
    ['colors?select=color', ['color as color']],
    ['colors?select=c:color', ['color as c']],
    ['colors?select=name', ['name']],
  ])('%s → %j', (line, expected) => {
    expect(selected(line)).toEqual(expected)
  })

  test('know their types', () => {
    const [known, unknown] = readOf(snapshot, 'GET /films?select=title,what').root.select
    expect(known?.field).toMatchObject({ type: 'text', baseType: 'text', toDocument: true })
    expect(unknown?.field).toMatchObject({ type: '', baseType: '', toDocument: true })
  })

  test.each([
    ['data', false],
    ['notes', false],
    ['tags', true],
    ['computed', true],
  ])('%s->0 is made a document: %s', (column, toDocument) => {
    const [only] = readOf(snapshot, `GET /films?select=${column}->0`).root.select
    expect(only?.field.toDocument).toBe(toDocument)
  })

  test('are shown by their domain’s representation', () => {
    const [only] = readOf(snapshot, 'GET /colors?select=color').root.select
    expect(only?.field).toMatchObject({
      type: 'app.color',
      baseType: 'integer',
      transform: { schema: 'app', name: 'color_to_json' },
    })
  })
})

describe('embeds', () => {
  test.each([
    ['films?select=id,directors(name)', 'films(id,directors(name))'],
    ['films?select=directors(name,countries(*)),id', 'films(id,directors(name,countries(*)))'],
    ['films?select=d:directors(n:name)', 'films(d:directors(name as n))'],
    ['films?select=roles(name),directors()', 'films(roles(name),directors())'],
    // in the order of the URL, whatever filters name first
    [
      'films?select=roles(name),directors(id)&directors.id=eq.1&directors.order=id',
      'films(roles(name),directors(id))',
    ],
    // a star beside an aggregate, and in what is embedded under it, cannot stay one
    [
      'directors?select=id.count(),countries(*)',
      'directors(count(id) as count,countries(id,name))',
    ],
    ['directors?select=*,countries(id.count())', 'directors(*,countries(count(id) as count))'],
  ])('%s → %s', (line, expected) => {
    expect(tree(readOf(snapshot, `GET /${line}`).root)).toBe(expected)
  })

  test('know how they join, what they give and how they are called', () => {
    const line = 'GET /films?select=id,boss:directors!inner(countries(name)),roles()'
    const { root } = readOf(snapshot, line)
    expect(root).toMatchObject({
      relation: { schema: 'api', name: 'films' },
      readsResult: false,
      depth: 0,
      name: 'films',
      alias: null,
      key: '',
      join: null,
    })
    expect(nodeAt(root, 'boss')).toMatchObject({
      relation: { name: 'directors' },
      depth: 1,
      name: 'directors',
      alias: 'boss',
      key: 'films_boss_1',
      join: { type: 'inner', output: { kind: 'object', name: 'boss', isEmpty: false } },
    })
    expect(nodeAt(root, 'boss.countries')).toMatchObject({
      key: 'directors_countries_2',
      join: { type: 'left', output: { kind: 'object', name: 'countries', isEmpty: false } },
    })
    expect(nodeAt(root, 'roles').join?.output).toEqual({
      kind: 'array',
      name: 'roles',
      isEmpty: true,
    })
  })

  test.each([
    ['films?select=directors(countries())', 'directors', true],
    ['films?select=directors(countries(id))', 'directors', false],
    ['films?select=directors(id,countries())', 'directors', false],
  ])('%s: %s is empty: %s', (line, path, isEmpty) => {
    const output = nodeAt(readOf(snapshot, `GET /${line}`).root, path).join?.output
    expect(output).toMatchObject({ isEmpty })
  })

  test('by a key or column have no representations, since nothing is known of their columns', () => {
    const colored = describeSnapshot({
      relations: { a: 'id:integer!, color_id:integer', b: 'id:integer!, color:app.color/integer' },
      foreignKeys: ['a(color_id) -> b(id)'],
      representations: [representation('app.color', 'json', 'api.f')],
    })
    const byName = readOf(colored, 'GET /a?select=b(color)').root
    const byColumn = readOf(colored, 'GET /a?select=color_id(color)').root
    expect(nodeAt(byName, 'b').select[0]?.field.transform).toEqual({
      schema: 'api',
      name: 'f',
    })
    expect(nodeAt(byColumn, 'color_id').select[0]?.field.transform).toBeNull()
  })
})

describe('filters and logic', () => {
  test('go to the node that their path names', () => {
    const line =
      'GET /films?select=id,boss:directors(countries(id))&year=gt.2000&boss.name=eq.x&boss.countries.id=in.(1,2)&or=(id.eq.1,id.eq.2)&boss.and=(id.gt.3,name.like.a*)'
    const { root } = readOf(snapshot, line)
    expect(root.where).toMatchObject([
      { kind: 'logic', operator: 'or', operands: [{ kind: 'filter' }, { kind: 'filter' }] },
      { kind: 'filter', field: { name: 'year', type: 'integer' } },
    ])
    expect(nodeAt(root, 'boss').where).toMatchObject(
      [
        { kind: 'logic', operator: 'and' },
        { kind: 'filter', field: { name: 'name', type: '' } },
      ].map((each) => ({ kind: each.kind })),
    )
    expect(nodeAt(root, 'boss.countries').where).toMatchObject([
      { kind: 'filter', operation: { kind: 'in' } },
    ])
  })

  test('keep the slots of the request', () => {
    const { root } = readOf(snapshot, 'GET /films?year=gt.2000&title=eq.x')
    const slots = root.where.map((each) => {
      return each.kind === 'filter' && 'value' in each.operation ? each.operation.value : null
    })
    expect(slots).toEqual([0, 1])
  })

  test('read text by the domain’s representation', () => {
    const [only] = readOf(snapshot, 'GET /colors?color=eq.red').root.where
    expect(only).toMatchObject({
      field: {
        type: 'text',
        baseType: 'integer',
        transform: { schema: 'app', name: 'color_of_text' },
      },
    })
  })

  test('tell full-text search which columns are no tsvector', () => {
    const [text, vector, unknown] = readOf(
      snapshot,
      'GET /films?title=fts.a&vector=fts.a&computed=fts.a',
    ).root.where
    expect(text).toMatchObject({ field: { type: 'text', baseType: 'text' } })
    expect(vector).toMatchObject({ field: { type: 'tsvector', baseType: 'tsvector' } })
    expect(unknown).toMatchObject({ field: { type: '' } })
  })

  test.each([
    ['directors=is.null', { kind: 'embed-null', child: 'films_directors_1', negated: false }],
    ['directors=not.is.null', { kind: 'embed-null', child: 'films_directors_1', negated: true }],
    ['r=is.null', { kind: 'embed-null', child: 'films_r_1', negated: false }],
    // the relation of an aliased embed does not name it here
    ['roles=is.null', { kind: 'filter', field: { name: 'roles' } }],
    ['directors=is.not_null', { kind: 'filter' }],
    ['directors=eq.1', { kind: 'filter' }],
    ['directors->a=is.null', { kind: 'filter' }],
    ['year=is.null', { kind: 'filter' }],
    [
      'or=(directors.is.null,r.not.is.null)',
      {
        kind: 'logic',
        operands: [
          { kind: 'embed-null', child: 'films_directors_1', negated: false },
          { kind: 'embed-null', child: 'films_r_1', negated: true },
        ],
      },
    ],
  ])('%s → %j', (filter, expected) => {
    const line = `GET /films?select=id,directors(id),r:roles(name)&${filter}`
    expect(readOf(snapshot, line).root.where).toMatchObject([expected])
  })

  test('ask embeds of embeds too', () => {
    const line = 'GET /films?select=directors(countries())&directors.countries=not.is.null'
    expect(nodeAt(readOf(snapshot, line).root, 'directors').where).toEqual([
      { kind: 'embed-null', child: 'directors_countries_2', negated: true },
    ])
  })
})

describe('order', () => {
  test('goes to its node with direction and nulls', () => {
    const line =
      'GET /films?select=id,directors(id)&order=year.desc.nullslast,data->>a&directors.order=name'
    const { root } = readOf(snapshot, line)
    expect(root.order).toMatchObject([
      { field: { name: 'year' }, child: null, direction: 'desc', nulls: 'last' },
      { field: { name: 'data', toDocument: false }, child: null, direction: null, nulls: null },
    ])
    expect(nodeAt(root, 'directors').order).toMatchObject([{ field: { name: 'name' } }])
  })

  test('of the first of several counts', () => {
    const { root } = readOf(snapshot, 'GET /films?order=year&order=id')
    expect(root.order).toMatchObject([{ field: { name: 'year' } }])
  })

  test('by the column of a to-one embed names the child', () => {
    const line = 'GET /films?select=id,boss:directors(id)&order=boss(data->a).desc'
    expect(readOf(snapshot, line).root.order).toMatchObject([
      { child: 'films_boss_1', direction: 'desc', field: { name: 'data', toDocument: false } },
    ])
  })
})

describe('windows', () => {
  const none = { source: null, hasLimit: false, hasOffset: false, maxRows: null }

  test.each([
    ['GET /films', {}, none],
    ['GET /films?limit=5', {}, { ...none, source: 0, hasLimit: true }],
    ['GET /films?offset=5', {}, { ...none, source: 0, hasOffset: true }],
    ['GET /films?limit=5&offset=5', {}, { ...none, source: 0, hasLimit: true, hasOffset: true }],
    ['GET /films', { Range: '5-9' }, { ...none, source: 0, hasLimit: true, hasOffset: true }],
  ])('%s %j → %j', (line, headers, expected) => {
    expect(readOf(snapshot, line, { headers }).root.window).toEqual(expected)
  })

  test('of embeds point at their place in the request', () => {
    const line =
      'GET /films?select=id,directors(id,countries(id)),roles(name)&roles.limit=1&directors.countries.offset=2'
    const { root } = readOf(snapshot, line, { options: { dbMaxRows: 7 } })
    expect(root.window).toEqual({ ...none, maxRows: 7 })
    expect(nodeAt(root, 'roles').window).toEqual({
      ...none,
      source: 1,
      hasLimit: true,
      maxRows: 7,
    })
    expect(nodeAt(root, 'directors').window).toEqual({ ...none, maxRows: 7 })
    expect(nodeAt(root, 'directors.countries').window).toEqual({
      ...none,
      source: 2,
      hasOffset: true,
      maxRows: 7,
    })
  })
})

describe('the plan', () => {
  test('tells how to answer', () => {
    expect(readOf(snapshot, 'GET /films')).toMatchObject({
      kind: 'read',
      relation: { schema: 'api', name: 'films' },
      media: { encoder: { kind: 'json', stripNulls: false }, type: { kind: 'json' } },
      headersOnly: false,
      count: null,
      maxRows: null,
    })
  })

  test('of HEAD makes no body', () => {
    expect(readOf(snapshot, 'HEAD /films')).toMatchObject({
      headersOnly: true,
      media: { encoder: { kind: 'none' }, type: { kind: 'json' } },
    })
  })

  test.each(['exact', 'planned', 'estimated'])('counts %s', (count) => {
    const plan = readOf(snapshot, 'GET /films', {
      headers: { Prefer: `count=${count}` },
      options: { dbMaxRows: 3 },
    })
    expect(plan).toMatchObject({ count, maxRows: 3 })
  })
})

describe('a request is refused', () => {
  const renamed = { relation: 'directors', alias: 'boss' }

  test.each([
    ['film', { kind: 'relation-not-found', schema: 'api', relation: 'film', suggestion: 'films' }],
    ['zzzzz', { kind: 'relation-not-found', suggestion: null }],
    ['films?select=actor(*)', { kind: 'relationship-not-found', target: 'actor' }],
    ['films?directors.id=eq.1', { kind: 'not-embedded', target: 'directors', renamed: null }],
    ['films?directors.order=id', { kind: 'not-embedded', target: 'directors' }],
    ['films?directors.limit=1', { kind: 'not-embedded', target: 'directors' }],
    ['films?directors.or=(id.eq.1,id.eq.2)', { kind: 'not-embedded', target: 'directors' }],
    [
      'films?select=directors(id)&directors.countries.id=eq.1',
      { kind: 'not-embedded', target: 'countries' },
    ],
    ['films?order=directors(id)', { kind: 'not-embedded', target: 'directors', renamed: null }],
    [
      'films?select=roles(name)&order=roles(name)',
      { kind: 'related-order-not-to-one', origin: 'films', target: 'roles' },
    ],
    [
      'countries?select=d:directors(films(id))&d.order=films(id)',
      { kind: 'related-order-not-to-one', origin: 'directors', target: 'films' },
    ],
    // an alias is the embed's name: what order and null filters mean is no relation
    [
      'films?select=boss:directors(id)&order=directors(id)',
      { kind: 'not-embedded', target: 'directors', renamed: null },
    ],
  ])('%s → %j', (line, expected) => {
    expect(failureOf(snapshot, `GET /${line}`)).toMatchObject(expected)
  })

  test('for the earliest stage that fails', () => {
    const line = (rest: string) => `GET /films?select=nowhere(id)${rest}`
    expect(failureOf(snapshot, line('&other.id=eq.1')).kind).toBe('not-embedded')
    expect(failureOf(snapshot, line('&order=other(id)')).kind).toBe('relationship-not-found')
    expect(
      failureOf(snapshot, 'GET /films?select=count()&order=other(id)', {
        options: { dbAggregatesEnabled: false },
      }).kind,
    ).toBe('not-embedded')
    const strict = { Prefer: 'handling=strict, what=ever', Accept: 'unknown/type' }
    expect(failureOf(snapshot, 'GET /films', { headers: strict }).kind).toBe('media-type')
  })

  test('for the last of several filters first', () => {
    const line = 'GET /films?a.id=eq.1&b.id=eq.1'
    expect(failureOf(snapshot, line)).toMatchObject({ kind: 'not-embedded', target: 'b' })
  })

  test('for aggregates where they are switched off', () => {
    const options = { dbAggregatesEnabled: false, given: new Set(['dbAggregatesEnabled'] as const) }
    for (const select of ['id.count()', 'id,directors(id.max())', '...directors(id.max())']) {
      const failure = failureOf(snapshot, `GET /films?select=${select}`, { options })
      expect(failure).toEqual({ kind: 'aggregates-not-allowed' })
    }
  })

  test('for aggregates that nobody has switched off, with the slip that it may be', () => {
    const options = { dbAggregatesEnabled: false }
    expect(failureOf(snapshot, 'GET /films?select=id.count()', { options })).toEqual({
      kind: 'aggregates-not-allowed',
      slip: { kind: 'aggregates-off-by-default' },
    })
  })

  test('for unknown preferences, when strictness was asked for', () => {
    const failure = failureOf(snapshot, 'GET /films', {
      headers: { Prefer: 'handling=strict, what=ever' },
    })
    expect(failure).toEqual({ kind: 'invalid-preferences', preferences: ['what=ever'] })
    const lenient = { Prefer: 'handling=lenient, what=ever' }
    expect(planOf(snapshot, 'GET /films', { headers: lenient }).ok).toBe(true)
  })

  test('for the relation of an aliased embed, where legacy names are off', () => {
    const options = { urlUseLegacyTargetNames: false }
    const line = 'GET /films?select=boss:directors(id)&directors.id=eq.1'
    expect(failureOf(snapshot, line, { options })).toEqual({
      kind: 'not-embedded',
      target: 'directors',
      renamed,
    })
    const fine = 'GET /films?select=boss:directors(id)&boss.id=eq.1'
    expect(planOf(snapshot, fine, { options }).ok).toBe(true)
  })
})

describe('legacy target names', () => {
  const used = (line: string) => {
    const { root } = readOf(snapshot, `GET /${line}`)
    return root.children.map((child) => [child.alias, child.usedLegacyName, child.where.length])
  }

  test.each([
    ['films?select=boss:directors(id)&directors.id=eq.1', [['boss', true, 1]]],
    ['films?select=boss:directors(id)&boss.id=eq.1', [['boss', false, 1]]],
    ['films?select=directors(id)&directors.id=eq.1', [[null, false, 1]]],
    ['films?select=directors:directors(id)&directors.id=eq.1', [['directors', false, 1]]],
    // of two embeds of one relation, the first written …
    [
      'films?select=a:directors(id),b:directors(id)&directors.id=eq.1',
      [
        ['a', true, 1],
        ['b', false, 0],
      ],
    ],
    // … unless the other was found by its alias before
    [
      'films?select=a:directors(id),b:directors(id)&directors.id=eq.1&b.name=eq.x',
      [
        ['a', false, 0],
        ['b', true, 2],
      ],
    ],
  ])('%s → %j', (line, expected) => {
    expect(used(line)).toEqual(expected)
  })
})
