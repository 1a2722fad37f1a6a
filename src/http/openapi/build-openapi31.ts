/**
 * The OpenAPI 3.1 document, as JSON text: the same relations, functions, operations and comments as
 * in that of 2.0, with schemas of rows, inserts and updates, and of what an error says.
 *
 * Rule  OpenAPI 3.1; what is shown: PostgREST docs: openapi
 */
import { filterKey } from '../../api/filter-key.ts'
import { contractDocsUrl, contractName } from '../../core/product.ts'
import { nameKey } from '../../core/qualified-name.ts'
import type { Steps } from '../../core/run-in-slices.ts'
import type { Routine } from '../../schema/catalog.ts'
import type { Relation, SchemaSnapshot } from '../../schema/schema-snapshot.ts'
import { describeApi, type OpenapiConfig, type OpenapiParts } from './build-openapi.ts'
import { jsonTypes } from './build-openapi-parameters.ts'
import { openapiServer } from './openapi-server.ts'
import {
  argumentsSchema,
  componentName,
  relationSchema,
  resultSchema,
  schemaReference,
  typeSchema,
} from './openapi31-schemas.ts'
import { shownOperations, shownRoutines } from './shown-operations.ts'
import { splitComment } from './split-comment.ts'
import { pathSegment } from './swagger-name.ts'

export interface Openapi31Parts
  extends Pick<OpenapiParts, 'schemaDescription' | 'databaseName' | 'host'> {
  readonly snapshot: SchemaSnapshot
  /** Those that are shown, in order of their names. */
  readonly relations: readonly Relation[]
  readonly routines: readonly Routine[]
}

export function* buildOpenapi31(parts: Openapi31Parts, config: OpenapiConfig): Steps<string> {
  const { snapshot } = parts
  const { grades } = snapshot.capabilities
  const schemas: (readonly [string, object])[] = [[errorName, errorSchema]]
  const paths: (readonly [string, object])[] = [['/', rootPath]]
  const shown = new Map(parts.relations.map((relation) => [nameKey(relation), relation]))
  for (const [key, relation] of shown) {
    const related = (yield* snapshot.relationships.getInSteps(key))?.get(relation.schema) ?? []
    for (const use of ['row', 'insert', 'update'] as const) {
      schemas.push([componentName(relation.name, use), relationSchema(relation, related, use)])
    }
    paths.push([`/${pathSegment(relation.name)}`, relationPath(relation, grades)])
    yield
  }
  for (const routine of yield* shownRoutines(parts.routines)) {
    const result = shown.get(nameKey(routine.returns.type))
    paths.push([`/rpc/${pathSegment(routine.name)}`, routinePath(routine, result)])
    yield
  }
  const { host, basePath, scheme } = openapiServer(config, parts.host)
  const isSecured = config.openapiSecurityActive
  return JSON.stringify({
    openapi: '3.1.0',
    info: describeApi(parts),
    servers: [{ url: host === null ? basePath : `${scheme}://${host}${basePath}` }],
    paths: Object.fromEntries(paths),
    components: {
      schemas: Object.fromEntries(schemas),
      parameters: sharedParameters,
      responses: { Error: errorResponse },
      securitySchemes: isSecured ? { JWT: jwtScheme } : undefined,
    },
    security: isSecured ? [{ JWT: [] }] : undefined,
    externalDocs: { description: `${contractName} Documentation`, url: contractDocsUrl },
  })
}

