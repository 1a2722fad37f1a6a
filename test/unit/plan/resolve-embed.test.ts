import { describe, expect, test } from 'vitest'
import type { ApiError } from '../../../src/errors/api-error.ts'
import { resolveEmbed } from '../../../src/plan/resolve-embed.ts'
import type { Relationship } from '../../../src/schema/relationships/relationship.ts'
import { describeSnapshot } from '../../support/snapshot.ts'

const snapshot = describeSnapshot({
  relations: {
    projects: 'id:integer!, name:text, client_id:integer',
    clients: 'id:integer!, name:text',
    tasks: 'id:integer!, project_id:integer',
    users: 'id:integer!',
    users_tasks: 'user_id:integer!, task_id:integer!',
    persons: 'id:integer!',
    messages: 'id:integer!, sender:integer, recipient:integer',
    family: 'id:integer!, parent:integer',
    organizations: 'id:integer!, referee:integer, auditor:integer',
    capitals: 'id:integer!, country_id:integer',
    countries: 'id:integer!',
    sites: 'id:integer!, main_project_id:integer',
    big_projects: 'id:integer!',
    jobs: 'site_id:integer!, project_id:integer!',
    main_jobs: 'site_id:integer!, project_id:integer!',
    pairs: 'a:integer!, b:integer!',
    pair_notes: 'id:integer!, pa:integer, pb:integer',
    people_view: { columns: 'id:integer', kind: 'view' },
    designers: 'id:integer!',
    videogames: 'id:integer!, designer_id:integer',
    loners: 'id:integer!',
  },
  foreignKeys: [
    'projects(client_id) -> clients(id)',
    'tasks(project_id) -> projects(id)',
    'users_tasks(user_id) -> users(id)',
    'users_tasks(task_id) -> tasks(id)',
    'messages(sender) -> persons(id)',
    'messages(recipient) -> persons(id)',
    'family(parent) -> family(id)',
    'organizations(referee) -> organizations(id)',
    'organizations(auditor) -> organizations(id)',
    'capitals(country_id) -> countries(id) unique',
    'sites(main_project_id) -> big_projects(id) as main_project',
    'jobs(site_id) -> sites(id)',
    'jobs(project_id) -> big_projects(id)',
    'main_jobs(site_id) -> sites(id)',
    'main_jobs(project_id) -> big_projects(id)',
    'pair_notes(pa, pb) -> pairs(a, b)',
  ],
  viewKeys: [
    {
      table: { schema: 'api', name: 'persons' },
      view: { schema: 'api', name: 'people_view' },
      constraint: 'messages_sender_fkey',
      kind: 'foreign-key-reference',
      columns: [['id', ['id']]],
    },
  ],
  computed: [
    { routine: 'computed_designer', origin: 'videogames', target: 'designers', isToOne: true },
    { routine: 'clients', origin: 'videogames', target: 'designers' },
  ],
})

function resolve(path: string): Relationship | ApiError {
  const [, origin = '', target = '', hint] = /^(\w+)\/(\w+)(?:!(\w+))?$/.exec(path) ?? []
  const result = resolveEmbed(snapshot, { schema: 'api', origin, target, hint: hint ?? null })
  return result.ok ? result.value : result.error
}

function summary(relationship: Relationship | ApiError): string {
  if ('origin' in relationship && relationship.kind === 'key') {
    const { cardinality, target } = relationship
    const name =
      cardinality.kind === 'many-to-many'
        ? cardinality.junction.relation.name
        : cardinality.constraint
    return `${cardinality.kind} ${target.name} by ${name}`
  }
  if (relationship.kind === 'computed') {
    return `computed ${relationship.target.name} by ${relationship.routine.name}`
  }
  return relationship.kind
}

