import { describe, expect, test } from 'vitest'
import { nameKey } from '../../../../src/core/qualified-name.ts'
import { buildSnapshot } from '../../../../src/schema/build-snapshot.ts'
import type { Catalog } from '../../../../src/schema/catalog.ts'
import type { ColumnPair, Relationship } from '../../../../src/schema/relationships/relationship.ts'
import {
  catalog,
  computed,
  dependency,
  key,
  named,
  options,
  relation,
  view,
} from '../sample-catalog.ts'

function pairs(columns: readonly ColumnPair[], side: 0 | 1): string {
  return columns.map((pair) => pair[side]).join(',')
}

/** One line a relationship, in the manner of the details of PGRST201. */
function describeOne(relationship: Relationship): string {
  const to = `${relationship.target.schema === 'test' ? '' : `${relationship.target.schema}.`}${relationship.target.name}`
  if (relationship.kind === 'computed') {
    return `computed ${to} by ${relationship.routine.name}${relationship.isToOne ? ' (one)' : ''}`
  }
  const { cardinality } = relationship
  if (cardinality.kind === 'many-to-many') {
    const { junction } = cardinality
    return `many-to-many ${to} through ${junction.relation.name} by ${junction.originConstraint}(${pairs(junction.originColumns, 1)}) and ${junction.targetConstraint}(${pairs(junction.targetColumns, 1)})`
  }
  const parent = cardinality.kind === 'one-to-one' && cardinality.originIsParent ? ' parent' : ''
  return `${cardinality.kind}${parent} ${to} by ${cardinality.constraint}(${pairs(cardinality.columns, 0)} = ${pairs(cardinality.columns, 1)})`
}

function relationshipsOf(
  name: string,
  parts: Partial<Catalog>,
  schemas: readonly string[] = ['test'],
): readonly string[] {
  const snapshot = buildSnapshot(catalog(parts), { ...options, dbSchemas: schemas }, 1, new Date(0))
  const bySchema = snapshot.relationships.get(nameKey(named(name)))
  return [...(bySchema?.values() ?? [])].flat().map(describeOne)
}

