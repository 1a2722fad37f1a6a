/**
 * `GET /`: what the snapshot knows of a schema and what its backend says of the role → the OpenAPI
 * document and its headers. What depends on the snapshot alone is made once for it, in slices; of
 * relations that the next one takes over it is kept. Functions and the frame are made for each request.
 *
 * Rule  PostgREST docs: openapi, schemas; v16.2 spec: OpenApiSpec
 */

import type { ApiRequest } from '../api/api-request.ts'
import type { Inspection } from '../backends/backend.ts'
import { eventLoopSlices } from '../core/event-loop-slices.ts'
import type { Answer, Header } from '../core/http-exchange.ts'
import { contentTypeOf } from '../core/media-type.ts'
import { runInSlices, type Steps } from '../core/run-in-slices.ts'
import type { InspectPlan } from '../plan/plan.ts'
import type { SchemaSnapshot } from '../schema/schema-snapshot.ts'
import { contentLength } from './answer.ts'
import {
  buildOpenapi,
  buildRelationTexts,
  type KnownTexts,
  type OpenapiConfig,
  type RelationTexts,
} from './openapi/build-openapi.ts'
import { buildRoutinePaths } from './openapi/build-openapi-routine.ts'

export type Inspected = Extract<Inspection, { readonly kind: 'done' }>

export interface RootRequest {
  readonly plan: InspectPlan
  readonly request: Pick<ApiRequest, 'negotiatedByProfile' | 'schema'>
  readonly snapshot: SchemaSnapshot
  readonly config: OpenapiConfig
  /** The Host header. */
  readonly host: string | undefined
}

export type RootHandler = (root: RootRequest, inspected: Inspected) => Promise<Answer>

/**
 * Whether the role may see a relation that the snapshot lacks: the snapshot is out of date then.
 */
export function isBehind(
  { plan, snapshot }: Pick<RootRequest, 'plan' | 'snapshot'>,
  { relations }: Inspected,
): boolean {
  if (relations === null || !snapshot.schemas.includes(plan.schema)) return false
  for (const key of relations) if (!snapshot.relations.has(key)) return true
  return false
}

export function createRootHandler(): RootHandler {
  const knownTexts: KnownTexts = new WeakMap()
  const textsOf = new WeakMap<SchemaSnapshot, Map<string, Promise<readonly RelationTexts[]>>>()

  function relationTexts(
    snapshot: SchemaSnapshot,
    schema: string,
  ): Promise<readonly RelationTexts[]> {
    const bySchema = textsOf.get(snapshot) ?? new Map()
    textsOf.set(snapshot, bySchema)
    const texts = bySchema.get(schema) ?? sliced(buildRelationTexts(snapshot, schema, knownTexts))
    bySchema.set(schema, texts)
    return texts
  }

  return async ({ plan, request, snapshot, config, host }, inspected) => {
    const type: Header = ['Content-Type', contentTypeOf({ kind: 'openapi' })]
    const profile: readonly Header[] = request.negotiatedByProfile
      ? [['Content-Profile', request.schema]]
      : []
    if (plan.headersOnly) return { status: 200, headers: [type, ...profile], body: null }

    const all = await relationTexts(snapshot, plan.schema)
    const { relations, routines, schemaDescription, databaseName } = inspected
    const text = buildOpenapi(
      {
        relations: relations === null ? all : all.filter(({ key }) => relations.has(key)),
        routinePaths: await sliced(
          buildRoutinePaths(routines ?? routinesOf(snapshot, plan.schema)),
        ),
        schemaDescription,
        databaseName,
        grades: snapshot.capabilities.grades,
        host,
      },
      config,
    )
    const body = Buffer.from(text)
    return { status: 200, headers: [type, contentLength(body), ...profile], body }
  }
}

function routinesOf(snapshot: SchemaSnapshot, schema: string) {
  if (snapshot.capabilities.grades.functions === 'unsupported') return []
  return [...snapshot.routines.values()].flat().filter((routine) => routine.schema === schema)
}

function sliced<T>(steps: Steps<T>): Promise<T> {
  return runInSlices(steps, eventLoopSlices)
}
