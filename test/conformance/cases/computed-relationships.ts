/**
 * Relationships that functions make, and those of a relation to itself.
 */
import { type ConformanceCase, get } from '../conformance-case.ts'

const computed = 'PostgREST docs: resource_embedding (Computed Relationships)'
const recursive = 'PostgREST docs: resource_embedding (Recursive Relationships)'
const functions = { engine: 'postgres', reason: 'functions in the database' } as const

export const computedRelationshipCases: readonly ConformanceCase[] = [
  {
    name: 'recursive/the-column-means-the-parent',
    rule: recursive,
    source: 'v16.2 spec: EmbedDisambiguationSpec (one self reference foreign key)',
    needs: 'embedding',
    request: get('/companies?select=name,parent:parent_id(name)&order=id'),
    expect: {
      status: 200,
      body: [
        { name: 'Warner', parent: null },
        { name: 'Legendary', parent: { name: 'Warner' } },
        { name: 'New Line', parent: { name: 'Warner' } },
        { name: 'A24', parent: null },
      ],
    },
  },
  {
    name: 'recursive/the-relation-means-the-children',
    rule: recursive,
    source: 'v16.2 spec: EmbedDisambiguationSpec (self reference both ways)',
    needs: 'embedding',
    request: get(
      '/companies?select=name,children:companies(name)&id=in.(1,2)&order=id&children.order=id',
    ),
    expect: {
      status: 200,
      body: [
        { name: 'Warner', children: [{ name: 'Legendary' }, { name: 'New Line' }] },
        { name: 'Legendary', children: [] },
      ],
    },
  },
  {
    name: 'recursive/the-relation-with-the-column-as-a-hint',
    rule: recursive,
    source: 'v16.2 spec: EmbedDisambiguationSpec (embeds children recursively)',
    needs: 'embedding',
    request: get(
      '/companies?select=name,parent:parent_id(name,children:companies!parent_id(id))&id=eq.3&parent.children.order=id',
    ),
    expect: {
      status: 200,
      body: [{ name: 'New Line', parent: { name: 'Warner', children: [{ id: 2 }, { id: 3 }] } }],
    },
  },
  {
    name: 'computed/recursive-one-to-one',
    rule: 'PostgREST docs: resource_embedding (Recursive One-To-One)',
    only: functions,
    request: get('/editions?select=label,predecessor(label),successor(label)&id=eq.2'),
    expect: {
      status: 200,
      body: [{ label: 'DVD', predecessor: { label: 'VHS' }, successor: { label: 'Blu-ray' } }],
    },
  },
  {
    name: 'computed/recursive-many-to-one',
    rule: 'PostgREST docs: resource_embedding (Recursive Many-To-One)',
    only: functions,
    request: get('/companies?select=name,parent(name)&id=eq.3'),
    expect: { status: 200, body: [{ name: 'New Line', parent: { name: 'Warner' } }] },
  },
  {
    name: 'computed/recursive-one-to-many',
    rule: 'PostgREST docs: resource_embedding (Recursive One-To-Many)',
    only: functions,
    request: get(
      '/companies?select=name,parent(name),subsidiaries(name)&id=in.(1,2)&order=id&subsidiaries.order=id',
    ),
    expect: {
      status: 200,
      body: [
        {
          name: 'Warner',
          parent: null,
          subsidiaries: [{ name: 'Legendary' }, { name: 'New Line' }],
        },
        { name: 'Legendary', parent: { name: 'Warner' }, subsidiaries: [] },
      ],
    },
  },
  {
    name: 'computed/recursive-many-to-many',
    rule: 'PostgREST docs: resource_embedding (Recursive Many-To-Many)',
    only: functions,
    request: get('/actors?select=first_name,costars(first_name)&id=eq.2&costars.order=id'),
    expect: {
      status: 200,
      body: [
        {
          first_name: 'Timothée',
          costars: [{ first_name: 'Saoirse' }, { first_name: 'Zendaya' }],
        },
      ],
    },
  },
  {
    name: 'computed/where-no-foreign-key-leads',
    rule: computed,
    only: functions,
    request: get('/screenings?select=id,competitions(name)&id=eq.3&competitions.order=id'),
    expect: {
      status: 200,
      body: [{ id: 3, competitions: [{ name: 'Academy Awards' }, { name: 'Golden Globes' }] }],
    },
  },
  {
    name: 'computed/filtered-and-inner',
    rule: computed,
    only: functions,
    source: 'v16.2 spec: ComputedRelsSpec',
    request: get('/companies?select=name,parent!inner(name)&parent.name=eq.Warner&order=id'),
    expect: {
      status: 200,
      body: [
        { name: 'Legendary', parent: { name: 'Warner' } },
        { name: 'New Line', parent: { name: 'Warner' } },
      ],
    },
  },
  {
    name: 'computed/overrides-what-a-foreign-key-gives',
    rule: 'PostgREST docs: resource_embedding (Overriding Relationships)',
    only: functions,
    request: get('/premieres?select=id,films(title)&order=id'),
    expect: {
      status: 200,
      body: [
        { id: 1, films: { title: 'Dune' } },
        { id: 2, films: null },
      ],
    },
  },
]