describe('relationships of foreign keys', () => {
  const films = {
    relations: [relation('films'), relation('directors')],
    foreignKeys: [key('films_director_fkey', 'films(director_id)', 'directors(id)')],
  }

  test('a key is many-to-one from its table and one-to-many from the other', () => {
    expect(relationshipsOf('films', films)).toEqual([
      'many-to-one directors by films_director_fkey(director_id = id)',
    ])
    expect(relationshipsOf('directors', films)).toEqual([
      'one-to-many films by films_director_fkey(id = director_id)',
    ])
  })

  test('a unique key is one-to-one in both directions, and knows the parent', () => {
    const capitals = {
      foreignKeys: [key('capital_fkey', 'capitals(country_id)', 'countries(id)', true)],
    }
    expect(relationshipsOf('capitals', capitals)).toEqual([
      'one-to-one countries by capital_fkey(country_id = id)',
    ])
    expect(relationshipsOf('countries', capitals)).toEqual([
      'one-to-one parent capitals by capital_fkey(id = country_id)',
    ])
  })

  test('a key that holds a list is one-to-many in both directions', () => {
    const fans = {
      foreignKeys: [
        { ...key('films_fan_ids_fkey', 'films(fan_ids)', 'fans(id)'), holdsList: true },
      ],
    }
    expect(relationshipsOf('films', fans)).toEqual([
      'one-to-many fans by films_fan_ids_fkey(fan_ids = id)',
    ])
    expect(relationshipsOf('fans', fans)).toEqual([
      'one-to-many films by films_fan_ids_fkey(id = fan_ids)',
    ])
  })

  test.each([
    ['both keys and nothing else', ['film_id', 'fan_id'], true],
    ['both keys in another order', ['fan_id', 'film_id'], true],
    ['one more column', ['film_id', 'fan_id', 'day'], false],
    ['one key only', ['film_id'], false],
  ])('a unique key over %s: junction %j %s', (_, columns, isJunction) => {
    const votes = {
      relations: [relation('votes')],
      foreignKeys: [
        key('votes_film_fkey', 'votes(film_id)', 'films(id)'),
        key('votes_fan_fkey', 'votes(fan_id)', 'fans(id)'),
      ],
      uniqueKeys: [{ ...named('votes'), columns }],
    }
    const through = relationshipsOf('films', votes).filter((line) => line.includes('through'))
    expect(through).toEqual(
      isJunction
        ? ['many-to-many fans through votes by votes_film_fkey(film_id) and votes_fan_fkey(fan_id)']
        : [],
    )
  })

  test('a table that references itself has both directions, the many first', () => {
    const parts = { foreignKeys: [key('parent_fkey', 'tasks(parent_id)', 'tasks(id)')] }
    expect(relationshipsOf('tasks', parts)).toEqual([
      'one-to-many tasks by parent_fkey(id = parent_id)',
      'many-to-one tasks by parent_fkey(parent_id = id)',
    ])
  })

  test('columns of a composite key stay paired', () => {
    const parts = { foreignKeys: [key('a_fkey', 'a(x,y)', 'b(p,q)')] }
    expect(relationshipsOf('b', parts)).toEqual(['one-to-many a by a_fkey(p,q = x,y)'])
  })

  test('two relations that reference each other list one-to-many first', () => {
    const parts = {
      foreignKeys: [
        key('agents_department_id_fkey', 'agents(department_id)', 'departments(id)'),
        key('departments_head_id_fkey', 'departments(head_id)', 'agents(id)'),
      ],
    }
    expect(relationshipsOf('agents', parts)).toEqual([
      'one-to-many departments by departments_head_id_fkey(id = head_id)',
      'many-to-one departments by agents_department_id_fkey(department_id = id)',
    ])
  })
})

