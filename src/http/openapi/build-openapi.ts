/**
 * The OpenAPI (Swagger 2.0) document, as JSON text: what `build-openapi-*.ts` made of relations and
 * functions, framed by what the configuration and the schema's comment say. Which of them a role
 * may see is the caller's to decide.
 *
 * Rule  PostgREST docs: openapi; v16.2 spec: OpenApiSpec, SecurityOpenApiSpec, ProxySpec
 */
import type { Config } from '../../config/config.ts'
import { contractDocsUrl, contractName, contractVersion } from '../../core/product.ts'
import type { Steps } from '../../core/run-in-slices.ts'
import type { Capabilities } from '../../schema/capabilities.ts'
import type { Relationship } from '../../schema/relationships/relationship.ts'
import type { Relation, SchemaSnapshot } from '../../schema/schema-snapshot.ts'
import { buildOpenapiDefinition } from './build-openapi-definition.ts'
import {
  buildRelationParameters,
  buildSharedParameters,
  jsonTypes,
} from './build-openapi-parameters.ts'
import { buildRelationPath, buildRootPath } from './build-openapi-path.ts'
import { type JsonMember, joinMembers, jsonMembers, jsonObject } from './json-text.ts'
import { openapiServer } from './openapi-server.ts'
import { splitComment } from './split-comment.ts'

export type OpenapiConfig = Pick<
  Config,
  'openapiSecurityActive' | 'openapiServerProxyUri' | 'serverBasePath'
>

/** What a relation adds to the document, wherever it is shown: members of its objects, as text. */
export interface RelationTexts {
  /** By `nameKey`. */
  readonly key: string
  readonly definition: string
  readonly parameters: string
  readonly path: string
}

/** Texts, and all that they were made of beside the relation. */
interface MadeTexts {
  readonly relationships: readonly Relationship[] | undefined
  readonly grades: Capabilities['grades']
  readonly texts: RelationTexts
}

/** What was made for relations of any snapshot: of one that a reload takes over it goes on being true. */
export type KnownTexts = WeakMap<Relation, MadeTexts>

/** The relations of one schema, in order of their names. */
export function* buildRelationTexts(
  snapshot: SchemaSnapshot,
  schema: string,
  known: KnownTexts,
): Steps<readonly RelationTexts[]> {
  const { grades } = snapshot.capabilities
  const all: RelationTexts[] = []
  for (const [key, relation] of snapshot.relations) {
    yield
    if (relation.schema !== schema) continue
    const relationships = (yield* snapshot.relationships.getInSteps(key))?.get(schema)
    const before = known.get(relation)
    const isTrue = before?.relationships === relationships && before?.grades === grades
    const texts =
      before !== undefined && isTrue
        ? before.texts
        : relationTexts(key, relation, relationships ?? [], grades)
    if (texts !== before?.texts) known.set(relation, { relationships, grades, texts })
    all.push(texts)
  }
  return all
}

function relationTexts(
  key: string,
  relation: Relation,
  relationships: readonly Relationship[],
  grades: Capabilities['grades'],
): RelationTexts {
  return {
    key,
    definition: jsonMembers([[relation.name, buildOpenapiDefinition(relation, relationships)]]),
    parameters: jsonMembers(buildRelationParameters(relation)),
    path: jsonMembers([buildRelationPath(relation, grades)]),
  }
}

export interface OpenapiParts {
  readonly relations: readonly RelationTexts[]
  readonly routinePaths: readonly JsonMember[]
  readonly schemaDescription: string | null
  /** What stands in for a comment on an engine without them. */
  readonly databaseName?: string | undefined
  readonly grades: Capabilities['grades']
  /** The Host header of the request. */
  readonly host: string | undefined
}

export function buildOpenapi(parts: OpenapiParts, config: OpenapiConfig): string {
  const { relations, routinePaths, grades } = parts
  const { host, basePath, scheme } = openapiServer(config, parts.host)
  const isSecured = config.openapiSecurityActive
  const paths = joinMembers([
    jsonMembers([buildRootPath()]),
    ...relations.map(({ path }) => path),
    jsonMembers(routinePaths),
  ])
  const definitions = joinMembers(relations.map(({ definition }) => definition))
  const parameters = joinMembers([
    jsonMembers(buildSharedParameters(grades)),
    ...relations.map((relation) => relation.parameters),
  ])
  return jsonObject([
    ['swagger', '"2.0"'],
    ['info', JSON.stringify(describeApi(parts))],
    ['host', host === null ? null : JSON.stringify(host)],
    ['basePath', JSON.stringify(basePath)],
    ['schemes', JSON.stringify([scheme])],
    ['consumes', JSON.stringify([...jsonTypes, csvType])],
    [
      'produces',
      JSON.stringify(grades.csv === 'unsupported' ? jsonTypes : [...jsonTypes, csvType]),
    ],
    ['paths', paths],
    ['definitions', relations.length === 0 ? null : definitions],
    ['parameters', parameters],
    ['securityDefinitions', isSecured ? JSON.stringify(securityDefinitions) : null],
    ['security', isSecured ? JSON.stringify([{ JWT: [] }]) : null],
    [
      'externalDocs',
      JSON.stringify({ description: `${contractName} Documentation`, url: contractDocsUrl }),
    ],
  ])
}

const csvType = 'text/csv'

const securityDefinitions = {
  JWT: {
    description: 'Add the token prepending "Bearer " (without quotes) to it',
    in: 'header',
    name: 'Authorization',
    type: 'apiKey',
  },
}

/** A comment of one line is a title, and leaves the description empty. */
export function describeApi({
  schemaDescription: comment,
  databaseName,
}: Pick<OpenapiParts, 'schemaDescription' | 'databaseName'>) {
  const own = comment === null ? null : splitComment(comment)
  return {
    description:
      own === null ? `This is a dynamic API generated by ${contractName}` : (own.description ?? ''),
    title: own === null ? `${databaseName ?? contractName} API` : own.summary,
    version: contractVersion,
  }
}
