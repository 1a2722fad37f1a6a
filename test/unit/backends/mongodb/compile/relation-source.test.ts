/**
 * Every place of a plan that reads a relation has its rule in front: the root, embeds, junctions, and
 * what policies themselves look up.
 */
import type { Document } from 'mongodb'
import { expect, test } from 'vitest'
import { createMongodbCompiler } from '../../../../../src/backends/mongodb/compile/compile-mongodb.ts'
import { mongodbSnapshot } from '../../../../support/mongodb-snapshot.ts'
import { ruledRead } from '../../../../support/ruled-read.ts'

const snapshot = mongodbSnapshot({
  collections: {
    films: { _id: 'int', title: 'string', studio: 'string', director_id: 'int', 'a.b': 'int' },
    directors: { _id: 'int', name: 'string', agency: 'string' },
    actors: { _id: 'int', name: 'string' },
    roles: { _id: 'int', film_id: 'int', actor_id: 'int', open: 'bool' },
  },
  keys: { roles: ['film_id', 'actor_id'] },
  foreignKeys: [
    'films(director_id) -> directors(_id)',
    'roles(film_id) -> films(_id)',
    'roles(actor_id) -> actors(_id)',
  ],
})

const grant = (relation: readonly string[], columns?: readonly string[]) => ({
  role: 'clerk',
  relation,
  actions: 'select',
  ...(columns === undefined ? {} : { columns }),
})
const policy = (relation: string, using: string) => ({
  name: relation,
  role: 'clerk',
  relation,
  actions: 'select',
  using,
})
const all = grant(['films', 'directors', 'actors', 'roles'])

function pipelines(registry: unknown, path: string, claims?: unknown) {
  const parts = { headers: { prefer: 'count=planned' } }
  const { plan, request } = ruledRead(snapshot, registry, path, claims, parts)
  const compiled = createMongodbCompiler()(plan, snapshot)
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.error))
  const { pipeline, count } = compiled.value
  return { page: pipeline(request), count: count?.(request) }
}

const is = (value: unknown) => ({ $eq: value, $not: { $type: 'array' } })
const wrap = { $replaceWith: { d: '$$ROOT' } }

test('the root: rule and filters are one stage, and no count is taken without the rule', () => {
  const registry = { grants: [all], policies: [policy('films', 'studio=eq.A')] }
  const { page, count } = pipelines(registry, '/films?select=title&title=eq.x&limit=1')
  const match = { $match: { $and: [{ studio: is('A') }, { title: is('x') }] } }
  expect(page?.[0]).toEqual(match)
  expect(count).toEqual([match, { $count: 'total' }])
  const unfiltered = pipelines(registry, '/films?select=title&limit=1')
  expect(unfiltered.count).toEqual([{ $match: { studio: is('A') } }, { $count: 'total' }])
})

test('what a role is, and what its token says, is a value', () => {
  const registry = {
    grants: [all],
    policies: [policy('films', 'studio=eq.{{claims.studio}}')],
  }
  const { page } = pipelines(registry, '/films?select=title', { studio: '$director_id' })
  expect(page?.[0]).toEqual({ $match: { studio: is('$director_id') } })
  const without = pipelines(registry, '/films?select=title')
  expect(without.page?.[0]).toEqual({ $match: { $nor: [{}] } })
})

test('embeds and junctions, at every depth', () => {
  const registry = {
    grants: [all],
    policies: [
      policy('directors', 'agency=eq.D'),
      policy('roles', 'open=is.true'),
      policy('actors', 'name=eq.N'),
    ],
  }
  const { page } = pipelines(registry, '/directors?select=films(actors(name),directors(name))')
  const text = JSON.stringify(page)
  const rule = (field: string, value: unknown) => JSON.stringify({ [field]: is(value) })
  expect(text.split(rule('agency', 'D'))).toHaveLength(3)
  expect(text.split(rule('open', true))).toHaveLength(2)
  expect(text.split(rule('name', 'N'))).toHaveLength(2)
  // each as the first stage of its pipeline
  const lookups = lookupsIn(page ?? [])
  expect(lookups.map(({ from }) => from).sort()).toEqual(['actors', 'directors', 'films', 'roles'])
  for (const { from, pipeline } of lookups) {
    if (from !== 'films') expect(JSON.stringify(pipeline[0])).toMatch(/"(agency|open|name)"/)
  }
})

test('a policy that looks at another relation: beside the document, which is then itself again', () => {
  const registry = {
    grants: [all],
    policies: [policy('films', 'directors.name=eq.Ana')],
  }
  expect(pipelines(registry, '/films?select=title&title=eq.x').page).toEqual([
    { $match: { title: is('x') } },
    wrap,
    {
      $lookup: {
        from: 'directors',
        localField: 'd.director_id',
        foreignField: '_id',
        as: 'r0',
        pipeline: [
          { $match: { $and: [{ name: is('Ana') }, { _id: { $ne: null } }] } },
          { $limit: 1 },
          { $project: { _id: 1 } },
        ],
      },
    },
    { $match: { r0: { $ne: [] } } },
    { $replaceWith: '$d' },
    { $project: { _id: 0, c0: '$title' } },
  ])
})

test('columns that are not granted are taken off', () => {
  const some = grant(['films'], ['title', 'director_id'])
  expect(pipelines({ grants: [some] }, '/films?select=title').page).toEqual([
    { $project: { _id: 0, title: 1, director_id: 1 } },
    { $project: { _id: 0, c0: '$title' } },
  ])
})

interface Lookup {
  readonly from: string
  readonly pipeline: readonly Document[]
}

function lookupsIn(stages: readonly Document[]): readonly Lookup[] {
  return stages.flatMap(({ $lookup }): readonly Lookup[] => {
    if ($lookup === undefined) return []
    const { from, pipeline } = $lookup
    return [{ from, pipeline }, ...lookupsIn(pipeline)]
  })
}