describe('junctions', () => {
  const jobs = {
    relations: [
      relation('sites', ['site_id']),
      relation('big_projects', ['big_project_id']),
      relation('jobs', ['job_id', 'site_id', 'big_project_id']),
      view('main_jobs'),
    ],
    foreignKeys: [
      key('main_project', 'sites(main_project_id)', 'big_projects(big_project_id)'),
      key('jobs_site_id_fkey', 'jobs(site_id)', 'sites(site_id)'),
      key('jobs_big_project_id_fkey', 'jobs(big_project_id)', 'big_projects(big_project_id)'),
    ],
    viewKeyDependencies: [
      dependency('primary-key', 'jobs_pkey', 'jobs', 'main_jobs', {
        job_id: ['job_id'],
        site_id: ['site_id'],
        big_project_id: ['big_project_id'],
      }),
      dependency('foreign-key', 'jobs_site_id_fkey', 'jobs', 'main_jobs', {
        site_id: ['site_id'],
      }),
      dependency('foreign-key', 'jobs_big_project_id_fkey', 'jobs', 'main_jobs', {
        big_project_id: ['big_project_id'],
      }),
    ],
  }

  test('a table whose primary key holds both keys joins their targets, a view of it too', () => {
    expect(relationshipsOf('sites', jobs).filter((text) => text.includes('big_projects'))).toEqual([
      'many-to-one big_projects by main_project(main_project_id = big_project_id)',
      'many-to-many big_projects through jobs by jobs_site_id_fkey(site_id) and jobs_big_project_id_fkey(big_project_id)',
      'many-to-many big_projects through main_jobs by jobs_site_id_fkey(site_id) and jobs_big_project_id_fkey(big_project_id)',
    ])
  })

  test('keys outside the primary key make no junction', () => {
    const parts = { ...jobs, relations: [relation('jobs', ['job_id', 'site_id'])] }
    const found = relationshipsOf('sites', parts)
    expect(found.filter((text) => text.startsWith('many-to-many'))).toEqual([])
  })

  test('one-to-one keys make no junction', () => {
    const parts = {
      relations: [relation('ab', ['a_id', 'b_id'])],
      foreignKeys: [key('a_fkey', 'ab(a_id)', 'a(id)', true), key('b_fkey', 'ab(b_id)', 'b(id)')],
    }
    expect(relationshipsOf('b', parts)).toEqual(['one-to-many ab by b_fkey(id = b_id)'])
  })

  test('several keys to each side give every combination, in the order of their names', () => {
    const parts = {
      relations: [
        relation('whatev_jobs', ['site_id_1', 'site_id_2', 'project_id_1', 'project_id_2']),
      ],
      foreignKeys: ['site_id_2', 'project_id_1', 'site_id_1', 'project_id_2'].map((own) =>
        key(
          `whatev_jobs_${own}_fkey`,
          `whatev_jobs(${own})`,
          own.startsWith('site') ? 'whatev_sites(id)' : 'whatev_projects(id)',
        ),
      ),
    }
    const through = (site: number, project: number) =>
      `many-to-many whatev_projects through whatev_jobs by whatev_jobs_site_id_${site}_fkey(site_id_${site}) and whatev_jobs_project_id_${project}_fkey(project_id_${project})`
    expect(
      relationshipsOf('whatev_sites', parts).filter((text) => text.includes('whatev_projects')),
    ).toEqual([through(1, 1), through(1, 2), through(2, 1), through(2, 2)])
  })

  test('a junction between a table and itself goes both ways', () => {
    const parts = {
      relations: [relation('subscriptions', ['subscriber', 'subscribed'])],
      foreignKeys: [
        key('subscribed_fkey', 'subscriptions(subscribed)', 'posters(id)'),
        key('subscriber_fkey', 'subscriptions(subscriber)', 'posters(id)'),
      ],
    }
    expect(relationshipsOf('posters', parts)).toEqual([
      'many-to-many posters through subscriptions by subscribed_fkey(subscribed) and subscriber_fkey(subscriber)',
      'many-to-many posters through subscriptions by subscriber_fkey(subscriber) and subscribed_fkey(subscribed)',
      'one-to-many subscriptions by subscribed_fkey(id = subscribed)',
      'one-to-many subscriptions by subscriber_fkey(id = subscriber)',
    ])
  })

  test('a junction outside the exposed schemas joins nothing', () => {
    const parts = {
      relations: [relation('private.ab', ['a_id', 'b_id'])],
      foreignKeys: [
        key('a_fkey', 'private.ab(a_id)', 'a(id)'),
        key('b_fkey', 'private.ab(b_id)', 'b(id)'),
      ],
    }
    expect(relationshipsOf('a', parts)).toEqual([])
  })
})