describe('an embed means the relationship', () => {
  test.each([
    ['projects/clients', 'many-to-one clients by projects_client_id_fkey'],
    ['clients/projects', 'one-to-many projects by projects_client_id_fkey'],
    ['capitals/countries', 'one-to-one countries by capitals_country_id_fkey'],
    ['countries/capitals', 'one-to-one capitals by capitals_country_id_fkey'],
    ['users/tasks', 'many-to-many tasks by users_tasks'],
    // by the key's name or column instead of the relation's
    ['projects/projects_client_id_fkey', 'many-to-one clients by projects_client_id_fkey'],
    ['projects/client_id', 'many-to-one clients by projects_client_id_fkey'],
    ['messages/sender', 'many-to-one persons by messages_sender_fkey'],
    // with a hint: key, column of the origin, column of the target, junction
    ['messages/persons!messages_sender_fkey', 'many-to-one persons by messages_sender_fkey'],
    ['messages/persons!recipient', 'many-to-one persons by messages_recipient_fkey'],
    ['persons/messages!sender', 'one-to-many messages by messages_sender_fkey'],
    ['persons/messages!messages_sender_fkey', 'one-to-many messages by messages_sender_fkey'],
    ['projects/clients!id', 'many-to-one clients by projects_client_id_fkey'],
    ['sites/big_projects!jobs', 'many-to-many big_projects by jobs'],
    ['sites/big_projects!main_jobs', 'many-to-many big_projects by main_jobs'],
    ['sites/big_projects!main_project', 'many-to-one big_projects by main_project'],
    // a view is meant by its name or with a hint, never by a key or column alone
    ['messages/people_view', 'many-to-one people_view by messages_sender_fkey'],
    ['messages/people_view!sender', 'many-to-one people_view by messages_sender_fkey'],
    ['messages/messages_sender_fkey', 'many-to-one persons by messages_sender_fkey'],
    // a key of the relation to itself: children by the name, the parent by the column
    ['family/family', 'one-to-many family by family_parent_fkey'],
    ['family/parent', 'many-to-one family by family_parent_fkey'],
    ['family/family!parent', 'one-to-many family by family_parent_fkey'],
    ['organizations/auditor', 'many-to-one organizations by organizations_auditor_fkey'],
    [
      'organizations/organizations!auditor',
      'one-to-many organizations by organizations_auditor_fkey',
    ],
    // keys of several columns have no column to be named by
    ['pair_notes/pairs', 'many-to-one pairs by pair_notes_pa_pb_fkey'],
    ['pair_notes/pair_notes_pa_pb_fkey', 'many-to-one pairs by pair_notes_pa_pb_fkey'],
    // computed relationships, by the function's name, whatever the hint
    ['videogames/computed_designer', 'computed designers by computed_designer'],
    ['videogames/computed_designer!any', 'computed designers by computed_designer'],
    ['videogames/clients', 'computed designers by clients'],
  ])('%s → %s', (path, expected) => {
    expect(summary(resolve(path))).toBe(expected)
  })
})

describe('an embed is refused', () => {
  test.each([
    ['projects/users', 'relationship-not-found'],
    ['projects/clients!nokey', 'relationship-not-found'],
    ['pair_notes/pa', 'relationship-not-found'],
    ['family/family!family_parent_fkey', 'relationship-not-found'],
    ['organizations/organizations', 'ambiguous-relationship'],
    ['messages/persons', 'ambiguous-relationship'],
    ['sites/big_projects', 'ambiguous-relationship'],
    // the computed relationship leads to designers, but is named by its function only
    ['videogames/designers', 'relationship-not-found'],
    ['loners/clients', 'relationship-not-found'],
    ['nowhere/clients', 'relationship-not-found'],
  ])('%s → %s', (path, expected) => {
    expect(summary(resolve(path))).toBe(expected)
  })

  test('with what its message needs', () => {
    expect(resolve('projects/clients!space')).toEqual({
      kind: 'relationship-not-found',
      origin: 'projects',
      target: 'clients',
      hint: 'space',
      schema: 'api',
      suggestion: null,
    })
  })

  test.each([
    ['project/clients', "Perhaps you meant 'projects' instead of 'project'."],
    ['projects/client', "Perhaps you meant 'clients' instead of 'client'."],
    ['projects/Clients', null],
    ['projects/zzzzzz', null],
    ['zzzzzz/clients', null],
  ])('with a suggestion: %s → %s', (path, suggestion) => {
    expect(resolve(path)).toMatchObject({ kind: 'relationship-not-found', suggestion })
  })

  test('with the choices of an ambiguous one, in the order of the snapshot', () => {
    expect(resolve('sites/big_projects')).toEqual({
      kind: 'ambiguous-relationship',
      origin: 'sites',
      target: 'big_projects',
      choices: [
        {
          cardinality: 'many-to-one',
          embedding: 'sites with big_projects',
          relationship: 'main_project using sites(main_project_id) and big_projects(id)',
          hintTarget: 'big_projects!main_project',
        },
        {
          cardinality: 'many-to-many',
          embedding: 'sites with big_projects',
          relationship:
            'jobs using jobs_site_id_fkey(site_id) and jobs_project_id_fkey(project_id)',
          hintTarget: 'big_projects!jobs',
        },
        {
          cardinality: 'many-to-many',
          embedding: 'sites with big_projects',
          relationship:
            'main_jobs using main_jobs_site_id_fkey(site_id) and main_jobs_project_id_fkey(project_id)',
          hintTarget: 'big_projects!main_jobs',
        },
      ],
    })
  })

  test('with both columns of a longer key', () => {
    const ambiguous = describeSnapshot({
      relations: { a: 'x:integer!, y:integer!', b: 'p:integer, q:integer, r:integer' },
      foreignKeys: ['b(p, q) -> a(x, y)', 'b(p, r) -> a(x, y)'],
    })
    const result = resolveEmbed(ambiguous, { schema: 'api', origin: 'b', target: 'a', hint: null })
    expect(result).toMatchObject({
      error: {
        choices: [
          { relationship: 'b_p_q_fkey using b(p, q) and a(x, y)', hintTarget: 'a!b_p_q_fkey' },
          { relationship: 'b_p_r_fkey using b(p, r) and a(x, y)', hintTarget: 'a!b_p_r_fkey' },
        ],
      },
    })
  })
})
