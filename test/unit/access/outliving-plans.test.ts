/**
 * Plans over reloads: one that looked at nothing which changed is used again, and none is that would
 * not be made anew just so.
 */
import { describe, expect, test } from 'vitest'
import { createAccessControl } from '../../../src/access/access-control.ts'
import { createPlanCache, type PlanCache } from '../../../src/access/plan-cache.ts'
import type { SchemaSnapshot } from '../../../src/schema/schema-snapshot.ts'
import { defaultPlanOptions, requestOf } from '../../support/plan-of.ts'
import {
  describeSnapshot,
  representation,
  type SnapshotDescription,
} from '../../support/snapshot.ts'

const options = {
  ...defaultPlanOptions,
  policyRegistry: null,
  openapiMode: 'follow-privileges',
} as const

const schema = {
  relations: {
    films: 'id:integer!, title:text, color:app.color, director_id:integer, editor_id:integer',
    directors: 'id:integer!, name:text',
    roles: 'film_id:integer!, actor_id:integer!',
    actors: 'id:integer!',
    lone: 'id:integer!',
  },
  foreignKeys: [
    'films(director_id) -> directors(id)',
    'roles(film_id) -> films(id)',
    'roles(actor_id) -> actors(id)',
  ],
  routines: [{ name: 'go', parameters: 'a:integer', returns: 'setof table films' }],
} satisfies SnapshotDescription

const lines = [
  'GET /films',
  'GET /films?select=id,title,color&title=eq.x&color=eq.red',
  'GET /films?select=*,directors(name)',
  'GET /films?select=title,actors(*)',
  'GET /directors?select=*,films(title)&films.title=eq.a',
  'GET /lone?id=eq.1',
  'GET /rpc/go?a=1',
  'GET /rpc/go?a=1&select=id,directors(name)',
  'GET /missing',
  'GET /',
  'OPTIONS /films',
  'POST /films?select=id',
  'PATCH /lone?id=eq.1',
  'DELETE /roles?film_id=eq.1',
]

function planned(cache: PlanCache, line: string, snapshot: SchemaSnapshot) {
  const writes = /^(POST|PATCH)/.test(line) ? { body: '{"id":1}' } : {}
  const request = requestOf(snapshot, line, writes)
  return cache.plan(request, snapshot, options, { role: 'anyone', isAuthenticated: true })
}

const { films, ...otherRelations } = schema.relations
const changes: Readonly<Record<string, Partial<SnapshotDescription>>> = {
  nothing: {},
  'a new relation': { relations: { ...schema.relations, missing: 'id:integer!' } },
  'a renamed relation': { relations: { ...otherRelations, movies: films } },
  'a renamed column': {
    relations: { ...schema.relations, films: films.replace('title', 'name') },
  },
  'a column of another type': {
    relations: { ...schema.relations, films: films.replace('title:text', 'title:integer') },
  },
  'a column that comes': { relations: { ...schema.relations, films: `${films}, year:integer` } },
  'a second key, which makes an embed ambiguous': {
    foreignKeys: [...schema.foreignKeys, 'films(editor_id) -> directors(id)'],
  },
  'a key that goes': { foreignKeys: schema.foreignKeys.slice(1) },
  'another key of the junction, which is none any more': {
    relations: { ...schema.relations, roles: 'film_id:integer!, actor_id:integer' },
  },
  'a new overload': {
    routines: [...schema.routines, { name: 'go', parameters: 'a:integer, b:integer?' }],
  },
  'a function that returns something else': {
    routines: [{ name: 'go', parameters: 'a:integer', returns: 'setof table lone' }],
  },
  'a new cast of a domain': {
    representations: [representation('app.color', 'json', 'app.json')],
  },
  'a media type of the schema': {
    mediaHandlers: [
      {
        mediaType: '*/*',
        relation: { schema: 'api', name: 'films' },
        routine: { schema: 'api', name: 'h' },
      },
    ],
  },
  'an engine that can do less': { unsupported: ['delete', 'embedding'] },
  'a computed relationship': {
    computed: [{ routine: 'directors', origin: 'films', target: 'lone' }],
  },
}

describe.each(Object.entries(changes))('after %s', (_, change) => {
  test.each(lines)('%s is planned as if there had been nothing before', (line) => {
    const cache = createPlanCache(10, createAccessControl())
    const first = describeSnapshot(schema)
    planned(cache, line, first)
    const second = describeSnapshot({ ...schema, ...change }, first)
    const fresh = planned(createPlanCache(10, createAccessControl()), line, second)
    expect(planned(cache, line, second)).toEqual(fresh)
    // and back again
    const third = describeSnapshot(schema, second)
    const again = planned(createPlanCache(10, createAccessControl()), line, third)
    expect(planned(cache, line, third)).toEqual(again)
  })
})

describe('a plan is used again', () => {
  const kept = (line: string, change: Partial<SnapshotDescription>) => {
    const cache = createPlanCache(10, createAccessControl())
    const first = describeSnapshot(schema)
    const before = planned(cache, line, first)
    const after = planned(cache, line, describeSnapshot({ ...schema, ...change }, first))
    return before === after
  }
  const { relations } = schema

  test.each<[string, Partial<SnapshotDescription>, boolean]>([
    ['GET /films', {}, true],
    ['GET /films', { relations: { ...relations, lone: 'id:integer!, new:text' } }, true],
    ['GET /lone', { relations: { ...relations, lone: 'id:integer!, new:text' } }, false],
    ['POST /films', { relations: { ...relations, more: 'id:integer!' } }, true],
    ['GET /rpc/go?a=1', { relations: { ...relations, more: 'id:integer!' } }, true],
    [
      'GET /films?select=*,directors(name)',
      { relations: { ...relations, lone: 'id:integer!, new:text' } },
      true,
    ],
    [
      'GET /films?select=*,directors(name)',
      { relations: { ...relations, directors: 'id:integer!, name:text, new:text' } },
      false,
    ],
    [
      'GET /films?select=*,directors(name)',
      { foreignKeys: [...schema.foreignKeys, 'lone(id) -> actors(id)'] },
      true,
    ],
    ['GET /', {}, false],
    ['OPTIONS /films', {}, false],
  ])('%s after %j: %s', (line, change, expected) => {
    expect(kept(line, change)).toBe(expected)
  })

  test('over several reloads, and never on an engine whose statements rest on more', () => {
    const cache = createPlanCache(10, createAccessControl())
    let snapshot = describeSnapshot(schema)
    const first = planned(cache, 'GET /films', snapshot)
    for (const name of ['a', 'b', 'c']) {
      snapshot = describeSnapshot(
        { ...schema, relations: { ...relations, [name]: 'id:integer!' } },
        snapshot,
      )
      expect(planned(cache, 'GET /films', snapshot)).toBe(first)
    }
    const other = { ...snapshot, snapshotVersion: 9, engineFacts: { parts: [] } }
    const ofOther = planned(cache, 'GET /lone', other)
    expect(planned(cache, 'GET /lone', { ...other, snapshotVersion: 10 })).not.toBe(ofOther)
  })
})
