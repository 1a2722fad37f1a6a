/**
 * The document's `parameters`, which path items refer to: those that every relation shares, and of
 * each relation its body and one filter a column, by the key that filters on it, so that columns
 * named like other parameters are told from these. Preferences name what the engine can do.
 *
 * Rule  PostgREST docs: openapi; v16.2 spec: OpenApiSpec
 */
import { filterKey } from '../../api/filter-key.ts'
import type { Capabilities } from '../../schema/capabilities.ts'
import type { Relation } from '../../schema/schema-snapshot.ts'
import type { JsonMember } from './json-text.ts'
import { reference } from './swagger-name.ts'

type Grades = Capabilities['grades']

/** The JSON media types in which rows are written and arguments of functions are read. */
export const jsonTypes = [
  'application/json',
  'application/vnd.pgrst.object+json;nulls=stripped',
  'application/vnd.pgrst.object+json',
]

export function buildSharedParameters(grades: Grades): readonly JsonMember[] {
  const representation = grades.returning === 'unsupported' ? [] : ['return=representation']
  const returning = [...representation, 'return=minimal', 'return=none']
  const canUpsert = grades.upsert !== 'unsupported'
  const resolution = ['resolution=ignore-duplicates', 'resolution=merge-duplicates']
  const window = 'Limiting and Pagination'
  return [
    ['preferParams', preference(undefined)],
    ['preferReturn', preference(returning)],
    ['preferCount', preference(['count=none'])],
    ['preferPost', preference(canUpsert ? [...returning, ...resolution] : returning)],
    ['select', parameter('select', 'Filtering Columns', { in: 'query' })],
    ['on_conflict', canUpsert ? parameter('on_conflict', 'On Conflict', { in: 'query' }) : null],
    ['order', parameter('order', 'Ordering', { in: 'query' })],
    ['range', parameter('Range', window, { in: 'header' })],
    ['rangeUnit', parameter('Range-Unit', window, { default: 'items', in: 'header' })],
    ['offset', parameter('offset', window, { in: 'query' })],
    ['limit', parameter('limit', window, { in: 'query' })],
  ]
}

export function buildRelationParameters(relation: Relation): readonly JsonMember[] {
  const { name, columns } = relation
  const body = JSON.stringify({
    name,
    description: name,
    required: false,
    in: 'body',
    schema: reference('definitions', name),
  })
  return [
    [bodyName(relation), body],
    ...[...columns.values()].map(
      (column): JsonMember => [
        filterName(relation, column.name),
        parameter(filterKey(column.name), column.description ?? undefined, { in: 'query' }),
      ],
    ),
  ]
}

export function bodyName(relation: Relation): string {
  return `body.${relation.name}`
}

export function filterName(relation: Relation, column: string): string {
  return `rowFilter.${relation.name}.${column}`
}

function preference(values: readonly string[] | undefined): string {
  return parameter('Prefer', 'Preference', { enum: values, in: 'header' })
}

interface ParameterPlace {
  readonly default?: string
  readonly enum?: readonly string[] | undefined
  readonly in: 'query' | 'header'
}

function parameter(name: string, description: string | undefined, place: ParameterPlace): string {
  return JSON.stringify({ name, description, required: false, ...place, type: 'string' })
}