const jwtScheme = { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' }

const text = { type: 'string' }
const textOrNull = { type: ['string', 'null'] }

/** A name that no relation has: see `componentName`. */
const errorName = 'answer.error'

const errorSchema = {
  type: 'object',
  description: 'What an answer of status 400 and more says.',
  properties: { code: text, message: text, details: textOrNull, hint: textOrNull },
  required: ['code', 'message'],
}

const errorResponse = {
  description: 'The request was refused, or failed',
  content: { 'application/json': { schema: { $ref: `#/components/schemas/${errorName}` } } },
}

const failure = { $ref: '#/components/responses/Error' }

const whole = { type: 'integer', minimum: 0 }

const sharedParameters = {
  select: { name: 'select', in: 'query', description: 'Columns and embeds', schema: text },
  order: { name: 'order', in: 'query', description: 'Ordering', schema: text },
  limit: { name: 'limit', in: 'query', description: 'Limiting and Pagination', schema: whole },
  offset: { name: 'offset', in: 'query', description: 'Limiting and Pagination', schema: whole },
  range: { name: 'Range', in: 'header', description: 'Limiting and Pagination', schema: text },
  on_conflict: { name: 'on_conflict', in: 'query', description: 'On Conflict', schema: text },
  prefer: { name: 'Prefer', in: 'header', description: 'Preference', schema: text },
}

function shared(...names: readonly (keyof typeof sharedParameters)[]) {
  return names.map((name) => ({ $ref: `#/components/parameters/${name}` }))
}

const rootPath = {
  get: {
    summary: 'OpenAPI description (this document)',
    tags: ['Introspection'],
    responses: {
      200: { description: 'OK', content: { 'application/openapi+json': { schema: {} } } },
      default: failure,
    },
  },
}

/** Rows or one row in JSON, and text where the engine has CSV. */
function rowsContent(relation: Relation, hasCsv: boolean) {
  const row = schemaReference(relation.name)
  const json = jsonTypes.map((type) => {
    const schema = type === 'application/json' ? { type: 'array', items: row } : row
    return [type, { schema }] as const
  })
  const csv = hasCsv ? [['text/csv', { schema: text }] as const] : []
  return Object.fromEntries([...json, ...csv])
}

function relationPath(
  relation: Relation,
  grades: SchemaSnapshot['capabilities']['grades'],
): object {
  const { name, description } = relation
  const comment = description === null ? undefined : splitComment(description)
  const operations = shownOperations(relation, grades)
  const content = rowsContent(relation, grades.csv !== 'unsupported')
  const rows = { content, description: 'OK' }
  const filters = [...relation.columns.values()].map((column) => ({
    name: filterKey(column.name),
    in: 'query',
    description: column.description ?? undefined,
    // an operator and a value: `eq.1`, several of them where the parameter is given again
    schema: text,
  }))
  const operation = (parameters: readonly object[], responses: object, body?: object) => ({
    ...comment,
    tags: [name],
    parameters,
    requestBody: body,
    responses: { ...responses, default: failure },
  })
  const written = grades.returning === 'unsupported' ? {} : { 200: rows }
  const changed = { ...written, 204: { description: 'No Content' } }
  const one = schemaReference(name, 'insert')
  const onConflict = grades.upsert === 'unsupported' ? [] : shared('on_conflict')
  return {
    get: operations.has('select')
      ? operation(
          [...filters, ...shared('select', 'order', 'range', 'offset', 'limit', 'prefer')],
          {
            200: rows,
            206: { ...rows, description: 'Partial Content' },
          },
        )
      : undefined,
    post: operations.has('insert')
      ? operation(
          [...shared('select', 'prefer'), ...onConflict],
          { ...written, 201: { ...rows, description: 'Created' } },
          jsonBody({ anyOf: [one, { type: 'array', items: one }] }),
        )
      : undefined,
    patch: operations.has('update')
      ? operation(
          [...filters, ...shared('select', 'prefer')],
          changed,
          jsonBody(schemaReference(name, 'update')),
        )
      : undefined,
    delete: operations.has('delete')
      ? operation([...filters, ...shared('select', 'prefer')], changed)
      : undefined,
  }
}

function jsonBody(schema: object) {
  return { required: true, content: { 'application/json': { schema } } }
}

function routinePath(routine: Routine, result: Relation | undefined): object {
  const { name, description, parameters, returns } = routine
  const comment = description === null ? undefined : splitComment(description)
  const content = { 'application/json': { schema: resultSchema(routine, result) } }
  const done =
    returns.kind === 'void'
      ? { 204: { description: 'No Content' } }
      : { 200: { description: 'OK', content } }
  const operation = {
    ...comment,
    tags: [`(rpc) ${name}`],
    responses: { ...done, default: failure },
  }
  // what has no name can only be handed over as a whole body
  const named = parameters.filter((parameter) => parameter.name !== '')
  const query = named.map((parameter) => ({
    name: filterKey(parameter.name),
    in: 'query',
    required: parameter.isRequired,
    // arrays and documents are written as texts there, and a variadic one again and again
    schema: queryType(parameter.type, parameter.isVariadic),
  }))
  const isWhole = parameters.some((parameter) => parameter.name === '')
  return {
    get: routine.volatility === 'volatile' ? undefined : { ...operation, parameters: query },
    post: {
      ...operation,
      parameters: shared('prefer'),
      requestBody: jsonBody(isWhole ? {} : argumentsSchema(routine)),
    },
  }
}

function queryType(type: string, isVariadic: boolean): object {
  if (isVariadic) return { type: 'array', items: text }
  const schema = typeSchema(type)
  return schema.type === undefined || schema.type === 'array' ? text : schema
}
