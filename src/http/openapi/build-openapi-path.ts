/**
 * A relation → its path item: the reads, and the writes where the relation takes any and the engine
 * can do them. Also the path item of the document itself.
 *
 * Rule  PostgREST docs: openapi; v16.2 spec: OpenApiSpec (table, Foreign table, Materialized view)
 */
import type { Capabilities } from '../../schema/capabilities.ts'
import type { Relation } from '../../schema/schema-snapshot.ts'
import { bodyName, filterName } from './build-openapi-parameters.ts'
import type { JsonMember } from './json-text.ts'
import { shownOperations } from './shown-operations.ts'
import { splitComment } from './split-comment.ts'
import { pathSegment, reference } from './swagger-name.ts'

const readParameters = ['select', 'order', 'range', 'rangeUnit', 'offset', 'limit', 'preferCount']

export function buildRelationPath(relation: Relation, grades: Capabilities['grades']): JsonMember {
  const { name, description } = relation
  const comment = description === null ? undefined : splitComment(description)
  const filters = [...relation.columns.keys()].map((column) => filterName(relation, column))
  const body = bodyName(relation)
  const operation = (parameters: readonly string[], responses: object) => ({
    description: comment?.description,
    parameters: parameters.map((parameter) => reference('parameters', parameter)),
    responses,
    summary: comment?.summary,
    tags: [name],
  })
  const operations = shownOperations(relation, grades)
  const write = (
    feature: 'insert' | 'update' | 'delete',
    parameters: readonly string[],
    responses: object,
  ) => (operations.has(feature) ? operation(parameters, responses) : undefined)
  const read = operation([...filters, ...readParameters], {
    200: {
      description: 'OK',
      schema: { items: reference('definitions', name), type: 'array' },
    },
    206: { description: 'Partial Content' },
  })
  const item = {
    get: operations.has('select') ? read : undefined,
    post: write('insert', [body, 'select', 'preferPost'], { 201: { description: 'Created' } }),
    delete: write('delete', [...filters, 'preferReturn'], noContent),
    patch: write('update', [...filters, body, 'preferReturn'], noContent),
  }
  return [`/${pathSegment(name)}`, JSON.stringify(item)]
}

const noContent = { 204: { description: 'No Content' } }

/** `/`, the document itself. */
export function buildRootPath(): JsonMember {
  const item = {
    get: {
      produces: ['application/openapi+json', 'application/json'],
      responses: { 200: { description: 'OK' } },
      summary: 'OpenAPI description (this document)',
      tags: ['Introspection'],
    },
  }
  return ['/', JSON.stringify(item)]
}
