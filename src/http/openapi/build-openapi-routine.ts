/**
 * Functions → their path items under `/rpc`: POST with the arguments as a JSON object, and GET with
 * them in the query for functions that write nothing. Of overloads one is shown, that with the most
 * parameters, since a path can be described once.
 *
 * Rule  PostgREST docs: openapi; v16.2 spec: OpenApiSpec (RPC)
 */

import { filterKey } from '../../api/filter-key.ts'
import type { Steps } from '../../core/run-in-slices.ts'
import type { Routine, RoutineParameter } from '../../schema/catalog.ts'
import { jsonTypeOf } from '../../schema/json-type.ts'
import { jsonTypes } from './build-openapi-parameters.ts'
import { type JsonMember, jsonObject } from './json-text.ts'
import { shownRoutines } from './shown-operations.ts'
import { splitComment } from './split-comment.ts'
import { pathSegment, reference } from './swagger-name.ts'
import { elementType, swaggerFormat, valueSchema } from './swagger-type.ts'

/** Path items of functions of one schema, by name. */
export function* buildRoutinePaths(routines: readonly Routine[]): Steps<readonly JsonMember[]> {
  const paths: JsonMember[] = []
  for (const routine of yield* shownRoutines(routines)) {
    paths.push([`/rpc/${pathSegment(routine.name)}`, pathItem(routine)])
    yield
  }
  return paths
}

function pathItem(routine: Routine): string {
  // what has no name can only be handed over as a whole body
  const named = routine.parameters.filter(({ name }) => name !== '')
  const query = `[${named.map(queryParameter).join(',')}]`
  const get = operation(routine, named.length === 0 ? null : query)
  const post = operation(
    routine,
    `[${bodyParameter(routine)},${JSON.stringify(reference('parameters', 'preferParams'))}]`,
  )
  return jsonObject([
    ['get', routine.volatility === 'volatile' ? null : get],
    ['post', post],
  ])
}

function operation({ name, description }: Routine, parameters: string | null): string {
  const comment = description === null ? undefined : splitComment(description)
  return jsonObject([
    [
      'description',
      comment?.description === undefined ? null : JSON.stringify(comment.description),
    ],
    ['parameters', parameters],
    ['produces', JSON.stringify(jsonTypes)],
    ['responses', JSON.stringify({ 200: { description: 'OK' } })],
    ['summary', comment === undefined ? null : JSON.stringify(comment.summary)],
    ['tags', JSON.stringify([`(rpc) ${name}`])],
  ])
}

function queryParameter({ name, type, isRequired, isVariadic }: RoutineParameter): string {
  const place = { in: 'query', name: filterKey(name), required: isRequired }
  if (isVariadic) {
    const element = elementType(type)
    return JSON.stringify({
      collectionFormat: 'multi',
      ...place,
      items: { format: swaggerFormat(element), type: jsonTypeOf(element) ?? 'string' },
      type: jsonTypeOf(type) ?? 'string',
    })
  }
  const jsonType = jsonTypeOf(type)
  return JSON.stringify({
    format: swaggerFormat(type),
    ...place,
    // an array is written {1,2} there, and Swagger wants a type of a document as well
    type: jsonType === null || jsonType === 'array' ? 'string' : jsonType,
  })
}

/** As text, for the order of the parameters, whatever their names. */
function bodyParameter({ description, parameters }: Routine): string {
  const required = parameters.filter(({ isRequired }) => isRequired).map(({ name }) => name)
  const properties = parameters.map(
    ({ name, type }): JsonMember => [name, JSON.stringify(valueSchema(type))],
  )
  const schema = jsonObject([
    ['description', description === null ? null : JSON.stringify(description)],
    ['properties', properties.length === 0 ? null : jsonObject(properties)],
    ['required', required.length === 0 ? null : JSON.stringify(required)],
    ['type', '"object"'],
  ])
  return jsonObject([
    ['in', '"body"'],
    ['name', '"args"'],
    ['required', 'true'],
    ['schema', schema],
  ])
}