describe('views', () => {
  const personnages = {
    foreignKeys: [key('role_fkey', 'private.personnages(role_id)', 'private.actors(id)')],
    viewKeyDependencies: [
      dependency('foreign-key', 'role_fkey', 'private.personnages', 'personnages_view', {
        role_id: ['roleId'],
      }),
      dependency('foreign-key-reference', 'role_fkey', 'private.actors', 'actors_view', {
        id: ['actorId'],
      }),
    ],
  }

  test('inherit keys of the tables below: view to table, table to view, view to view', () => {
    const schemas = ['test', 'private']
    expect(relationshipsOf('personnages_view', personnages, schemas)).toEqual([
      'many-to-one private.actors by role_fkey(roleId = id)',
      'many-to-one actors_view by role_fkey(roleId = actorId)',
    ])
    expect(relationshipsOf('private.personnages', personnages, schemas)).toEqual([
      'many-to-one private.actors by role_fkey(role_id = id)',
      'many-to-one actors_view by role_fkey(role_id = actorId)',
    ])
    expect(relationshipsOf('actors_view', personnages, schemas)).toEqual([
      'one-to-many private.personnages by role_fkey(actorId = role_id)',
      'one-to-many personnages_view by role_fkey(actorId = roleId)',
    ])
  })

  test('join each other though the tables below are not exposed', () => {
    expect(relationshipsOf('personnages_view', personnages)).toEqual([
      'many-to-one actors_view by role_fkey(roleId = actorId)',
    ])
    expect(relationshipsOf('private.personnages', personnages)).toEqual([])
  })

  test('that select a composite key several times give every combination', () => {
    const parts = {
      foreignKeys: [key('t1_fkey', 't2(t1_a,t1_b)', 't1(a,b)')],
      viewKeyDependencies: [
        dependency('foreign-key', 't1_fkey', 't2', 'v2', {
          t1_a: ['t1_a1', 't1_a2'],
          t1_b: ['t1_b1', 't1_b2'],
        }),
        dependency('foreign-key-reference', 't1_fkey', 't1', 'v1', { a: ['a'], b: ['b'] }),
      ],
    }
    expect(relationshipsOf('v2', parts).filter((text) => text.includes(' v1 '))).toEqual([
      'many-to-one v1 by t1_fkey(t1_a1,t1_b1 = a,b)',
      'many-to-one v1 by t1_fkey(t1_a1,t1_b2 = a,b)',
      'many-to-one v1 by t1_fkey(t1_a2,t1_b1 = a,b)',
      'many-to-one v1 by t1_fkey(t1_a2,t1_b2 = a,b)',
    ])
  })

  test('one view over both ends joins itself', () => {
    const parts = {
      foreignKeys: [key('fk', 'a(b_id)', 'b(id)', true)],
      viewKeyDependencies: [
        dependency('foreign-key', 'fk', 'a', 'ab', { b_id: ['b_id'] }),
        dependency('foreign-key-reference', 'fk', 'b', 'ab', { id: ['id'] }),
      ],
    }
    const snapshot = buildSnapshot(catalog(parts), options, 1, new Date(0))
    const own = snapshot.relationships.get('test\0ab')?.get('test') ?? []
    expect(own.filter((one) => one.target.name === 'ab')).toMatchObject([
      {
        isSelf: true,
        originIsView: true,
        targetIsView: true,
        cardinality: { originIsParent: false },
      },
      {
        isSelf: true,
        originIsView: true,
        targetIsView: true,
        cardinality: { originIsParent: true },
      },
    ])
    expect(own.filter((one) => one.target.name === 'b')).toMatchObject([
      { isSelf: false, originIsView: true, targetIsView: false },
    ])
  })
})

describe('computed relationships', () => {
  const films = {
    foreignKeys: [key('films_director_fkey', 'films(director_id)', 'directors(id)')],
  }

  test('stand beside keys, after them', () => {
    const parts = { ...films, computedRelationships: [computed('best', 'films', 'actors', true)] }
    expect(relationshipsOf('films', parts)).toEqual([
      'many-to-one directors by films_director_fkey(director_id = id)',
      'computed actors by best (one)',
    ])
  })

  test('replace what was derived when the function is named as the target', () => {
    const parts = {
      ...films,
      computedRelationships: [computed('directors', 'films', 'private.people')],
    }
    expect(relationshipsOf('films', parts, ['test', 'private'])).toEqual([
      'computed private.people by directors',
    ])
  })

  test('that lead out of the exposed schemas are left out', () => {
    const parts = { computedRelationships: [computed('boss', 'films', 'private.people')] }
    expect(relationshipsOf('films', parts)).toEqual([])
  })

  test('are found under the schema of their function', () => {
    const parts = {
      computedRelationships: [computed('extensions.boss', 'films', 'people')],
    }
    const snapshot = buildSnapshot(catalog(parts), options, 1, new Date(0))
    expect([...(snapshot.relationships.get('test\0films')?.keys() ?? [])]).toEqual(['extensions'])
  })
})
